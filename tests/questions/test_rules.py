"""Who is asked which question, and when."""

from datetime import date

import pytest

from dofc_events.questions.rules import Kind, Option, OwnQuestion, asked, missing, shown, waited_for

DAY, EVE = date(2027, 5, 1), date(2027, 4, 30)


def question(key: str, kind: Kind = Kind.TEXT, **said) -> OwnQuestion:
    return OwnQuestion(id=1, key=key, kind=kind, caption=key, hint="", **said)


DINNER = question("dinner", Kind.YES_NO)
MENU = question("menu", shown_when="dinner", shown_for=("yes",))
WINE = question("wine", shown_when="menu", shown_for=("fish",))
SPEAKERS = question("slides", categories=("speaker",))


@pytest.mark.parametrize(
    ("answers", "category", "expected"),
    [
        ({}, "guest", {"dinner"}),
        ({"dinner": ("no",)}, "guest", {"dinner"}),
        ({"dinner": ("yes",)}, "guest", {"dinner", "menu"}),
        ({"dinner": ("yes",), "menu": ("fish",)}, "guest", {"dinner", "menu", "wine"}),
        # What depends on a question that is not shown is not shown either, whatever was typed.
        ({"dinner": ("no",), "menu": ("fish",)}, "guest", {"dinner"}),
        ({}, "speaker", {"dinner", "slides"}),
    ],
)
def test_question_is_shown_after_the_answer_it_depends_on_and_to_its_category(answers, category, expected):
    assert shown((DINNER, MENU, WINE, SPEAKERS), answers, category) == expected


def test_who_is_asked_a_question_may_wait_for_what_it_depends_on():
    fish, carp = Option(1, "fish", "Fish", False, waiting_list=True), Option(2, "carp", "Carp", False)
    menu = question("menu", options=(fish, Option(3, "duck", "Duck", False, waiting_list=True)))
    kind = question("kind", options=(carp,), shown_when="menu", shown_for=("fish",))
    sauce = question("sauce", shown_when="kind", shown_for=("carp",))
    found = [waited_for((DINNER, menu, kind, sauce), one) for one in (DINNER, menu, kind, sauce)]
    assert found == [(), (), ("Fish",), ("Fish",)]


def test_question_is_asked_until_it_is_frozen_and_by_organisers_always():
    frozen = question("room", frozen_from_on=DAY)
    own, gone = question("vip", organisers_only=True), question("old", is_retired=True)
    everything = (frozen, own, gone)
    assert [one.key for one in asked(everything, EVE)] == ["room"]
    assert [one.key for one in asked(everything, DAY)] == []
    assert [one.key for one in asked(everything, DAY, by_organisers=True)] == ["room", "vip"]


def test_question_is_required_from_its_day_on_and_never_of_organisers():
    later = question("size", required_from_on=DAY)
    assert [one.required for one in asked((later,), EVE)] == [False]
    assert [one.required for one in asked((later,), DAY)] == [True]
    assert [one.required for one in asked((later,), DAY, by_organisers=True)] == [False]


def test_missing_is_what_must_be_answered_and_is_shown():
    needed = question("menu", shown_when="dinner", shown_for=("yes",), required=True)
    everything = (DINNER, needed)
    assert missing(everything, {"dinner": ("yes",)}, "guest", DAY)[0].key == "menu"
    assert missing(everything, {"dinner": ("no",)}, "guest", DAY) == ()
    assert missing(everything, {"dinner": ("yes",), "menu": ("fish",)}, "guest", DAY) == ()
