"""What is said of each country on the map and in the list below it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dofc_events.memory.figures.network.rules import EditionInFigures, Network


@dataclass(frozen=True)
class CountryPart:
    """A country of the network: the names of its members, the editions that it hosted, and in which other years its
    delegates came, as far as sources say."""

    code: str
    members: Sequence[str]
    hosted: Sequence[EditionInFigures]
    years: Sequence[int]

    @property
    def target(self) -> str:
        return f"country-{self.code.lower()}"


def countries_of(network: Network, members: Iterable[tuple[str, str]]) -> dict[str, CountryPart]:
    """Every country with something to show, by its code; `members` are names with countries."""
    names: dict[str, list[str]] = {}
    for name, code in members:
        names.setdefault(code, []).append(name)
    return {
        code: CountryPart(
            code,
            names.get(code, []),
            [edition for edition in network.editions if edition.country == code],
            [one.year for one in network.editions if one.country != code and code in (one.countries or ())],
        )
        for code in network.countries.union(names)
    }
