"""The draw keeps every promise of its rule, and is the best by a count that knows nothing of how it is found."""

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import product
from math import prod
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dofc_events.trips.draw import rules as module
from dofc_events.trips.draw.rules import Seats, Wishes, draw, draw_order, from_document, hash_of, main, to_document

SEED = "six numbers of the national lottery"
SLUGS = ("airport", "brewery", "castle", "docks", "energy")
EXAMPLES = settings(max_examples=250, deadline=None, database=None)


@st.composite
def draws(draw_from, most_people, most_trips):
    slugs = SLUGS[: draw_from(st.integers(1, most_trips))]
    trips = [Seats(slug, draw_from(st.integers(0, 3))) for slug in slugs]
    some = st.lists(st.sampled_from(slugs), unique=True).map(tuple)
    cannot = st.one_of(st.just(()), some)
    wishes = st.builds(
        Wishes, id=st.text("abcd", max_size=3), wishes=some, any_other=..., missed=st.booleans(), cannot=cannot
    )
    people = draw_from(st.lists(wishes, max_size=most_people, unique_by=lambda person: person.id))
    return trips, people, draw_from(st.sampled_from(("1", "2", "3")))


def outcomes(trips, person):
    """What somebody may get, best first, ending with nothing."""
    others = [trip.slug for trip in trips if trip.slug not in person.wishes] if person.any_other else []
    return [slug for slug in (*person.wishes, *others) if slug not in person.cannot] + [None]


def points(trips, person, slug):
    """What one outcome adds to points 1 to 3: seated, first wish, second wish, ..., missed before."""
    wished = [slug == wish for wish in person.wishes] + [False] * (len(trips) - len(person.wishes))
    return (int(slug is not None), *map(int, wished), int(slug is not None and person.missed))


def queue_of(people, seed):
    def place(person):
        return sha256(f"{seed}:{person.id}".encode()).hexdigest()

    return sorted((p for p in people if p.missed), key=place) + sorted((p for p in people if not p.missed), key=place)


def best_of_all(trips, people, seed):
    """The greatest result, found by looking at every single one."""
    queue = queue_of(people, seed)
    free = {trip.slug: trip.free for trip in trips}
    # For each person their outcomes with what these add to points 1 to 3, and for point 4 how good they are.
    rated = []
    for person in queue:
        rated.append([(slug, points(trips, person, slug), -n) for n, slug in enumerate(outcomes(trips, person))])

    def rating(result):
        return tuple(map(sum, zip(*(added for _, added, _ in result), strict=True))), tuple(n for _, _, n in result)

    def has_room(result):
        return all(taken <= free[slug] for slug, taken in Counter(slug for slug, _, _ in result).items() if slug)

    best = max(filter(has_room, product(*rated)), key=rating)
    return {person.id: slug for person, (slug, _, _) in zip(queue, best, strict=True)}


def best_by_table(trips, people, seed):
    """The same for more people: the best for the rest of the queue, for every number of seats that may be left."""
    queue = queue_of(people, seed)
    slugs = [trip.slug for trip in trips]

    @cache
    def best_from(first, left):
        if first == len(queue):
            return (0,) * (len(trips) + 2), (), ()
        found = []
        for n, slug in enumerate(outcomes(trips, queue[first])):
            rest = tuple(seats - (slug == other) for other, seats in zip(slugs, left, strict=True))
            if min(rest) >= 0:
                totals, goodness, places = best_from(first + 1, rest)
                added = points(trips, queue[first], slug)
                found.append((tuple(map(sum, zip(added, totals, strict=True))), (-n, *goodness), (slug, *places)))
        return max(found, key=lambda result: result[:2])

    _, _, places = best_from(0, tuple(trip.free for trip in trips))
    return {person.id: slug for person, slug in zip(queue, places, strict=True)}


def seats(trips, *people, seed=SEED):
    return draw([Seats(slug, free) for slug, free in trips.items()], people, seed).seats


def queued(*ids, seed=SEED):
    """The same ids in the order that the seed gives them."""
    return sorted(ids, key=lambda person_id: sha256(f"{seed}:{person_id}".encode()).hexdigest())


@EXAMPLES
@given(draws(most_people=12, most_trips=5))
def test_every_promise_is_kept(given_draw):
    trips, people, seed = given_draw
    result = draw(trips, people, seed)
    assert result.seats.keys() == {person.id for person in people}
    taken = Counter(result.seats.values())
    room = {trip.slug for trip in trips if taken[trip.slug] < trip.free}
    assert all(taken[trip.slug] <= trip.free for trip in trips)
    for person in people:
        possible = outcomes(trips, person)
        assert result.seats[person.id] in possible
        better = possible[: possible.index(result.seats[person.id])]
        assert not room.intersection(better), "a better wish has a free seat"


def is_small(given_draw):
    trips, people, _ = given_draw
    return prod(len(outcomes(trips, person)) for person in people) <= 2000


@EXAMPLES
@given(draws(most_people=6, most_trips=4).filter(is_small))
def test_the_result_is_the_best_of_all_results(given_draw):
    assert draw(*given_draw).seats == best_of_all(*given_draw)


@pytest.mark.parametrize("seed", range(6))
def test_the_result_is_the_best_for_thirty_people_and_four_trips(seed):
    chance = random.Random(seed)
    trips = [Seats(slug, chance.randint(2, 6)) for slug in SLUGS[:4]]
    people = []
    for number in range(30):
        wishes = tuple(chance.sample(SLUGS[:4], chance.randint(0, 4)))
        cannot = tuple(chance.sample(SLUGS[:4], chance.choice((0, 0, 1, 2))))
        people.append(Wishes(str(number), wishes, chance.random() < 0.3, chance.random() < 0.3, cannot))
    assert draw(trips, people, SEED).seats == best_by_table(trips, people, SEED)


@EXAMPLES
@given(draws(most_people=12, most_trips=5), st.randoms(use_true_random=False))
def test_the_order_in_which_people_are_given_does_not_matter(given_draw, chance):
    trips, people, seed = given_draw
    shuffled = chance.sample(people, len(people))
    assert draw(trips, iter(shuffled), seed) == draw(trips, people, seed)


def test_somebody_gives_up_a_first_wish_so_that_one_more_person_is_seated():
    flexible, fixed = Wishes("flexible", ("airport", "brewery"), missed=True), Wishes("fixed", ("airport",))
    assert seats({"airport": 1, "brewery": 1}, flexible, fixed) == {"flexible": "brewery", "fixed": "airport"}


def test_two_give_up_their_first_wishes_so_that_a_third_person_is_seated():
    people = Wishes("a", ("airport", "brewery")), Wishes("b", ("brewery", "castle")), Wishes("c", ("docks", "airport"))
    result = seats({"airport": 1, "brewery": 1, "castle": 1, "docks": 0}, *people)
    assert result == {"a": "brewery", "b": "castle", "c": "airport"}


def test_two_first_wishes_and_a_third_are_better_than_one_first_and_two_second():
    people = (
        Wishes("a", ("airport",)),
        Wishes("b", ("brewery", "castle")),
        Wishes("c", ("airport", "brewery", "castle"), missed=True),
    )
    assert seats({"airport": 1, "brewery": 1, "castle": 1}, *people) == {"a": "airport", "b": "brewery", "c": "castle"}


def test_a_wish_keeps_its_number_when_one_before_it_cannot_be_had():
    """The brewery is the second wish of b, though the first that b can have."""
    a = Wishes("a", ("brewery", "castle"))
    b = Wishes("b", ("airport", "brewery", "castle"), missed=True, cannot=("airport",))
    assert seats({"airport": 1, "brewery": 1, "castle": 1}, a, b) == {"a": "brewery", "b": "castle"}


def test_who_got_nothing_before_is_preferred_whatever_the_seed():
    for seed in map(str, range(20)):
        people = Wishes("a", ("airport",)), Wishes("b", ("airport",), missed=True)
        assert seats({"airport": 1}, *people, seed=seed) == {"a": None, "b": "airport"}


def test_who_got_nothing_before_does_not_cost_anybody_a_first_wish():
    """Point 2 comes before point 3."""
    people = Wishes("a", ("airport",)), Wishes("b", ("brewery", "airport"), missed=True)
    assert seats({"airport": 1, "brewery": 0}, *people) == {"a": "airport", "b": None}


def test_two_who_got_nothing_before_are_seated_though_the_first_in_the_queue_pays_for_it():
    """Point 3 comes before point 4: first at the airport and c at the brewery would be as good by 1 and 2."""
    first, second = queued("a", "b")
    people = (
        Wishes(first, ("airport", "brewery"), missed=True),
        Wishes(second, ("airport",), missed=True),
        Wishes("c", ("castle", "brewery")),
    )
    result = seats({"airport": 1, "brewery": 1, "castle": 0}, *people)
    assert result == {first: "brewery", second: "airport", "c": None}


def test_the_seed_decides_between_equals():
    first, second = queued("a", "b")
    people = Wishes("a", ("airport",)), Wishes("b", ("airport",))
    assert seats({"airport": 1}, *people) == {first: "airport", second: None}
    winners = {draw([Seats("airport", 1)], people, str(seed)).seats["a"] for seed in range(20)}
    assert winners == {"airport", None}


def test_any_other_trip_is_the_last_wish_and_the_earliest_in_the_list():
    person = Wishes("a", ("castle",), any_other=True)
    assert seats({"brewery": 1, "airport": 1, "castle": 1}, person) == {"a": "castle"}
    assert seats({"brewery": 1, "airport": 1, "castle": 0}, person) == {"a": "brewery"}
    assert seats({"brewery": 1, "airport": 1, "castle": 1}, replace(person, cannot=("castle", "brewery"))) == {
        "a": "airport"
    }


def test_a_numbered_wish_comes_before_any_other_trip():
    numbered = Wishes("a", ("airport", "brewery"))
    anything = Wishes("b", ("airport",), any_other=True, missed=True)
    assert seats({"airport": 0, "brewery": 1, "castle": 1}, numbered, anything) == {"a": "brewery", "b": "castle"}


def test_nobody_gets_what_they_cannot_have():
    person = Wishes("a", ("airport", "brewery"), any_other=True, cannot=("airport", "brewery", "castle"))
    assert seats({"airport": 1, "brewery": 1, "castle": 1}, person) == {"a": None}


def test_nothing_to_draw_is_a_result_too():
    assert draw([], [], SEED).seats == {}
    assert seats({}, Wishes("a", (), any_other=True)) == {"a": None}


def test_the_queue_has_those_first_who_got_nothing_before():
    people = [Wishes(person_id, (), missed=person_id in "cd") for person_id in "abcd"]
    expected = queued("c", "d") + queued("a", "b")
    assert [person.id for person in draw_order(people, SEED)] == expected
    assert draw([], people, SEED).order == tuple(expected)


@pytest.mark.parametrize(
    ("trips", "people", "sentence"),
    [
        ([Seats("airport", 1), Seats("airport", 2)], [], "Every trip needs its own name"),
        ([Seats("", 1)], [], "Every trip needs its own name"),
        ([Seats("airport", -1)], [], "fewer than 0 free seats"),
        ([], [Wishes("a", ()), Wishes("a", (), missed=True)], "The id 'a' appears 2 times"),
        ([Seats("airport", 1)], [Wishes("a", ("moon",))], "There is no trip 'moon', which 'a' names"),
        ([Seats("airport", 1)], [Wishes("a", (), cannot=("moon",))], "There is no trip 'moon', which 'a' names"),
        ([Seats("airport", 1)], [Wishes("a", ("airport", "airport"))], "'a' chose the same trip twice"),
    ],
)
def test_draw_is_refused_when_the_wishes_cannot_be_meant(trips, people, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw(trips, people, SEED)


TRIPS = [Seats("airport", 1), Seats("brewery", 1), Seats("castle", 1)]
PEOPLE = [
    Wishes("d", ("airport",)),
    Wishes("c", ("brewery",), any_other=True, cannot=("brewery", "airport")),
    Wishes("b", ("airport", "brewery")),
    Wishes("a", ("airport",), missed=True),
]


@pytest.fixture
def document():
    return to_document("2027", TRIPS, PEOPLE, SEED, draw(TRIPS, PEOPLE, SEED))


@pytest.fixture
def check(tmp_path, capsys):
    """Runs the check of a document; returns the exit code and the lines printed."""

    def run(content):
        path = tmp_path / "wishes.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return main([str(path)]), capsys.readouterr().out.splitlines()

    return run


def test_a_document_says_everything_and_is_read_back(document):
    assert document | {"trips": [], "people": []} == {
        "edition": "2027",
        "seed": SEED,
        "seed_sha256": sha256(SEED.encode()).hexdigest(),
        "trips": [],
        "people": [],
        "result": {"a": "airport", "b": "brewery", "c": "castle", "d": None},
    }
    assert document["trips"][0] == {"slug": "airport", "free": 1}
    assert document["people"][2] == {
        "id": "c",
        "wishes": ["brewery"],
        "any_other": True,
        "missed": False,
        "cannot": ["brewery", "airport"],
    }
    in_order = sorted(PEOPLE, key=lambda person: person.id)
    assert list(document["result"]) == [person["id"] for person in document["people"]] == ["a", "b", "c", "d"]
    assert from_document(json.loads(json.dumps(document))) == (TRIPS, in_order, SEED)


def test_main_prints_the_draw_and_agrees_when_the_result_is_the_published_one(document, check):
    code, lines = check(document)
    assert code == 0
    assert lines[:4] == ["choice 1: 1", "choice 2: 1", "any other trip: 1", "nothing: 1"]
    seats_of = {"a": "airport", "b": "brewery", "c": "castle", "d": "nothing"}
    assert lines[4:8] == [f"{person_id}: {seats_of[person_id]}" for person_id in ["a", *queued("b", "c", "d")]]
    assert lines[8:] == ["This is the published result."]


def test_main_says_so_when_the_published_result_is_another(document, check):
    document["result"] |= {"a": None, "d": "airport"}
    code, lines = check(document)
    assert (code, lines[-1]) == (1, "This is NOT the published result.")
    assert "a: airport" in lines


def test_main_says_so_when_the_seed_is_not_the_one_that_was_promised(document, check):
    code, lines = check(document | {"seed": "another"})
    assert code == 1
    assert lines == [f"The seed is not the one that was promised: its SHA-256 is {hash_of('another')}."]


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        "{}",
        '{"trips": 1, "people": [], "seed": ""}',
        '{"trips": [{"slug": "a", "free": true}], "people": [], "seed": ""}',
        '{"trips": [{"slug": "a", "free": 1.5}], "people": [], "seed": ""}',
        '{"trips": [{"slug": "a"}], "people": [], "seed": ""}',
        '{"trips": [], "people": [{"id": "a"}], "seed": ""}',
        '{"trips": [], "people": [], "seed": 1}',
    ],
)
def test_main_says_so_when_the_file_is_no_such_document(broken, check):
    code, lines = check(broken)
    assert code == 1
    assert len(lines) == 1 and "wishes.json cannot be read as the document of a draw: " in lines[0]


@pytest.mark.parametrize(
    ("field", "value"), [("wishes", "airport"), ("wishes", [1]), ("any_other", "no"), ("missed", 0), ("cannot", None)]
)
def test_main_says_so_when_an_answer_is_not_of_its_kind(field, value, document, check):
    document["people"][0][field] = value
    code, lines = check(document)
    assert code == 1
    assert len(lines) == 1 and f"{json.dumps(value[0] if value == [1] else value)} stands where" in lines[0]


def test_main_says_so_when_there_is_no_such_file(tmp_path, capsys):
    assert main([str(tmp_path / "none.json")]) == 1
    assert "none.json cannot be read" in capsys.readouterr().out


def test_the_file_alone_checks_a_draw(document, tmp_path):
    """Without this project, without any library, in a folder of its own."""
    (tmp_path / "draw.py").write_bytes(Path(module.__file__).read_bytes())
    (tmp_path / "wishes.json").write_text(json.dumps(document))
    command = [sys.executable, "-I", "-S", "draw.py", "wishes.json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("This is the published result.\n")
