"""Forms for acts on many registrations at once."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import InputRequired

from dofc_events.conference.models import Category
from dofc_events.organise.registrations.forms import TagField
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.many.queries import Selection
from dofc_events.web.fields import Line, told_reason
from dofc_events.web.forms import Form


class ManyForm(Form):
    """An act on many. `digest` stands for what its page says will be done; `nothing_to_do` says why that is nothing."""

    digest = HiddenField()
    nothing_to_do = ""

    @classmethod
    def of(cls, selection: Selection, categories: Sequence[Category]) -> "ManyForm":
        """The form for those who were chosen."""
        return cls()

    def shown(self, selection: Selection) -> str:
        """The digest of what the sent form's page had said; from here on the form has that of what is said now."""
        digest, self.digest.data = self.digest.data or "", selection.digest
        return digest

    def wanted(self) -> dict[str, Any]:
        """What the act is given, by the names of its arguments."""
        raise NotImplementedError


class TagManyForm(ManyForm):
    word = TagField(_l("Tag"))

    def wanted(self) -> dict[str, Any]:
        return {"word": self.word.data}


class UntagForm(ManyForm):
    word = RadioField(_l("Which tag?"), [InputRequired(_l("Choose the tag to remove."))])

    @classmethod
    def of(cls, selection: Selection, categories: Sequence[Category]) -> "UntagForm":
        form = cls()
        form.word.choices = [(word, _with_number(word, number)) for word, number in selection.tags.items()]
        if not form.word.choices:
            form.nothing_to_do = _("None of them has a tag.")
        return form

    def wanted(self) -> dict[str, Any]:
        return {"word": self.word.data}


class CategoryForm(ManyForm):
    category = RadioField(_l("Which category?"), [InputRequired(_l("Choose the category."))])
    quiet = BooleanField(_l("Save without telling them"))

    @classmethod
    def of(cls, selection: Selection, categories: Sequence[Category]) -> "CategoryForm":
        form = cls()
        numbers = {category: selection.not_yet_in(category.slug) for category in categories}
        form.category.choices = [(c.slug, _with_number(c.label, n)) for c, n in numbers.items() if n]
        if not form.category.choices:
            form.nothing_to_do = _("There is no other category to change to.")
        return form

    def wanted(self) -> dict[str, Any]:
        return {"slug": self.category.data, "quiet": self.quiet.data}


class ConfirmForm(ManyForm):
    enlarge = BooleanField("")
    reason = told_reason()
    missing = 0

    @classmethod
    def of(cls, selection: Selection, categories: Sequence[Category]) -> "ConfirmForm":
        form = cls()
        form.missing = max(selection.missing, sum(selection.missing_in.values()))
        if selection.missing_in:
            short = {_("places"): (selection.capacity, selection.missing)} if selection.missing else {}
            short |= {one.label: (one.limit or 0, number) for one, number in selection.missing_in.items()}
            raised = [
                _("%(what)s: %(before)d → %(after)d", what=what, before=before, after=before + number)
                for what, (before, number) in short.items()
            ]
            form.enlarge.label.text = _("Make room, only for these people (%(changes)s)", changes=", ".join(raised))
        elif selection.missing:
            form.enlarge.label.text = _(
                "Raise the number of places from %(before)d to %(after)d, only for these people",
                before=selection.capacity,
                after=selection.capacity + selection.missing,
            )
        else:
            del form.enlarge
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if "enlarge" in self and not self.enlarge.data:
            self.enlarge.errors = [
                ngettext(
                    "%(num)d place is missing. Tick this, or go back and choose fewer.",
                    "%(num)d places are missing. Tick this, or go back and choose fewer.",
                    self.missing,
                )
            ]
            return False
        return bool(valid)

    def wanted(self) -> dict[str, Any]:
        return {"reason": self.reason.data, "enlarge": "enlarge" in self}


class ApproveForm(ManyForm):
    message = Line(_l("Message"), longest=500)

    def wanted(self) -> dict[str, Any]:
        return {"message": self.message.data}


class CancelForm(ManyForm):
    """`declines`: all of them are requests, which are declined."""

    reason = Line(_l("Reason"), longest=500)
    quiet = BooleanField(_l("Cancel without telling them"))
    declines = False

    @classmethod
    def of(cls, selection: Selection, categories: Sequence[Category]) -> "CancelForm":
        form = cls()
        form.declines = {person.status for person in selection.able} == {ClaimStatus.REQUESTED}
        if form.declines:
            form.quiet.label.text = _("Decline without telling them")
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if not (self.reason.errors or self.reason.data or self.quiet.data):
            self.reason.errors = [_("Enter a reason. Delegates will see it.")]
            return False
        return bool(valid)

    def wanted(self) -> dict[str, Any]:
        return {"reason": self.reason.data, "quiet": self.quiet.data}


def _with_number(words: str, number: int) -> str:
    text: str = ngettext("%(words)s (%(num)d person)", "%(words)s (%(num)d people)", number, words=words)
    return text
