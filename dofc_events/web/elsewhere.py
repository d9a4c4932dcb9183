"""Links to what other sites do for us: a map, a calendar. Nothing of theirs is loaded before somebody follows one."""

from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlencode


@lru_cache(maxsize=100)
def map_link(*where: str | None) -> str:
    """A link to a map that searches for an address; parts of it may be empty."""
    return f"https://www.openstreetmap.org/search?{urlencode({'query': _in_one(where)})}"


@lru_cache(maxsize=100)
def calendar_links(
    title: str, where: tuple[str | None, ...], starts_at: datetime, ends_at: datetime, zone: str, page: str
) -> dict[str, str]:
    """Where calendars on the web (google, outlook) offer to add an event. `page` is one that anybody may see."""
    first, last = (f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (starts_at, ends_at))
    google = {"action": "TEMPLATE", "text": title, "dates": f"{first}/{last}", "ctz": zone}
    google |= {"location": _in_one(where), "details": page}
    outlook = {"path": "/calendar/action/compose", "rru": "addevent", "subject": title, "location": _in_one(where)}
    outlook |= {"startdt": _zulu(starts_at), "enddt": _zulu(ends_at), "body": page}
    return {
        "google": f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        "outlook": f"https://outlook.office.com/calendar/0/action/compose?{urlencode(outlook)}",
    }


def _in_one(where: tuple[str | None, ...]) -> str:
    return ", ".join(part for part in where if part)


def _zulu(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
