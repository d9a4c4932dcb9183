"""Named refusals: what a service raises when a rule says no. Views turn them into words."""

import hashlib
import logging
import traceback
from collections.abc import Sequence
from pathlib import Path

# Of what an unforeseen error says, and how many of our own lines that led there.
LONGEST_ERROR = 300
MAX_PLACES = 3


class Refusal(Exception):
    """A rule said no. Nothing has been changed; the unit of work that raised it was rolled back."""


class NotAgreed(Refusal):
    """The act has consequences that the person asking for it has not seen.

    `consequences` are lists of it, of which one or the other may be empty. To agree, send `digest`.
    """

    def __init__(self, consequences: tuple[Sequence[object], ...], digest: str) -> None:
        super().__init__(str(consequences))
        self.consequences, self.digest = consequences, digest


def ask_first(agreed: str, *consequences: Sequence[object]) -> None:
    """Raises NotAgreed if there are any, unless `agreed` is the digest of exactly these, in whatever order."""
    lines = sorted(repr(one) for some in consequences for one in some)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if lines and agreed != digest:
        raise NotAgreed(consequences, digest)


class ChangedMeanwhile(Exception):
    """What is stored is no longer what the act began with: its entry point reads again, and begins anew."""


def without_address(record: logging.LogRecord) -> bool:
    """A filter of the log: the address of a page may be the link that acts for somebody."""
    record.msg = str(record.msg).partition(" /")[0]
    return True


def in_one_line(error: BaseException) -> str:
    """An unforeseen error for the log: what it is, and which lines of ours led there, the nearest first."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:LONGEST_ERROR]
    package = Path(__file__).parent.parent
    ours = [f for f in reversed(traceback.extract_tb(error.__traceback__)) if package in Path(f.filename).parents]
    places = " < ".join(f"{Path(f.filename).relative_to(package)}:{f.lineno}" for f in ours[:MAX_PLACES])
    return f"{type(error).__name__}: {said}" + (f" ({places})" if places else "")
