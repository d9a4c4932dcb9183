"""The count of a ballot on hosts, in a single file that needs only Python 3.11.

To check a count, download this file and the published ballots, and run `python count.py ballots.json` (or, where the
application is installed, `python -m dofc_events.hosting.ballots ballots.json`).

A ballot ranks the shortlisted proposals, best first, and may rank "none of these" among them. It may leave some out:
those rank behind all that it ranks, level with each other. A member cannot rank its own proposal; its ballot says
nothing about that one, for or against.

The ballots are counted by the Schulze method (Markus Schulze, "A new monotonic, clone-independent, reversal symmetric,
and Condorcet-consistent single-winner election method", 2011), with winning votes:

1. For each pair of proposals, we count how many ballots rank one ahead of the other, and the other way round. The one
   ranked ahead more often wins the comparison, with that many votes.
2. A chain of won comparisons leads from one proposal to another: A beats B, B beats C. It is as strong as its weakest
   link. A goes ahead of C if the strongest chain from A to C is stronger than the strongest one back.
3. The first place goes to the proposal that no other one is ahead of, the second place to the one that no other of the
   rest is ahead of, and so on. A proposal that wins every comparison is always first.
4. Where several could take a place, "none of these" lets the others go first. Then the one that is first on more
   ballots goes first; then the one that wins more comparisons with all others; and if they are still level, a lot
   decides. It is drawn from the seed, a text: the proposal with the smallest SHA-256 of the seed, a colon and its own
   reference goes first. The SHA-256 of the seed is published before the ballot opens, the seed with the result.
5. Without any ballot there is no result, and no lot is drawn.

A ballot that no longer ranks anything, because everything it ranked was withdrawn, is not among the ballots.

Ties are frequent among few members. Where 8 members each rank 3, 4 or 5 proposals and "none of these" at random, rule 4
gives the first place in some 40 of 100 elections, and the lot in 31, 22 and 26 of 1,000; without comparisons won it
would be 70, 73 and 84.

Every step is fixed: the same ballots and the same seed always give the same result.
"""

import argparse
import enum
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from typing import Any, TypeVar

METHOD = "Schulze, winning votes"
NONE_OF_THESE = "none"

Pairs = Mapping[tuple[str, str], int]

T = TypeVar("T")


@dataclass(frozen=True)
class RankedBallot:
    """What one member ranks, best first; `own` are the proposals that it may not rank, being its own."""

    ranking: tuple[str, ...]
    own: tuple[str, ...] = ()


class Decided(enum.StrEnum):
    """What gave somebody a place."""

    CHAINS = "chains"
    NONE_BEHIND = "none_behind"
    FIRST_CHOICES = "first_choices"
    COMPARISONS = "comparisons"
    LOT = "lot"


@dataclass(frozen=True)
class Round:
    """A step of the count: the proposal that took the place, one of the `leaders` that nobody left beats."""

    place: int
    leaders: tuple[str, ...]
    chosen: str
    decided: Decided


@dataclass(frozen=True)
class Count:
    """The whole count: the order of all, how each place was given, and what that follows from.

    `preferred` says of each ordered pair on how many ballots the first stands before the second; `strongest` how strong
    the strongest chain between them is; `first_choices` on how many ballots each stands first; `won` how many
    comparisons each wins. Without ballots nobody has a place.
    """

    order: tuple[str, ...]
    rounds: tuple[Round, ...]
    preferred: Pairs
    strongest: Pairs
    first_choices: Mapping[str, int]
    won: Mapping[str, int]

    @property
    def winner(self) -> str | None:
        return self.order[0] if self.order else None


def count(candidates: Sequence[str], ballots: Sequence[RankedBallot], seed: str) -> Count:
    """Count ballots as this file says at its top. Among the candidates is `none`."""
    preferred = preferences(candidates, ballots)
    strongest = strongest_chains(candidates, preferred)
    first_choices = Counter(ballot.ranking[0] for ballot in ballots if ballot.ranking)
    won = {a: sum(preferred[a, b] > preferred[b, a] for b in candidates if a != b) for a in candidates}
    rounds: list[Round] = []
    rest = sorted(candidates) if ballots else []
    while rest:
        leaders = tuple(a for a in rest if all(strongest[a, b] >= strongest[b, a] for b in rest if a != b))
        chosen, decided = _first_of(leaders, first_choices, won, seed)
        rounds.append(Round(len(rounds) + 1, leaders, chosen, decided))
        rest.remove(chosen)
    order = tuple(given.chosen for given in rounds)
    return Count(order, tuple(rounds), preferred, strongest, {c: first_choices[c] for c in candidates}, won)


def preferences(candidates: Sequence[str], ballots: Sequence[RankedBallot]) -> Pairs:
    """Of each ordered pair, how many ballots rank the first before the second."""
    preferred = dict.fromkeys(permutations(candidates, 2), 0)
    for ballot in ballots:
        height = {candidate: place for place, candidate in enumerate(ballot.ranking)}
        judged = [candidate for candidate in candidates if candidate not in ballot.own]
        for a, b in permutations(judged, 2):
            preferred[a, b] += height.get(a, len(height)) < height.get(b, len(height))
    return preferred


def strongest_chains(candidates: Sequence[str], preferred: Pairs) -> Pairs:
    """Of each ordered pair, the strength of the strongest chain from the first to the second; 0 without any."""
    strength = {(a, b): votes if votes > preferred[b, a] else 0 for (a, b), votes in preferred.items()}
    for over in candidates:
        for a, b in permutations((c for c in candidates if c != over), 2):
            strength[a, b] = max(strength[a, b], min(strength[a, over], strength[over, b]))
    return strength


def hash_of(seed: str) -> str:
    """The hash of a seed, which is published before the ballot opens."""
    return sha256(seed.encode()).hexdigest()


def _first_of(
    leaders: Sequence[str], first_choices: Mapping[str, int], won: Mapping[str, int], seed: str
) -> tuple[str, Decided]:
    if len(leaders) == 1:
        return leaders[0], Decided.CHAINS
    proposals = [leader for leader in leaders if leader != NONE_OF_THESE]
    if len(proposals) == 1:
        return proposals[0], Decided.NONE_BEHIND
    ahead = proposals
    for number, decided in ((first_choices, Decided.FIRST_CHOICES), (won, Decided.COMPARISONS)):
        most = max(number[proposal] for proposal in ahead)
        ahead = [proposal for proposal in ahead if number[proposal] == most]
        if len(ahead) == 1:
            return ahead[0], decided
    return min(ahead, key=lambda proposal: hash_of(f"{seed}:{proposal}")), Decided.LOT


def to_document(name: str, proposals: Mapping[str, str], ballots: Sequence[RankedBallot], seed: str) -> dict[str, Any]:
    """What is published of a ballot: everything needed to count it again, and nothing about who voted how.

    `proposals` maps references to names. The ballots are sorted by content, which does not tell when they were cast.
    """
    candidates = (*sorted(proposals), NONE_OF_THESE)
    return {
        "ballot": name,
        "method": METHOD,
        "seed": seed,
        "seed_sha256": hash_of(seed),
        "proposals": dict(sorted(proposals.items())),
        "ballots": sorted(
            ({"ranking": list(ballot.ranking), "own": sorted(ballot.own)} for ballot in ballots),
            key=lambda ballot: (ballot["ranking"], ballot["own"]),
        ),
        "result": list(count(candidates, ballots, seed).order),
    }


def from_document(document: Any) -> tuple[tuple[str, ...], list[RankedBallot], str]:
    """The candidates, the ballots and the seed of a published document. Raises ValueError if it is not one."""
    try:
        candidates = (*_typed(document["proposals"], dict), NONE_OF_THESE)
        ballots = [RankedBallot(_texts(ballot["ranking"]), _texts(ballot["own"])) for ballot in document["ballots"]]
        seed = _typed(document["seed"], str)
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is not laid out like one ({error}).") from error
    for ballot in ballots:
        named = (*ballot.ranking, *ballot.own)
        if len(set(named)) != len(named) or not set(named) <= set(candidates):
            raise ValueError(f"a ballot ranks what is not on it, or something twice: {', '.join(named)}.")
    return candidates, ballots, seed


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_typed(text, str) for text in _typed(value, list))


def _typed(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{json.dumps(value)} stands where a {kind.__name__} belongs")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Counts a published document again. Returns 0 if the result is the published one, else 1."""
    parser = argparse.ArgumentParser(description="Counts the ballots on hosts again, and compares.")
    parser.add_argument("document", type=Path, help="the published ballots, a JSON file")
    path = parser.parse_args(arguments).document
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        candidates, ballots, seed = from_document(document)
        result = count(candidates, ballots, seed)
    except (OSError, ValueError) as error:
        return _end(1, f"{path} cannot be read as the document of a ballot: {error}")
    if document.get("seed_sha256") != hash_of(seed):
        return _end(1, f"The seed is not the one that was promised: its SHA-256 is {hash_of(seed)}.")
    sys.stdout.writelines(f"{line}\n" for line in _report(result, len(ballots), document["proposals"]))
    if document.get("result") != list(result.order):
        return _end(1, "This is NOT the published result.")
    return _end(0, "This is the published result.")


def _report(result: Count, ballots: int, names: Mapping[str, str]) -> Iterator[str]:
    """How many ballots there are, each comparison, then each place and what gave it."""
    yield f"{ballots} ballots, counted by the method: {METHOD}"
    if not result.rounds:
        yield "No ballot counts: there is no result."
    for (a, b), votes in sorted(result.preferred.items()):
        yield f"{a} before {b}: {votes} ballots, strongest chain {result.strongest[a, b]}"
    for given in result.rounds:
        name = names.get(given.chosen, "none of these")
        yield f"{given.place}. {given.chosen} ({name}), decided by {given.decided.replace('_', ' ')}"


def _end(code: int, sentence: str) -> int:
    sys.stdout.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
