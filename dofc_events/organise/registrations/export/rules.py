"""Delegates' needs, counted."""

from collections.abc import Iterable
from dataclasses import dataclass

from dofc_events.core.order import sort_key


@dataclass(frozen=True)
class Need:
    """A need of this many people, in the words of most of them."""

    text: str
    people: int


def grouped(said: Iterable[tuple[str, int]]) -> list[Need]:
    """Answers, each with the number of people who gave it, as one need wherever they differ in case alone.

    What most people need comes first. Blank answers are nobody's need.
    """
    spellings: dict[str, list[Need]] = {}
    for text, people in said:
        if text.strip():
            spellings.setdefault(text.strip().casefold(), []).append(Need(text.strip(), people))
    needs = [
        Need(max(alike, key=lambda need: (need.people, need.text)).text, sum(need.people for need in alike))
        for alike in spellings.values()
    ]
    return sorted(needs, key=lambda need: (-need.people, sort_key(need.text)))
