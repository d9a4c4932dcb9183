"""Pure decisions about groups."""

import enum
import hashlib
from dataclasses import dataclass

# So many people on one form.
MAX_PEOPLE = 20


class Choice(enum.StrEnum):
    """What becomes of a group for which there are too few places: as many get one as there are, or all wait for all."""

    SPLIT = "split"
    TOGETHER = "together"


@dataclass(frozen=True)
class Shortage:
    """How many people asked for a place, and how many of them would get one now.

    `full` are the labels of categories without whose limits others of them would get one, too.
    """

    asked: int
    now: int
    full: tuple[str, ...] = ()

    @property
    def waiting(self) -> int:
        return self.asked - self.now


def key_of_person(form_key: str, number: int) -> str:
    """The one-time key of one of the people on a form, so that each is registered once however often it is sent."""
    return hashlib.sha256(f"{form_key}.{number}".encode()).hexdigest()
