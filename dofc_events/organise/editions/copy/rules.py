"""What a copied text still says of the edition that it was written for."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

MAX_FOUND = 5

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAYS = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:\s?(?:-|–|to|and)\s?(?P<last>\d{1,2})(?:st|nd|rd|th)?)?"
# "21 May", "21–23 May", "21st of May"; "May 21"; "21.5.", "21/05"; "2027-05-21".
_WRITTEN = [
    re.compile(rf"\b{_DAYS}\s(?:of\s)?{_MONTH}\b", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s{_DAYS}\b", re.IGNORECASE),
    re.compile(r"\b(?P<day>\d{1,2})[./]\s?(?P<number>\d{1,2})\b"),
    re.compile(r"\b\d{4}-(?P<number>\d{2})-(?P<day>\d{2})\b"),
]


@dataclass(frozen=True)
class Former:
    """What is no longer so: words, and days of the year."""

    words: tuple[str, ...]
    days: frozenset[tuple[int, int]]


def former(
    words: Collection[object], words_now: Collection[object], days: Collection[date], days_now: Collection[date]
) -> Former:
    """The words and days that there were and are no more."""
    said = {str(word).casefold() for word in words_now if word}
    gone = tuple(dict.fromkeys(str(word) for word in words if word and str(word).casefold() not in said))
    return Former(gone, frozenset(_of_the_year(days) - _of_the_year(days_now)))


def mentions(text: str, once: Former) -> tuple[str, ...]:
    """The words and dates of a text that are no longer so, as they stand in it; the first few."""
    found = [match for word in once.words for match in _whole(word, text)]
    found += [match for written in _WRITTEN for match in written.finditer(text) if once.days.intersection(_days(match))]
    found.sort(key=re.Match.start)
    return tuple(dict.fromkeys(match[0] for match in found))[:MAX_FOUND]


def _whole(word: str, text: str) -> Iterator[re.Match[str]]:
    return re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)


def _days(match: re.Match[str]) -> set[tuple[int, int]]:
    said = match.groupdict()
    month = _MONTHS.index(said["month"][:3].casefold()) + 1 if said.get("month") else int(said["number"])
    return {(int(day), month) for day in (said["day"], said.get("last")) if day}


def _of_the_year(days: Collection[date]) -> set[tuple[int, int]]:
    return {(day.day, day.month) for day in days}
