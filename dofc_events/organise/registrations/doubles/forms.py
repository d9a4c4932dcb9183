"""Which details, which address and which registration stay when two are merged."""

from dataclasses import fields
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import InputRequired

from dofc_events.core.countries import country_name
from dofc_events.delegates.models import LikelyDouble
from dofc_events.delegates.service import Details, details_of
from dofc_events.organise.trail.changes.texts import FIELDS_OF_PEOPLE
from dofc_events.registration.doubles.service import Merging
from dofc_events.web.forms import Form

FIRST, SECOND = "first", "second"


class MergeForm(Form):
    """`keep`, and what differs: a choice for each, called as in Details, with the newer one chosen; and `email`."""

    digest = HiddenField()
    keep = RadioField(_l("Which registration stays, with its place?"), [InputRequired(_l("Choose which one stays."))])
    seats = BooleanField(_l("Move the other one’s seats on trips to it, where they fit"), default=True)
    quiet = BooleanField(_l("Cancel the other one without telling them"))

    @classmethod
    def of(cls, pair: LikelyDouble) -> "MergeForm":
        """The form for a pair, or with what was sent."""
        both = [{**vars(details_of(one)), "email": one.email} for one in (pair.first, pair.second)]
        labels = {**FIELDS_OF_PEOPLE, "email": _l("Email")}
        differ = [name for name in labels if both[0][name] != both[1][name]]
        # A choice between two values; nothing that differs is decided unseen.
        choices = {name: RadioField(labels[name], [InputRequired(_l("Choose one."))]) for name in differ}
        form: MergeForm = type("MergeForm", (cls,), choices)(data=dict.fromkeys(differ, SECOND) | {"keep": FIRST})
        form.keep.choices = [(FIRST, pair.first.reference), (SECOND, pair.second.reference)]
        for name in differ:
            form[name].choices = [
                (side, _words(name, of[name], pair)) for side, of in zip((FIRST, SECOND), both, strict=True)
            ]
        form.differ = differ
        return form

    differ: list[str]

    def wanted(self, pair: LikelyDouble) -> Merging:
        """What is to become of the pair."""
        values = {**vars(details_of(pair.first)), "email": pair.first.email}
        newer = {**vars(details_of(pair.second)), "email": pair.second.email}
        values |= {name: newer[name] for name in self.differ if self[name].data == SECOND}
        details = Details(**{field.name: values[field.name] for field in fields(Details)})
        kept = pair.first if self.keep.data == FIRST else pair.second
        because = _("It was a second registration of yours. %(reference)s stays.", reference=kept.reference)
        said = {"seats": self.seats.data, "quiet": self.quiet.data}
        return Merging(kept is pair.first, details, values["email"], because, self.digest.data or "", **said)


def _words(name: str, value: Any, pair: LikelyDouble) -> str:
    text: str
    if value is True or value is False:
        text = _("yes") if value else _("no")
    elif name == "country":
        text = country_name(value, get_locale().language)
    elif name == "category":
        text = next(one.category.label for one in (pair.first, pair.second) if one.category.slug == value)
    else:
        text = value or _("nothing")
    return text
