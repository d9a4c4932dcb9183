"""The draw of the seats on the learning trips, in a single file that needs only Python 3.11.

To check a draw, download this file and the published choices, and run `python draw.py wishes.json`.

Delegates list the trips they would like, first choice first, and may add that any other trip is fine too. Nobody gets
more than one trip, a trip they did not ask for, or a trip at the same time as a seat they already have; and no trip
takes more people than it has free seats. Of all the ways to do that, the draw takes the best one:

1. As many people as possible get a seat, even if that means a lower choice for some.
2. Then as many people as possible get their first choice, then their second choice, and so on. A choice keeps its
   number even if the person cannot have one before it. "Any other trip" comes after all numbered choices.
3. Then as many as possible of the people who got nothing in the draw of an earlier edition get a seat.
4. Ties are decided by chance: people stand in a queue, and each in turn gets the best result that is possible without
   changing 1 to 3 or taking anything from those before them. A higher choice is better; of two "other" trips the one
   that the organisers list first is better; nothing at all is worst.

So nobody has a lower choice while a trip they would rather have has a free seat.

The queue: people who got nothing at an earlier edition are ahead of all others. Within both groups the order comes from
the seed, a text: each person's place is given by the SHA-256 of the seed, a colon and the person's id, smallest first.
The SHA-256 of the seed is published before sign-up closes, and the seed itself with the result, so that nobody can
choose a seed to their liking. This fixes every step: the same choices and the same seed always give the same seats.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, TypeVar

# The place of somebody without a seat during the draw.
NOTHING = ""

T = TypeVar("T")


@dataclass(frozen=True)
class Seats:
    """A trip, and how many of its seats the draw gives."""

    slug: str
    free: int


@dataclass(frozen=True)
class Wishes:
    """One person's wishes (first choice first), whether they missed out before, and which trips they cannot have."""

    id: str
    wishes: tuple[str, ...]
    any_other: bool = False
    missed: bool = False
    cannot: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """The people's ids in the order of the queue, and the trip that each of them gets, or None."""

    order: tuple[str, ...]
    seats: dict[str, str | None]


def hash_of(seed: str) -> str:
    """The SHA-256 of a text, as 64 hexadecimal digits."""
    return sha256(seed.encode()).hexdigest()


def draw_order(people: Iterable[Wishes], seed: str) -> list[Wishes]:
    """The queue of point 4. It does not depend on the order of `people`."""
    return sorted(people, key=lambda person: (not person.missed, hash_of(f"{seed}:{person.id}")))


def draw(trips: Sequence[Seats], people: Iterable[Wishes], seed: str) -> Result:
    """The best way to give the seats, of which there is exactly one.

    Raises ValueError if an id or a trip occurs twice, or a trip is unknown.
    """
    queue = draw_order(people, seed)
    _check(trips, queue)
    seating = _Seating(trips, len(queue))
    choices = _choices(trips, queue)
    newcomers = [seating.let_in(worth) for worth in choices]
    places = [seating.settle(newcomer) for newcomer in newcomers]
    return Result(tuple(p.id for p in queue), {p.id: place or None for p, place in zip(queue, places, strict=True)})


def _check(trips: Sequence[Seats], people: Sequence[Wishes]) -> None:
    slugs = {trip.slug for trip in trips} - {NOTHING}
    if len(slugs) < len(trips) or any(trip.free < 0 for trip in trips):
        raise ValueError("Every trip needs its own name, and cannot have fewer than 0 free seats.")
    for person_id, times in Counter(person.id for person in people).items():
        if times > 1:
            raise ValueError(f"The id {person_id!r} appears {times} times.")
    for person in people:
        if unknown := {*person.wishes, *person.cannot} - slugs:
            raise ValueError(f"There is no trip {min(unknown)!r}, which {person.id!r} names.")
        if len(set(person.wishes)) < len(person.wishes):
            raise ValueError(f"{person.id!r} chose the same trip twice.")


def _choices(trips: Sequence[Seats], people: Sequence[Wishes]) -> list[dict[str, int]]:
    """The trips that each person may get, best first, each with its value.

    Points 1 to 3 are the digits of one number: seated, first choice, second choice, ..., missed before. No digit can
    overflow, as its base is greater than the number of people. So the greater sum is the better result, in the order of
    the points.
    """
    base = len(people) + 1
    lowest = max((len(person.wishes) for person in people), default=0)
    choices = []
    for person in people:
        seated = base ** (lowest + 1) + person.missed
        worth = {slug: seated + base ** (lowest - higher) for higher, slug in enumerate(person.wishes)}
        if person.any_other:
            for trip in trips:
                worth.setdefault(trip.slug, seated)
        choices.append({slug: value for slug, value in worth.items() if slug not in person.cannot} | {NOTHING: 0})
    return choices


class _Seating:
    """Who sits where, always in the best possible way for the people let in so far.

    A "place" is a trip or NOTHING. Every free seat is treated like a person who does not mind whether they get NOTHING
    or that trip, so all trips are full at all times. Whoever takes a seat moves somebody, who moves somebody else, and
    so on to the place where the chain is to end. The best chain is a shortest path between places, where a step is as
    long as the value that the person who moves loses (negative if they gain). With few places that is quick, however
    many people there are.
    """

    def __init__(self, trips: Sequence[Seats], people: int) -> None:
        self._choices: list[dict[str, int]] = []
        self._place: dict[int, str] = {}
        # For each step (from, to): what it loses and who makes it, smallest first. Some have moved on since.
        self._steps: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for trip in trips:
            for _ in range(min(trip.free, people)):
                self._sit(self._join({trip.slug: 0, NOTHING: 0}), trip.slug)

    def let_in(self, choices: dict[str, int]) -> int:
        """Let one more person in, with these choices; returns their number from now on."""
        person = self._join(choices)
        losses, chains = self._chains(NOTHING)
        within_reach = [place for place in choices if place in losses]
        best = max(within_reach, key=lambda place: choices[place] - losses[place])
        self._follow(chains, best)
        self._sit(person, best)
        return person

    def settle(self, person: int) -> str:
        """Give somebody, for good, the first of their choices that leaves the whole as good as it is; returns it."""
        choices, old = self._choices[person], self._place.pop(person)
        losses, chains = self._chains(old)
        new = next(place for place in choices if losses.get(place) == choices[place] - choices[old])
        self._follow(chains, new)
        return new

    def _join(self, choices: dict[str, int]) -> int:
        self._choices.append(choices)
        return len(self._choices) - 1

    def _sit(self, person: int, place: str) -> None:
        self._place[person] = place
        choices = self._choices[person]
        for other in choices:
            if other != place:
                heappush(self._steps[place, other], (choices[place] - choices[other], person))

    def _follow(self, chains: Mapping[str, tuple[int, str]], place: str) -> None:
        """Free a seat at `place`: everybody in the chain that begins there moves on by one step."""
        while place in chains:
            person, place = chains[place]
            self._sit(person, place)

    def _chains(self, end: str) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
        """What the best chain from each place to `end` loses, and its first step: who moves, and where to."""
        losses: dict[str, int] = {end: 0}
        chains: dict[str, tuple[int, str]] = {}
        steps = list(self._best_steps())
        improved = True
        while improved:
            improved = False
            for here, there, loss, person in steps:
                if there in losses and (here not in losses or loss + losses[there] < losses[here]):
                    losses[here], chains[here] = loss + losses[there], (person, there)
                    improved = True
        return losses, chains

    def _best_steps(self) -> Iterator[tuple[str, str, int, int]]:
        """The cheapest step between any two places: from, to, the loss and whose it is. Settled people do not move."""
        for (here, there), steps in self._steps.items():
            while steps and self._place.get(steps[0][1]) != here:
                heappop(steps)
            if steps:
                yield here, there, *steps[0]


def to_document(
    name: str, trips: Sequence[Seats], people: Iterable[Wishes], seed: str, result: Result
) -> dict[str, Any]:
    """The published document of a draw, ready for JSON."""
    return {
        "edition": name,
        "seed": seed,
        "seed_sha256": hash_of(seed),
        "trips": [asdict(trip) for trip in trips],
        "people": [
            asdict(person) | {"wishes": list(person.wishes), "cannot": list(person.cannot)}
            for person in sorted(people, key=lambda person: person.id)
        ],
        "result": dict(sorted(result.seats.items())),
    }


def from_document(document: Any) -> tuple[list[Seats], list[Wishes], str]:
    """The trips, people and seed in a published document. Raises ValueError if it is not one."""
    try:
        trips = [Seats(_typed(trip["slug"], str), _typed(trip["free"], int)) for trip in document["trips"]]
        people = [
            Wishes(
                id=_typed(person["id"], str),
                wishes=tuple(_typed(slug, str) for slug in _typed(person["wishes"], list)),
                any_other=_typed(person["any_other"], bool),
                missed=_typed(person["missed"], bool),
                cannot=tuple(_typed(slug, str) for slug in _typed(person["cannot"], list)),
            )
            for person in document["people"]
        ]
        return trips, people, _typed(document["seed"], str)
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is not laid out like one ({error}).") from error


def _typed(value: Any, kind: type[T]) -> T:
    # isinstance counts True as an int, but it is not a number of seats.
    if type(value) is not kind:
        raise TypeError(f"{json.dumps(value)} stands where a {kind.__name__} belongs")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Repeat a draw from its published document. Returns 0 if the result is the one published, else 1."""
    parser = argparse.ArgumentParser(description="Draws the seats on the learning trips again, and compares.")
    parser.add_argument("document", type=Path, help="the published choices, a JSON file")
    path = parser.parse_args(arguments).document
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        trips, people, seed = from_document(document)
        result = draw(trips, people, seed)
    except (OSError, ValueError) as error:
        return _end(1, f"{path} cannot be read as the document of a draw: {error}")
    if document.get("seed_sha256") != hash_of(seed):
        return _end(1, f"The seed is not the one that was promised: its SHA-256 is {hash_of(seed)}.")
    sys.stdout.writelines(f"{line}\n" for line in _report(people, result))
    if document.get("result") != result.seats:
        return _end(1, "This is NOT the published result.")
    return _end(0, "This is the published result.")


def _report(people: Sequence[Wishes], result: Result) -> Iterator[str]:
    """Lines of text: how many people got which choice, then everybody in the order of the queue."""
    outcomes = Counter(_outcome(person, result.seats[person.id]) for person in people)
    longest = max((len(person.wishes) for person in people), default=0)
    for outcome in (*(f"choice {number}" for number in range(1, longest + 1)), "any other trip", "nothing"):
        yield f"{outcome}: {outcomes[outcome]}"
    yield from (f"{person_id}: {result.seats[person_id] or 'nothing'}" for person_id in result.order)


def _outcome(person: Wishes, seat: str | None) -> str:
    if seat is None:
        return "nothing"
    return f"choice {person.wishes.index(seat) + 1}" if seat in person.wishes else "any other trip"


def _end(code: int, sentence: str) -> int:
    sys.stdout.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
