"""Which secrets organisers do not see."""

import re
from datetime import MAXYEAR, MINYEAR, date, datetime
from html import unescape
from typing import Any

# The part of an address that acts for a person, after the path of each page that takes one.
# Below an edition `/groups/` has references, which are no secret.
_ACTING = (
    r"/(?:registrations|my-data|sign-in|hosting/(?:vote|co-host|proposals))/"
    r"|(?<!/\d{4})/groups/(?:(?:join|with|companions)/)?"
)
_SECRET = re.compile(rf"({_ACTING})[^/\s\"'<>?#&\\)\]]+")


_LINK = re.compile(r"""\s(?:href|xlink:href|action|formaction)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)


HIDDEN = "…"


def masked(text: str) -> str:
    """The text with the secret of every link that acts for a person replaced: nobody else may use it."""
    return _SECRET.sub(rf"\1{HIDDEN}", text)


def masked_details(details: Any) -> Any:
    """As `masked`, for everything in an entry of the trail, however deep."""
    if isinstance(details, dict):
        return {name: masked_details(value) for name, value in details.items()}
    if isinstance(details, list):
        return [masked_details(value) for value in details]
    return masked(details) if isinstance(details, str) else details


def masked_html(html: str) -> str:
    """HTML with its acting links masked, and leading nowhere."""
    return masked(_LINK.sub(_without_secret, html))


def _without_secret(attribute: re.Match[str]) -> str:
    return "" if _SECRET.search(unescape(attribute[1])) else attribute[0]


def is_moment(text: str) -> bool:
    """Whether a text is a moment in ISO 8601 with its offset, away from the ends of the calendar."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and MINYEAR < moment.year < MAXYEAR


def is_day(text: str) -> bool:
    """Whether a text is a day in ISO 8601."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
