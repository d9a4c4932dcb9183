"""The form of the categories: a row for each, with its limit and the people it is open to."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
)
from wtforms import Form as PlainForm
from wtforms.validators import Optional

from dofc_events.conference.models import Edition
from dofc_events.conference.service import (
    CategoryInUse,
    CategoryTwice,
)
from dofc_events.core.errors import Refusal
from dofc_events.delegates.queries import WHOLE_ADDRESS
from dofc_events.mail.rules import address_key
from dofc_events.organise.editions.settings.forms import PartForm
from dofc_events.organise.editions.settings.service import (
    CategoryChanges,
    EditionSettings,
    EditionWishes,
    Invitation,
    LimitBelowTaken,
)
from dofc_events.places.rules import MAX_PLACES
from dofc_events.registration.forms import LONGEST_CODE
from dofc_events.web.fields import Between, Line, Paragraphs, WholeNumberField

EMPTY_ROWS = 3


class CategoryRow(PlainForm):
    """One category: a known one has a slug, a new one has none."""

    slug = HiddenField()
    label = Line(_l("Category"), longest=120)
    order = WholeNumberField(_l("Order"), [Optional(), Between(0, MAX_PLACES)])
    limit = WholeNumberField(_l("Limit"), [Optional(), Between(0, MAX_PLACES)])
    closed = BooleanField(_l("Closed to newcomers"))
    needs_approval = BooleanField(_l("Organisers decide about each request"))
    by_invitation = BooleanField(_l("By invitation"))
    code = Line(_l("Invitation code"), longest=LONGEST_CODE)
    addresses = Paragraphs(_l("Invited email addresses"), longest=100_000)
    remove = BooleanField(_l("Remove"))

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = super().validate(extra_validators)
        if self.slug.data and not self.label.data and not self.remove.data:
            self.label.errors = [_("Enter a name for the category, or tick “Remove”.")]
            valid = False
        typed = [w for line in (self.addresses.data or "").split("\n") for w in _addresses(line) or [line.strip()] if w]
        # By *@example.org nobody would be invited.
        wrong = [word for word in typed if not WHOLE_ADDRESS.fullmatch(word) or word[0] == "*"]
        if wrong:
            self.addresses.errors = [_("This is not an email address: %(typed)s", typed=wrong[0])]
            valid = False
        return bool(valid)

    def to_invitation(self) -> Invitation:
        keys = frozenset(address_key(typed) for typed in _addresses(self.addresses.data or ""))
        code = self.code.data or ""
        return Invitation(bool(self.by_invitation.data or code or keys), code, keys, self.needs_approval.data)


def _addresses(text: str) -> list[str]:
    """The addresses in what was pasted, one a line or in a row, with names before them or without."""
    return [word for word in text.translate(str.maketrans("<>,;\"'()", " " * 8)).split() if "@" in word]


class CategoriesForm(PartForm):
    """The kinds of delegates."""

    categories = FieldList(FormField(CategoryRow), label=_l("Categories"), max_entries=100)

    @classmethod
    def values(cls, edition: Edition, seen: EditionSettings) -> dict[str, Any]:
        rows = [
            {
                "slug": one.slug,
                "label": one.label,
                "order": number,
                "closed": one.is_closed,
                "limit": one.limit,
                "needs_approval": one.invitation.needs_approval,
                "by_invitation": one.invitation.by_invitation,
                "code": one.invitation.code,
                "addresses": "\n".join(sorted(one.invitation.keys)),
            }
            for number, one in enumerate(seen.categories, start=1)
        ]
        return {"categories": [*rows, *[{}] * EMPTY_ROWS]}

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) and self._has_each_category_once()

    def to_wishes(self) -> EditionWishes:
        return EditionWishes(self.details(), categories=self._category_changes())

    def show_refusal(self, refusal: Refusal) -> None:
        match refusal:
            case CategoryInUse(label=label):
                text = _(
                    "Somebody is registered as “%(label)s”, so it cannot be removed. Rename it, or close it "
                    "to newcomers.",
                    label=label,
                )
                self._wrong("categories", text)
            case LimitBelowTaken(label=label, taken=taken):
                text = _(
                    "Enter a limit of at least %(taken)d for “%(label)s”: that many of its places are taken "
                    "(confirmed or offered).",
                    taken=taken,
                    label=label,
                )
                self._wrong("categories", text)
            case CategoryTwice():
                self._say_twice(str(refusal))
            case _:
                super().show_refusal(refusal)

    def _has_each_category_once(self) -> bool:
        kept = [row.form.label.data for row in self.categories if row.form.label.data and not row.form.remove.data]
        known = [label.casefold() for label in kept]
        twice = next((label for label in kept if known.count(label.casefold()) > 1), None)
        if twice:
            self._say_twice(twice)
        return twice is None

    def _say_twice(self, label: str) -> None:
        self._wrong("categories", _("There are two categories called “%(label)s”. Keep one of them.", label=label))

    def _leaves_a_category(self) -> bool:
        changes = self._category_changes()
        gone = changes.removed | changes.closed
        return bool(changes.added) or any(category.slug not in gone for category in self.edition.categories)

    def _category_changes(self) -> CategoryChanges:
        known = {category.slug for category in self.edition.categories}
        rows = [row.form for row in self.categories]
        # Those with the same number stay as they are, and what has none comes last.
        old = sorted((row for row in rows if row.slug.data in known), key=lambda row: row.order.data or MAX_PLACES)
        return CategoryChanges(
            labels={row.slug.data: row.label.data for row in old if not row.remove.data},
            limits={row.slug.data: row.limit.data for row in old if not row.remove.data},
            invitations={row.slug.data: row.to_invitation() for row in old if not row.remove.data},
            removed=frozenset(row.slug.data for row in old if row.remove.data),
            closed=frozenset(row.slug.data for row in old if row.closed.data),
            added=tuple(row.label.data for row in rows if row not in old and row.label.data and not row.remove.data),
        )
