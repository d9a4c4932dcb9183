"""Roles, and pure decisions about what they allow."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

SIGN_IN_LINK_LASTS = timedelta(minutes=10)
# How long somebody stays signed in, and how long without opening a page.
SESSION_LASTS = timedelta(hours=12)
IDLE_LASTS = timedelta(hours=2)
# How often a browser's cookie says anew when it was last used.
USE_NOTED_EVERY = timedelta(minutes=5)

# What browsers and systems call themselves, those first that also give another one's name.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


class RoleName(enum.StrEnum):
    CHAIR = "chair"
    ORGANISER = "organiser"
    DESK = "desk"
    MEMBER = "member"
    BOARD = "board"


class Awaited(enum.StrEnum):
    """What somebody who has used a sign-in link has to do before they are signed in."""

    FACTOR = "factor"
    SET_UP = "set_up"


class Access(enum.StrEnum):
    """What an account gets for a page: the page, a refusal, or an answer that does not reveal that the page exists."""

    GRANTED = "granted"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Grant:
    """One role of one account; organiser and desk belong to an edition, member and board to an organisation."""

    role: RoleName
    edition_id: int | None = None
    organisation_id: int | None = None


EDITION_ROLES = (RoleName.ORGANISER, RoleName.DESK)
MEMBER_ROLES = (RoleName.MEMBER, RoleName.BOARD)


def includes_chair(grants: Iterable[Grant]) -> bool:
    """Whether these are the grants of a chair of the network."""
    return any(g.role is RoleName.CHAIR for g in grants)


def access_to_edition(grants: Iterable[Grant], edition_id: int, allowed: Iterable[RoleName]) -> Access:
    """Whether an account with these grants may see a page of an edition that `allowed` roles may see.

    The chair may see everything. People who work for another edition do not learn that this one has such a page.
    """
    grants = list(grants)
    if includes_chair(grants):
        return Access.GRANTED
    here = [g for g in grants if g.role in EDITION_ROLES and g.edition_id == edition_id]
    if any(g.role in allowed for g in here):
        return Access.GRANTED
    works_elsewhere = any(g.role in EDITION_ROLES for g in grants) and not here
    return Access.HIDDEN if works_elsewhere else Access.FORBIDDEN


def audit_name(account_id: int) -> str:
    """An account's name in the audit trail."""
    return f"account-{account_id}"


def browser_name(user_agent: str) -> str:
    """A browser as its owner would recognise it: "Firefox, Windows"; empty if it does not say."""
    kinds = (next((name for mark, name in kind.items() if mark in user_agent), "") for kind in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, kinds))


def is_local_path(address: str) -> bool:
    """Whether an address stays on this site wherever a browser is sent with it.

    Browsers read a backslash as a slash and drop tabs and line breaks (WHATWG URL standard, section 4.4), so that
    `/\\host` and `/<tab>/host` lead to another site just as `//host` does.
    """
    return (
        address.startswith("/")
        and not address.startswith("//")
        and not any(c == "\\" or ord(c) < 32 or ord(c) == 127 for c in address)
    )
