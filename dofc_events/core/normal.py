"""Unicode normalisation of what people typed, in time proportional to its length."""

import re
import unicodedata
from typing import Literal

# No script puts more marks on one letter (UAX #15, Stream-Safe Text Format). To put n of them into their order takes
# the library n² steps: 250 KB of marks would hold a process for a minute.
MAX_MARKS = 30
SHORT = 1000


def normal(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """The text in a normal form. A letter keeps at most MAX_MARKS combining marks; the others are dropped."""
    return unicodedata.normalize(form, text if len(text) <= SHORT else _with_few_marks(text))


def shown_name(name: str, longest: int) -> str:
    """A file's name without path and without what cannot be seen, in composed form; letters of every script stay."""
    base = re.split(r"[/\\]", normal("NFC", name))[-1]
    seen = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in base)
    return " ".join(seen.split())[:longest] or "?"


def _with_few_marks(text: str) -> str:
    kept, marks = [], 0
    for c in text:
        marks = marks + 1 if unicodedata.combining(unicodedata.normalize("NFKD", c)[0]) else 0
        if marks <= MAX_MARKS:
            kept.append(c)
    return "".join(kept)
