"""What a history file says, as rows of the memory. docs/memory.md describes the file."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from dofc_events.core.slugs import slug_for
from dofc_events.memory.outcomes.rules import outcome_slug
from dofc_events.memory.rules import Fault, FaultKind, FileRefused, Row

# What a file may have at its top. Figures that a file publishes, and what it expects, are not facts to keep.
TOP = ("series", "organisations", "editions", "outcomes", "expected_next")
OTHER_NAMES = {"learning_trips": "had_learning_trips"}
Rows = dict[str, list[Row]]


def history_rows(facts: Any, known: Mapping[str, str]) -> Rows:
    """The rows of each part of the memory that a history file speaks of. `known` has slugs by organisations' names.

    An organisation is named by its slug, if the file itself lists it, or by its name. Raises FileRefused; the values
    of the rows are still to be checked.
    """
    if not isinstance(facts, dict) or not facts.keys() & {"editions", "outcomes", "series"}:
        raise FileRefused(Fault(FaultKind.NOT_OURS))
    unknown = [Fault(FaultKind.UNKNOWN_KEY, str(key)[:60]) for key in facts if key not in TOP]
    if unknown:
        raise FileRefused(*unknown)
    organisations = _Organisations(_mapping(facts, "organisations"), known)
    editions = [_edition(fact, organisations) for fact in _list(facts, "editions")]
    outcomes = list(_outcomes(_list(facts, "outcomes"), organisations))
    series: list[Row] = []
    if countries := _mapping(facts, "series").get("countries_edition_unknown"):
        series = [{"countries_edition_unknown": countries}]
    return {"organisations": organisations.rows, "editions": editions, "series": series, "outcomes": outcomes}


class _Organisations:
    """Those that a file names, with a row for each that is new."""

    def __init__(self, listed: Mapping[str, Any], known: Mapping[str, str]) -> None:
        self._listed, self._slugs = listed, dict(known)
        self.rows: list[Row] = [{"slug": slug, "name": name} for slug, name in listed.items()]

    def slug(self, named: Any) -> Any:
        """The slug for an organisation named in a file; what is no name is returned, for the check to refuse."""
        if not isinstance(named, str) or named in self._listed:
            return named
        key = " ".join(named.casefold().split())
        if key not in self._slugs:
            taken = {*self._slugs.values(), *self._listed}
            self._slugs[key] = slug_for(named, taken, otherwise="organisation")
            self.rows.append({"slug": self._slugs[key], "name": named})
        return self._slugs[key]

    def slugs(self, named: Any) -> Any:
        return [self.slug(one) for one in named] if isinstance(named, list) else named


def _edition(fact: Any, organisations: _Organisations) -> Row:
    row: Row = _plain(fact)
    if "organisers" in row:
        row["organisers"] = organisations.slugs(row["organisers"])
    if "proposed_by" in row:
        row["proposed_by"] = organisations.slug(row["proposed_by"])
    return row


def _outcomes(facts: list[Any], organisations: _Organisations) -> Iterator[Row]:
    """An outcome belongs to the edition of its year, and goes by its year and title, unless the file says otherwise."""
    taken: set[str] = set()
    for fact in facts:
        row = {"is_published": True, **_plain(fact)}
        row.setdefault("edition", row.get("year"))
        if "slug" not in row and isinstance(row.get("year"), int):
            row["slug"] = outcome_slug(row["year"], str(row.get("title", "")), taken)
        taken.add(str(row.get("slug")))
        signed, involved = row.pop("signatories", None) or [], row.pop("countries", None) or []
        parties = [*_parties(row.pop("parties", None) or [], organisations)]
        if isinstance(signed, list) and isinstance(involved, list):
            parties += [{"organisation": organisations.slug(one), "has_signed": True} for one in signed]
            parties += [{"country": code} for code in involved]
        if parties:
            row["parties"] = parties
        yield row


def _parties(facts: Any, organisations: _Organisations) -> Iterator[Any]:
    for fact in facts if isinstance(facts, list) else []:
        party = _plain(fact)
        if isinstance(party, dict) and "organisation" in party:
            party["organisation"] = organisations.slug(party["organisation"])
        yield party


def _plain(value: Any) -> Any:
    """What YAML read, as JSON can hold it: days as ISO 8601, names in small letters as ours."""
    if isinstance(value, dict):
        return {OTHER_NAMES.get(str(key), str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _list(facts: Mapping[str, Any], name: str) -> list[Any]:
    found = facts.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise FileRefused(Fault(FaultKind.NOT_A_LIST, name))
    return found


def _mapping(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = facts.get(name) or {}
    if not isinstance(found, dict):
        raise FileRefused(Fault(FaultKind.NOT_OURS, name))
    return found
