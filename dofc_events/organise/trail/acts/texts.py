"""What an entry of an edition's trail says, and how an act is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.core.changes import Difference
from dofc_events.organise.rules import masked_details

ROLES = {RoleName.ORGANISER: _l("organiser"), RoleName.DESK: _l("desk")}

# What gettext gives, at once or when it is read.
Text = Any


class Said(dict[str, Any]):
    """What an entry says, by name, for its words; "" for what it does not say. No link in it acts for anybody.

    Trips go by their titles, roles by what people call them. Of the only thing that was changed, `before` and `after`
    are the values.
    """

    def __init__(self, entry: AuditEntry, edition: Edition, trip_titles: Mapping[str, str]) -> None:
        super().__init__(masked_details(entry.details))
        self.edition, self.trip_titles = edition, trip_titles
        self.is_by_hand = entry.actor.startswith("account:")
        self.changes: Difference = masked_details(entry.changes)
        if len(self.changes) == 1:
            [(self["before"], self["after"])] = self.changes.values()
        for name in {"trip", "instead_of"} & self.keys():
            self[name] = self.title(self[name])
        self["role"] = ROLES.get(self["role"], self["role"])

    def __missing__(self, name: str) -> str:
        return ""

    def fill(self, words: Text) -> str:
        """A sentence with the names in it replaced by what was said."""
        return str(words) % self

    def title(self, slug: str) -> str:
        """What a trip is called, if it is still there."""
        return self.trip_titles.get(slug, slug)


@dataclass(frozen=True)
class Act:
    """How an act is told: its name in the filter, what was done in one sentence, and what the sentence leaves out."""

    name: Text
    sentence: Text | Callable[[Said], str]
    particulars: Callable[[Said], list[str]] = lambda said: []

    def tell(self, said: Said) -> str:
        return self.sentence(said) if callable(self.sentence) else said.fill(self.sentence)
