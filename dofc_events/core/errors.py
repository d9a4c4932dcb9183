"""Named refusals: what a service raises when a rule says no. Views turn them into words."""

import hashlib
import logging
import traceback
from collections.abc import Sequence
from pathlib import Path

# Limits for the log: characters of an unforeseen error's message, and lines of our code that led to it.
LONGEST_ERROR = 300
MAX_PLACES = 3


class Refusal(Exception):
    """A rule said no. Nothing has been changed; the unit of work that raised it was rolled back."""


class NotAgreed(Refusal):
    """The act has consequences that the person has not seen yet.

    `consequences` has a list for each kind; some may be empty. The person agrees by sending `digest` with the act.
    """

    def __init__(self, consequences: tuple[Sequence[object], ...], digest: str) -> None:
        super().__init__(str(consequences))
        self.consequences, self.digest = consequences, digest


def ask_first(agreed: str, *consequences: Sequence[object]) -> None:
    """Raise NotAgreed if there are consequences, unless `agreed` is the digest of exactly these, in any order."""
    lines = sorted(repr(one) for some in consequences for one in some)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if lines and agreed != digest:
        raise NotAgreed(consequences, digest)


class RequestLost(Exception):
    """There was no room for what was sent: it is lost, and nothing has been done. The same may succeed in a minute."""


class ChangedMeanwhile(Exception):
    """What is stored has changed since the act read it. Its entry point reads again and starts over."""


def without_address(record: logging.LogRecord) -> bool:
    """A log filter that removes page addresses, as they may be links that act for a person."""
    record.msg = str(record.msg).partition(" /")[0]
    return True


def in_one_line(error: BaseException) -> str:
    """An unforeseen error as one line of log: the error, and the lines of our code that led to it, innermost first."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:LONGEST_ERROR]
    package = Path(__file__).parent.parent
    ours = [f for f in reversed(traceback.extract_tb(error.__traceback__)) if package in Path(f.filename).parents]
    places = " < ".join(f"{Path(f.filename).relative_to(package)}:{f.lineno}" for f in ours[:MAX_PLACES])
    return f"{type(error).__name__}: {said}" + (f" ({places})" if places else "")
