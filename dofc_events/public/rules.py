"""What search engines read of the public pages, in the words of schema.org."""

from typing import Any

Thing = dict[str, Any]


def organization(name: str, url: str, picture: str) -> Thing:
    """The network that holds the conference."""
    return _thing("Organization", name=name, alternateName="Days of Clusters", url=url, logo=picture)


def event(
    *,
    name: str,
    url: str,
    picture: str,
    description: str,
    starts: str,
    ends: str,
    venue: str | None,
    street: str | None,
    city: str,
    country: str,
    organisers: list[str],
    called_off: bool,
) -> Thing:
    """An edition. `starts` and `ends` are days or moments in ISO 8601, `country` its code in ISO 3166-1."""
    address = _part("PostalAddress", streetAddress=street, addressLocality=city, addressCountry=country)
    return _thing(
        "Event",
        name=name,
        url=url,
        image=picture,
        description=description,
        startDate=starts,
        endDate=ends,
        eventStatus=f"https://schema.org/Event{'Cancelled' if called_off else 'Scheduled'}",
        eventAttendanceMode="https://schema.org/OfflineEventAttendanceMode",
        location=_part("Place", name=venue or city, address=address),
        organizer=[_part("Organization", name=one) for one in organisers],
    )


def _thing(kind: str, **said: Any) -> Thing:
    return {"@context": "https://schema.org", **_part(kind, **said)}


def _part(kind: str, **said: Any) -> Thing:
    """What is not known is not said."""
    return {"@type": kind, **{name: value for name, value in said.items() if value}}
