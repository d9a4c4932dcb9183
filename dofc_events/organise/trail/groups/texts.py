"""The acts of groups and delegations, and the words for each."""

from collections.abc import Callable

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dofc_events.organise.trail.acts.texts import Act, Said
from dofc_events.organise.trail.changes.texts import in_words
from dofc_events.web.dates import as_recorded


def _group_registered(said: Said) -> str:
    text: str = ngettext(
        "Registered %(num)d person as a group, %(waiting)d of them on the waiting list",
        "Registered %(num)d people as a group, %(waiting)d of them on the waiting list",
        said["number"],
        waiting=said["waiting"],
    )
    return text


def _places_promised(said: Said) -> str:
    text: str = ngettext(
        "Promised %(num)d place to %(organisation)s until %(until)s",
        "Promised %(num)d places to %(organisation)s until %(until)s",
        said["number"],
        organisation=said["organisation"],
        until=as_recorded(said["until"], said.edition.zone),
    )
    return text


def _ended(words: object) -> Callable[[Said], str]:
    def tell(said: Said) -> str:
        numbers = ngettext(
            "%(used)d used, %(num)d went to others",
            "%(used)d used, %(num)d went to others",
            said["number"],
            used=said["used"],
        )
        return str(words) % {"organisation": said["organisation"], "numbers": numbers}

    return tell


def _given_back(said: Said) -> str:
    text: str = ngettext("Gave back %(num)d promised place", "Gave back %(num)d promised places", said["number"])
    return text


def _people_invited(said: Said) -> str:
    text: str = ngettext("Invited %(num)d person", "Invited %(num)d people", said["number"])
    return text


def _changes(said: Said) -> list[str]:
    return in_words(said.changes, said.edition)


GROUP_ACTS = {
    "group_registered": Act(_l("Group registered"), _group_registered),
    "contact_changed": Act(_l("Contact of a group changed"), _l("Another contact was given for a group"), _changes),
    "places_promised": Act(_l("Places promised"), _places_promised),
    "promise_changed": Act(_l("Promise changed"), _l("The promise to a delegation was changed"), _changes),
    "promise_withdrawn": Act(
        _l("Promise withdrawn"), _ended(_l("Withdrew the promise to %(organisation)s. %(numbers)s"))
    ),
    "promise_ended": Act(_l("Promise ended"), _ended(_l("The promise to %(organisation)s ended. %(numbers)s"))),
    "places_given_back": Act(_l("Places given back"), _given_back),
    "people_invited": Act(_l("People invited"), _people_invited),
    "invitation_reminded": Act(_l("Invitation repeated"), _l("Somebody was reminded of an invitation")),
    "invitation_taken_back": Act(_l("Invitation taken back"), _l("An invitation was taken back")),
}
