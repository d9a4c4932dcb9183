"""What kinds of outcomes there are, how they stand, and what they are called in addresses."""

import enum
from collections.abc import Collection
from datetime import date

from dofc_events.core.slugs import slug_for
from dofc_events.memory.rules import (
    Check,
    Row,
    a_file,
    country,
    day,
    flag,
    many,
    one_of,
    row_of,
    slug,
    text,
    year,
)

LONGEST_TITLE, LONGEST_TEXT, LONGEST_NOTE, LONGEST_SOURCE, LONGEST_ADDRESSEE = 300, 20_000, 2_000, 500, 400
LONGEST_PERSON = LONGEST_ROLE = 120
MAX_PARTIES, MAX_NOTES, MAX_FILES = 100, 100, 20


class OutcomeKind(enum.StrEnum):
    MEMORANDUM = "memorandum"
    DECLARATION = "declaration"
    AGREEMENT = "agreement"
    NETWORK = "network"
    MILESTONE = "milestone"


class OutcomeStatus(enum.StrEnum):
    """How an outcome stands. Of a milestone nobody asks."""

    OPEN = "open"
    IN_FORCE = "in_force"
    ENDED = "ended"


def outcome_slug(year: int, title: str, taken: Collection[str]) -> str:
    """What an outcome is called in addresses, for ever: its year, and its title as it was then."""
    return slug_for(f"{year} {title}", taken, otherwise="outcome")


PARTY: dict[str, Check] = {
    "organisation": slug,
    "country": country,
    "has_signed": flag,
    "person": text(LONGEST_PERSON),
    "role": text(LONGEST_ROLE),
    "signed_on": day,
}
NOTE: dict[str, Check] = {"noted_on": day, "status": one_of([*OutcomeStatus]), "text": text(LONGEST_NOTE, lines=True)}
FIELDS: dict[str, Check] = {
    "slug": slug,
    "edition": year,
    "kind": one_of([*OutcomeKind]),
    "title": text(LONGEST_TITLE),
    "year": year,
    "agreed_on": day,
    "addressed_to": text(LONGEST_ADDRESSEE),
    "text": text(LONGEST_TEXT, lines=True),
    "status": one_of([*OutcomeStatus]),
    "source": text(LONGEST_SOURCE),
    "is_published": flag,
    "parties": many(row_of(PARTY), MAX_PARTIES),
    "follow_up": many(row_of(NOTE, "noted_on", "text"), MAX_NOTES),
    "files": many(a_file, MAX_FILES),
}
REQUIRED = ("slug", "edition", "kind", "title")


def merged(before: Row, row: Row) -> Row:
    """An outcome when another row of it comes: what that does not say stays, and parties are only added.

    A party keeps details that the other row does not have. The year follows from the day, else it is the edition's.
    """
    whole = {**before, **row}
    if before.get("parties") and row.get("parties"):
        whole["parties"] = _all_parties(before["parties"], row["parties"])
    agreed_on = whole.get("agreed_on")
    return {**whole, "year": date.fromisoformat(agreed_on).year if agreed_on else whole.get("year") or whole["edition"]}


def _all_parties(before: list[Row], others: list[Row]) -> list[Row]:
    parties = [dict(party) for party in before]
    for party in others:
        known = next((one for one in parties if _is_same(one, party)), None)
        if known is None:
            parties.append(party)
        else:
            known.update(party)
    return parties


def _is_same(one: Row, other: Row) -> bool:
    if (one.get("organisation"), one.get("country")) != (other.get("organisation"), other.get("country")):
        return False
    return "person" not in one or "person" not in other or one["person"] == other["person"]
