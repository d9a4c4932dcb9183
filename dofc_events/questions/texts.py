"""Answers in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from dofc_events.questions.rules import FIELD, YES, Answers, Kind, OwnQuestion
from dofc_events.web.dates import day


@dataclass(frozen=True)
class Answered:
    """An answer to a question: the keys of options with their captions, or the text as stored.

    `waiting` are the keys of options for which the person is on the waiting list.
    """

    key: str
    kind: Kind
    caption: str
    organisers_only: bool
    values: tuple[str, ...]
    captions: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The name of the question's field."""
        return f"{FIELD}{self.key}"

    @property
    def words(self) -> str:
        """The answer as people read it."""
        if self.kind is Kind.YES_NO:
            return str(_("Yes") if self.values == (YES,) else _("No"))
        if self.kind is Kind.DATE:
            return day(date.fromisoformat(self.values[0]))
        if not self.captions:
            return ", ".join(self.values)
        pairs = zip(self.values, self.captions, strict=True)
        return ", ".join(waiting_for(caption) if key in self.waiting else caption for key, caption in pairs)


def waiting_for(caption: str) -> str:
    """The words for an option that somebody is on the waiting list for."""
    return str(_("%(option)s (waiting list)", option=caption))


def in_words(questions: Iterable[OwnQuestion], answers: Answers) -> tuple[Answered, ...]:
    """What was answered, in the order of the questions."""
    return tuple(
        Answered(
            key=one.key,
            kind=one.kind,
            caption=one.caption,
            organisers_only=one.organisers_only,
            values=answers[one.key],
            captions=tuple(option.caption for option in one.options if option.key in answers[one.key]),
        )
        for one in questions
        if answers.get(one.key)
    )
