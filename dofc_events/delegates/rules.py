"""Pure decisions about delegates."""

import unicodedata
from datetime import datetime

from dofc_events.core.countries import FAMILY_NAME_FIRST
from dofc_events.core.normal import normal

# Letters that Unicode does not take apart, as keyboards without them write them; a capital is folded first.
_PLAIN = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})

# How the address keys of people begin whose names have been removed; no address begins so.
GONE_KEY = "gone-"


def folded(text: str) -> str:
    """Text as the search compares it: without case and accents, in compatibility composition (NFKC).

    People type names as they hear them, or as their keyboard allows; typing fewer marks finds more.
    """
    plain = _taken_apart(_taken_apart(text).casefold()).translate(_PLAIN)
    return normal("NFKC", plain)


def is_gone(email_key: str | None) -> bool:
    """Whether an address key says that what named the person has been removed."""
    return email_key is not None and email_key.startswith(GONE_KEY)


def full_name(given_name: str, family_name: str, country: str) -> str:
    """A name as the person's country writes it: where the family name comes first, and where no space parts the two."""
    if country not in FAMILY_NAME_FIRST:
        return f"{given_name} {family_name}".strip()
    parts_are_one = all(map(_has_no_spaces, family_name[-1:] + given_name[:1]))
    return f"{family_name}{'' if parts_are_one else ' '}{given_name}".strip()


def greeted_as(given_name: str, family_name: str, country: str) -> str:
    """How somebody is addressed: by the given name, or by the whole one where the family name comes first."""
    return full_name(given_name, family_name, country) if country in FAMILY_NAME_FIRST else given_name


def _has_no_spaces(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("CJK ", "HANGUL ", "HIRAGANA ", "KATAKANA "))


def called_out(family_name: str, given_name: str) -> tuple[str, str]:
    """A name as it is called out, where people are put in order: the family name, or the only one that there is."""
    return family_name or given_name, given_name


def details_are_frozen(freezes_at: datetime | None, is_over: bool, has_ended: bool, now: datetime) -> bool:
    """Whether a delegate's details are read-only: after the freeze date, after the edition, after cancelling."""
    return has_ended or is_over or (freezes_at is not None and now >= freezes_at)


def _taken_apart(text: str) -> str:
    """Compatibility decomposition (NFKD) without the marks."""
    return "".join(c for c in normal("NFKD", text) if not unicodedata.combining(c))
