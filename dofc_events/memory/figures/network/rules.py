"""What the editions add up to, and how that grew from one to the next. What nobody knows is None, never 0."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dofc_events.core.countries import continent_of
from dofc_events.memory.figures.rules import Record


@dataclass(frozen=True)
class Attendance:
    """How many delegates there were; `at_least` where only a lower bound is known."""

    number: int
    at_least: bool = False


@dataclass(frozen=True)
class EditionInFigures:
    """What is known of one edition. `countries` are those that delegates are known to have come from, or None where
    no source says; the host's country is not among them then. `returning` is None where no earlier edition was
    counted. `record` is all that was counted when it was archived.
    """

    edition_id: int
    year: int
    city: str
    country: str
    attendance: Attendance | None
    countries: frozenset[str] | None
    outcomes: int
    returning: int | None = None
    second_time: int = 0
    record: Record | None = None

    @property
    def name(self) -> str:
        return f"{self.city} {self.year}"


@dataclass(frozen=True)
class NetworkFigures:
    """The series in numbers. `delegates` counts somebody once for each edition, `returning` once in all.

    `returning` is None until two editions can be compared.
    """

    editions: int
    countries: int
    continents: int
    delegates: Attendance | None = None
    returning: int | None = None
    outcomes: int = 0


@dataclass(frozen=True)
class Network:
    """The editions that are over, from the first one on, and the countries that came to one of them, but to which?"""

    editions: Sequence[EditionInFigures]
    of_unknown_edition: frozenset[str] = frozenset()

    @property
    def countries(self) -> frozenset[str]:
        """All countries that took part; the host's was present at its own edition."""
        return self.of_unknown_edition.union(*map(_present, self.editions))

    @property
    def continents(self) -> frozenset[str]:
        return frozenset(map(continent_of, self.countries))

    @property
    def countries_so_far(self) -> list[int]:
        """How many countries had taken part by each edition, as far as it is known which came when."""
        so_far: set[str] = set()
        numbers = []
        for edition in self.editions:
            so_far |= _present(edition)
            numbers.append(len(so_far))
        return numbers

    @property
    def outcomes_so_far(self) -> list[int]:
        return list(accumulate(edition.outcomes for edition in self.editions))

    @property
    def figures(self) -> NetworkFigures:
        compared = [edition.second_time for edition in self.editions if edition.returning is not None]
        return NetworkFigures(
            editions=len(self.editions),
            countries=len(self.countries),
            continents=len(self.continents),
            delegates=_all([edition.attendance for edition in self.editions]),
            returning=sum(compared) if compared else None,
            outcomes=sum(edition.outcomes for edition in self.editions),
        )


def attendance_of(counted: int | None, stated: int | None) -> Attendance | None:
    """What was counted, unless a source says that there were more."""
    if counted and counted >= (stated or 0):
        return Attendance(counted)
    return Attendance(stated, at_least=True) if stated else None


def _present(edition: EditionInFigures) -> frozenset[str]:
    return (edition.countries or frozenset()) | {edition.country}


def _all(attendances: Collection[Attendance | None]) -> Attendance | None:
    """Their sum, which is a lower bound if any of them is one or is not known."""
    known = [one for one in attendances if one]
    if not known:
        return None
    return Attendance(sum(one.number for one in known), len(known) < len(attendances) or any(o.at_least for o in known))
