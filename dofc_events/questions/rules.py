"""An edition's own questions as everything reads them, and who is asked which."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

# What was answered, by the question's key: an option's key, the keys of several, or the one text. Nothing is ().
Answers = Mapping[str, tuple[str, ...]]

# The `name` of a question's field in forms and in addresses, of its column in files begins so.
FIELD = "question-"
LONGEST_KEY = 40
LONGEST_TEXT, LONGEST_LONG_TEXT = 300, 3000
LARGEST_NUMBER = 999_999_999


class Kind(enum.StrEnum):
    """What is asked for. Stored, and in addresses: no word may ever mean something else."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    NUMBER = "number"
    CHOICE = "choice"
    SEVERAL = "several"
    DATE = "date"
    YES_NO = "yes-no"
    FILE = "file"


# With options of its own.
PICKED = (Kind.CHOICE, Kind.SEVERAL)
# Answered by a key.
KEYED = (*PICKED, Kind.YES_NO)
YES, NO = "yes", "no"
# Who is looked for by an answer: whoever gave any, or none.
ANY, NONE = "*", "-"
# After the caption of an option in our files: whoever waits for a place of it.
WAITS = " (waiting)"
# After the key of an option: whoever waits for a place of it. Before a day: whoever answered with it.
WAITING, ON = ":waiting", "on:"


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from. A retired one is no longer offered, but still shown to people who chose it.

    With a `waiting_list`, people who choose it when its places are taken wait for one.
    """

    id: int
    key: str
    caption: str
    is_retired: bool
    waiting_list: bool = False


@dataclass(frozen=True)
class OwnQuestion:
    """A question of an edition's.

    It is for these `categories` (none: for all), and where the question `shown_when` (none: always) is answered with
    one of `shown_for`. It must be answered if it is `required`, or from the day `required_from_on`; from the day
    `frozen_from_on` only organisers answer it.
    """

    id: int
    key: str
    kind: Kind
    caption: str
    hint: str
    categories: tuple[str, ...] = ()
    shown_when: str = ""
    shown_for: tuple[str, ...] = ()
    required: bool = False
    required_from_on: date | None = None
    frozen_from_on: date | None = None
    organisers_only: bool = False
    is_retired: bool = False
    options: tuple[Option, ...] = ()

    @property
    def field(self) -> str:
        """The name of its field in forms."""
        return f"{FIELD}{self.key}"

    @property
    def change(self) -> str:
        """What a change of its answer is called in the trail: with the caption, which may be another one later."""
        return f"{self.field} {self.caption}"

    @property
    def answers(self) -> tuple[str, ...]:
        """The keys that answer it, where it is answered by one."""
        return (YES, NO) if self.kind is Kind.YES_NO else tuple(option.key for option in self.options)

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)


def caption_in(change: str) -> str:
    """What the question asked whose answer was changed; "" if it was no question's. See `OwnQuestion.change`."""
    return change.partition(" ")[2] if change.startswith(FIELD) else ""


def introducing(words: str) -> str:
    """What something is called, before what is said of it: a question has its own sign."""
    return words if words.endswith("?") else f"{words}:"


def pairs_in(text: str) -> list[tuple[str, str]]:
    """What a list is narrowed to by answers: "hotel:single dinner:yes" are two questions with the answer to each."""
    pairs = (part.partition(":") for part in text.split())
    return [(key, answer) for key, _colon, answer in pairs if key and answer]


def asked(questions: Iterable[OwnQuestion], on: date, *, by_organisers: bool = False) -> tuple[OwnQuestion, ...]:
    """The questions that a form asks on a day, `required` as they are then; organisers are never required to answer."""
    offered = (
        one
        for one in questions
        if not one.is_retired and (by_organisers or not (one.organisers_only or is_frozen(one, on)))
    )
    pairs = ((one, not by_organisers and is_required(one, on)) for one in offered)
    return tuple(one if one.required == required else replace(one, required=required) for one, required in pairs)


def still_offered(questions: Iterable[OwnQuestion], answers: Answers) -> dict[str, tuple[str, ...]]:
    """Of these answers what can still be given: neither to a question that was retired, nor an option that was."""
    found = {}
    for one in questions:
        retired = {option.key for option in one.options if option.is_retired}
        values = tuple(value for value in answers.get(one.key, ()) if value not in retired)
        if values and not one.is_retired:
            found[one.key] = values
    return found


def is_required(question: OwnQuestion, on: date) -> bool:
    """Whether a delegate must answer it on that day."""
    starts = question.required_from_on
    return not question.organisers_only and (question.required or (starts is not None and on >= starts))


def is_frozen(question: OwnQuestion, on: date) -> bool:
    """Whether delegates can no longer answer it on that day."""
    return question.frozen_from_on is not None and on >= question.frozen_from_on


def shown(questions: Sequence[OwnQuestion], answers: Answers, category: str) -> frozenset[str]:
    """The keys of the questions that somebody of this category who answered so is shown.

    What is shown when another is answered comes after it.
    """
    found: set[str] = set()
    for one in questions:
        is_met = not one.shown_when or (
            one.shown_when in found and not {*one.shown_for}.isdisjoint(answers.get(one.shown_when, ()))
        )
        if is_met and (not one.categories or category in one.categories):
            found.add(one.key)
    return frozenset(found)


def waited_for(questions: Sequence[OwnQuestion], one: OwnQuestion) -> tuple[str, ...]:
    """The options for which people may still wait who are asked this question, because it depends on them."""
    found: list[str] = []
    by_key = {known.key: known for known in questions}
    while parent := by_key.get(one.shown_when):
        found += [option.caption for option in parent.options if option.waiting_list and option.key in one.shown_for]
        one = parent
    return tuple(found)


def missing(questions: Sequence[OwnQuestion], answers: Answers, category: str, on: date) -> tuple[OwnQuestion, ...]:
    """What somebody must still answer on that day, and can."""
    visible = shown(questions, answers, category)
    return tuple(
        one for one in asked(questions, on) if one.required and one.key in visible and not answers.get(one.key)
    )


def files_asked(
    questions: Sequence[OwnQuestion], answers: Answers, category: str, on: date, *, by_organisers: bool = False
) -> tuple[OwnQuestion, ...]:
    """The questions that somebody can answer with a file on that day, or organisers for them."""
    visible = shown(questions, answers, category)
    now_asked = asked(questions, on, by_organisers=by_organisers)
    return tuple(one for one in now_asked if one.kind is Kind.FILE and one.key in visible)
