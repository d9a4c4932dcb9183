"""The changes of an act, in words: the names of fields, with old and new values."""

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import TripMode
from dofc_events.core.changes import Difference
from dofc_events.core.countries import country_codes, country_name
from dofc_events.memory.editions.rules import FACTS
from dofc_events.memory.outcomes.rules import OutcomeKind, OutcomeStatus
from dofc_events.memory.photographs.rules import Licence
from dofc_events.privacy.texts import PERIODS
from dofc_events.questions.rules import caption_in, introducing
from dofc_events.web.dates import as_recorded

FIELDS_OF_PEOPLE = {
    "given_name": _l("Given name"),
    "family_name": _l("Family name"),
    "badge_name": _l("Name on the badge"),
    "organisation": _l("Organisation"),
    "job_title": _l("Job title"),
    "country": _l("Country"),
    "phone": _l("Mobile phone"),
    "category": _l("Category"),
    "dietary": _l("Dietary needs"),
    "access_needs": _l("Access needs"),
    "visa_letter": _l("Invitation letter"),
    "photo_consent": _l("Photographs"),
}
FIELDS = (
    PERIODS
    | FIELDS_OF_PEOPLE
    | {
        "city": _l("City"),
        "venue": _l("Venue"),
        "venue_address": _l("Address of the venue"),
        "zone": _l("Time zone"),
        "starts_on": _l("First day"),
        "starts_at": _l("Begins"),
        "ends_on": _l("Last day"),
        "ends_at": _l("Ends"),
        "summary": _l("Summary"),
        "programme": _l("Programme"),
        "cost": _l("Cost"),
        "languages": _l("Language"),
        "dress": _l("Dress code"),
        "faq": _l("Questions and answers"),
        "registration_opens_at": _l("Registration opens"),
        "registration_closes_at": _l("Registration closes"),
        "freezes_at": _l("Details can be changed until"),
        "offer_hours": _l("Hours an offer is held"),
        "confirms_places": _l("Places are confirmed by email"),
        "registers_at_door": _l("The desk can register people"),
        "companions": _l("Accompanying persons"),
        "companion_category": _l("Category of accompanying persons"),
        "takes_companions": _l("Accompanying persons can come along"),
        "contact_name": _l("Contact name"),
        "contact_email": _l("Contact email address"),
        "photograph_caption": _l("Caption"),
        "alternative": _l("Alternative text"),
        "photographer": _l("Photographer"),
        "licence": _l("Licence"),
        "people_agreed": _l("Those who can be recognised agreed"),
        "email": _l("Email address"),
        "places": _l("Places"),
        "until": _l("Kept until"),
        "title": _l("Title"),
        "description": _l("Description"),
        "hosts": _l("Hosts"),
        "meeting_point": _l("Meeting point"),
        "minimum": _l("Minimum number of participants"),
        "bring": _l("What to bring"),
        "owner": _l("Who sees to it"),
        "due_on": _l("By when"),
        "accessibility": _l("Accessibility"),
        "walking": _l("A lot of walking"),
        "needs_dietary": _l("Manifest shows dietary needs"),
        "needs_access": _l("Manifest shows access needs"),
        "capacity": _l("Seats"),
        "trip_mode": _l("Seats are given"),
        "caption": _l("Question"),
        "hint": _l("Hint"),
        "categories": _l("Only for categories"),
        "shown_when": _l("Depends on"),
        "shown_for": _l("Depends on the answers"),
        "required": _l("Must be answered"),
        "required_from_on": _l("Must be answered from"),
        "frozen_from_on": _l("Can no longer be answered from"),
        "organisers_only": _l("For organisers only"),
        "options": _l("Options"),
        "trips_open_at": _l("Sign-up opens"),
        "trips_close_at": _l("Sign-up closes"),
        "kind": _l("Kind"),
        "year": _l("Year"),
        "agreed_on": _l("Date"),
        "addressed_to": _l("Addressed to"),
        "text": _l("Text"),
        "first_status": _l("First status"),
        "source": _l("Source"),
        "sources": _l("Sources"),
        "parties": _l("Participants"),
        "follow_up": _l("Follow-up"),
        "is_published": _l("Published"),
        "write_up": _l("How it went"),
        "ordinal": _l("Number in the series"),
        "organisers": _l("Organised by"),
        "proposed_by": _l("Proposed by"),
        "attendance_at_least": _l("Delegates, at least"),
        "speakers": _l("Speakers"),
        "had_learning_trips": _l("Learning trips"),
        "countries": _l("Countries"),
    }
)
# Values of which the trail has the word that the code knows.
WORDS: dict[str, dict[Any, Any]] = {
    "trip_mode": {TripMode.DRAW: _l("by a draw"), TripMode.FIRST_COME: _l("first come, first served")},
    "kind": {
        OutcomeKind.MEMORANDUM: _l("Memorandum"),
        OutcomeKind.DECLARATION: _l("Declaration"),
        OutcomeKind.AGREEMENT: _l("Agreement"),
        OutcomeKind.NETWORK: _l("Network"),
        OutcomeKind.MILESTONE: _l("Milestone"),
    },
    "first_status": {
        OutcomeStatus.OPEN: _l("Open"),
        OutcomeStatus.IN_FORCE: _l("In force"),
        OutcomeStatus.ENDED: _l("Ended"),
    },
    "licence": {Licence.RESERVED: _l("All rights reserved")},
}
# What is one country or more of them, alone or among other names.
OF_COUNTRIES = ("country", "countries", "countries_edition_unknown", "parties")
LONGEST_TEXT, CUT = 200, "..."
# Before the source of a fact, what it is the source of.
FACT = re.compile(rf"(^|; )({'|'.join(FACTS)}): ")


def in_words(changes: Difference, edition: Edition) -> list[str]:
    """Each field of an edition, a trip or a registration that was changed, from what to what."""
    return [
        _(
            "%(field)s %(before)s → %(after)s",
            field=introducing(caption_in(name) or str(FIELDS.get(name, name))),
            before=_value(name, before, edition),
            after=_value(name, after, edition),
        )
        for name, (before, after) in changes.items()
    ]


def from_to(before: Any, after: Any) -> list[str]:
    """What an act that changes only one thing changed: from which value to which, without a field's name."""
    return [_("%(before)s → %(after)s", before=before or _("nothing"), after=after or _("nothing"))]


def named_countries(values: Iterable[Any]) -> list[str]:
    """These with the names of countries in place of their codes; whatever is no code as it is."""
    known, language = country_codes(), get_locale().language
    return [country_name(one, language) if one in known else str(one) for one in values]


def _value(name: str, value: Any, edition: Edition) -> Any:
    if value is True or value is False:
        return _("yes") if value else _("no")
    if value in (None, "", []):
        return _("nothing")
    if name in OF_COUNTRIES:
        return "; ".join(named_countries(value if isinstance(value, list) else str(value).split("; ")))
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    if name == "sources":
        value = FACT.sub(lambda found: f"{found[1]}{FIELDS[found[2]]}: ", value)
    if name == "category":
        return next((category.label for category in edition.categories if category.slug == value), value)
    if name in WORDS:
        return WORDS[name].get(value, value)
    if name.endswith(("_at", "_on")) or name == "until":
        return as_recorded(value, edition.zone)
    # What people said of themselves is short, and needed in full; what is said of an edition or a trip may be long.
    if name in FIELDS_OF_PEOPLE or caption_in(name) or not isinstance(value, str) or len(value) <= LONGEST_TEXT:
        return value
    return value[: LONGEST_TEXT - len(CUT)].rsplit(" ", 1)[0] + CUT
