"""The count: Schulze's method on ballots that may leave some out, ties by rule, and anyone can repeat the count."""

import json
import subprocess
import sys
from itertools import combinations_with_replacement, permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ballots import first_places
from dofc_events.hosting.ballots import rules as module
from dofc_events.hosting.ballots.rules import Decided, RankedBallot, count, from_document, hash_of, main, to_document

PLACES = ("brno", "cluj", "lyon")
EVERYTHING = (*PLACES, "none")
SEED = "a seed"

rankings = st.lists(st.sampled_from(EVERYTHING), unique=True, min_size=1).map(tuple)
many = st.lists(rankings, min_size=1, max_size=9)


def counted(*rows: tuple[int, str], candidates=EVERYTHING, seed=SEED):
    """`(3, "brno cluj")`: three ballots that rank so."""
    ballots = [RankedBallot(tuple(ranking.split())) for times, ranking in rows for _ in range(times)]
    return count(candidates, ballots, seed)


def beats(ballots, a: str, b: str) -> bool:
    """Whether more ballots rank `a` before `b` than the other way round; written another way than the count does."""

    def before(first, second):
        wins = 0
        for ballot in ballots:
            if first in ballot:
                wins += second not in ballot or ballot.index(first) < ballot.index(second)
        return wins

    return before(a, b) > before(b, a)


def test_the_example_of_the_method_gives_its_published_result():
    """Schulze 2011, example 1: 45 voters, five candidates; the order is E, A, C, B, D."""
    rows = [
        (5, "acbed"),
        (5, "adecb"),
        (8, "bedac"),
        (3, "cabed"),
        (7, "caebd"),
        (2, "cbade"),
        (7, "dceba"),
        (8, "ebadc"),
    ]
    result = counted(*((times, " ".join(row)) for times, row in rows), candidates=tuple("abcde"))
    assert result.order == tuple("eacbd")
    assert result.preferred["a", "b"] == 20 and result.preferred["b", "a"] == 25
    assert result.strongest["a", "b"] == 28 and result.strongest["b", "a"] == 25


@given(many)
def test_who_wins_every_comparison_is_first(ballots):
    result = count(EVERYTHING, [RankedBallot(ballot) for ballot in ballots], SEED)
    for one in EVERYTHING:
        if all(beats(ballots, one, other) for other in EVERYTHING if other != one):
            assert result.winner == one
            assert result.rounds[0].decided is Decided.CHAINS


@given(many, st.randoms())
def test_the_order_of_ballots_and_of_candidates_changes_nothing(ballots, chance):
    shuffled, candidates = ballots.copy(), list(EVERYTHING)
    chance.shuffle(shuffled)
    chance.shuffle(candidates)
    first = count(EVERYTHING, [RankedBallot(ballot) for ballot in ballots], SEED)
    assert count(candidates, [RankedBallot(ballot) for ballot in shuffled], SEED) == first


@given(many)
def test_everybody_has_one_place_and_nobody_is_before_who_goes_before_them(ballots):
    result = count(EVERYTHING, [RankedBallot(ballot) for ballot in ballots], SEED)
    assert sorted(result.order) == sorted(EVERYTHING)
    for place, one in enumerate(result.order):
        assert all(result.strongest[later, one] <= result.strongest[one, later] for later in result.order[place + 1 :])


def test_the_winner_still_wins_when_somebody_ranks_it_higher():
    """All elections of four ballots on two proposals and none."""
    candidates = ("brno", "cluj", "none")
    every = [order for length in (1, 2, 3) for order in permutations(candidates, length)]
    for ballots in combinations_with_replacement(every, 4):
        winner = count(candidates, [RankedBallot(ballot) for ballot in ballots], SEED).winner
        for number, ballot in enumerate(ballots):
            place = ballot.index(winner) if winner in ballot else len(ballot)
            if place:
                rest = [choice for choice in ballot if choice != winner]
                higher = (*rest[: place - 1], winner, *rest[place - 1 :])
                changed = [*ballots[:number], higher, *ballots[number + 1 :]]
                assert count(candidates, [RankedBallot(ballot) for ballot in changed], SEED).winner == winner


def test_what_a_ballot_leaves_out_stands_behind_what_it_ranks():
    result = counted((1, "brno"))
    assert result.preferred["brno", "cluj"] == 1
    assert result.preferred["cluj", "lyon"] == result.preferred["lyon", "cluj"] == 0


def test_a_ballot_says_nothing_about_its_members_own_proposal():
    others = [RankedBallot(("brno", "cluj")), RankedBallot(("cluj", "brno"))]
    bidder = RankedBallot(("cluj", "lyon"), own=("brno",))
    result = count(EVERYTHING, [*others, bidder], SEED)
    assert result.preferred["cluj", "brno"] == result.preferred["brno", "cluj"] == 1
    assert result.preferred["cluj", "lyon"] == 3


def test_none_of_these_wins_when_more_would_rather_have_nobody():
    result = counted((3, "none"), (2, "brno cluj lyon none"))
    assert result.winner == "none"


@pytest.mark.parametrize(
    ("rows", "winner", "decided"),
    [
        ([(2, "brno cluj"), (1, "cluj brno")], "brno", Decided.CHAINS),
        ([(1, "brno none cluj lyon"), (1, "none brno cluj lyon")], "brno", Decided.NONE_BEHIND),
        ([(2, "brno cluj"), (1, "cluj brno"), (1, "lyon cluj brno")], "brno", Decided.FIRST_CHOICES),
        ([(1, "brno"), (1, "cluj none brno lyon")], "cluj", Decided.COMPARISONS),
        (
            [(1, "brno cluj"), (1, "cluj brno")],
            min(("brno", "cluj"), key=lambda x: hash_of(f"{SEED}:{x}")),
            Decided.LOT,
        ),
    ],
)
def test_a_tie_is_settled_by_the_rule(rows, winner, decided):
    first = counted(*rows).rounds[0]
    assert (first.chosen, first.decided) == (winner, decided)


def test_how_often_the_lot_decides_is_as_the_rule_says():
    of = [first_places(proposals) for proposals in (3, 4, 5)]
    lots, without = [one[Decided.LOT] for one in of], [one[Decided.LOT] + one[Decided.COMPARISONS] for one in of]
    said = " ".join(module.__doc__.split())
    assert "the lot in {}, {} and {} of 1,000".format(*lots) in said
    assert "it would be {}, {} and {}.".format(*without) in said


def test_where_nobody_voted_there_is_no_winner_and_no_lot():
    result = counted()
    assert (result.winner, result.order, result.rounds) == (None, (), ())
    document = to_document("Days of Clusters 2029", NAMES, [], SEED)
    assert document["result"] == []


def test_another_seed_can_settle_a_tie_the_other_way():
    winners = {counted((1, "brno cluj"), (1, "cluj brno"), seed=str(seed)).winner for seed in range(20)}
    assert winners == {"brno", "cluj"}


# What is published

NAMES = {"brno": "Brno, Czech Cluster", "cluj": "Cluj, Transylvania", "lyon": "Lyon, Rhône"}
BALLOTS = [RankedBallot(("lyon", "brno")), RankedBallot(("cluj",), own=("brno",)), RankedBallot(("brno", "none"))]


def published(**changes) -> dict:
    return to_document("Days of Clusters 2029", NAMES, BALLOTS, SEED) | changes


@given(st.permutations(BALLOTS))
def test_the_document_does_not_tell_in_which_order_ballots_were_cast(ballots):
    assert to_document("Days of Clusters 2029", NAMES, ballots, SEED) == published()


def test_what_is_published_counts_to_what_is_published():
    candidates, ballots, seed = from_document(json.loads(json.dumps(published())))
    assert list(count(candidates, ballots, seed).order) == published()["result"]


def test_the_file_counts_again_without_the_application(tmp_path: Path):
    """As somebody who downloads it would run it: on its own in a directory, with nothing installed."""
    program = tmp_path / "count.py"
    program.write_bytes(Path(module.__file__).read_bytes())
    (tmp_path / "ballots.json").write_text(json.dumps(published()), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(tmp_path / "ballots.json")], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "This is the published result." in run.stdout


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"result": ["cluj", "brno", "lyon", "none"]}, "NOT the published result"),
        ({"seed": "another"}, "not the one that was promised"),
        ({"ballots": [{"ranking": ["graz"], "own": []}]}, "what is not on it"),
        ({"ballots": [{"ranking": ["brno", "brno"], "own": []}]}, "something twice"),
        ({"ballots": [{"ranking": "brno", "own": []}]}, "not laid out like one"),
        ({"proposals": []}, "not laid out like one"),
    ],
)
def test_a_document_that_was_tampered_with_is_noticed(tmp_path, capsys, changes, said):
    path = tmp_path / "ballots.json"
    path.write_text(json.dumps(published(**changes)), encoding="utf-8")
    assert main([str(path)]) == 1
    assert said in capsys.readouterr().out
