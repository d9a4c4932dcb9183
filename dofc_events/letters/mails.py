"""A letter as one delegate gets it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from dofc_events.conference.mails import edition_message
from dofc_events.conference.service import at_place_and_time
from dofc_events.delegates.queries import token_of
from dofc_events.extensions import settings
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import good_until
from dofc_events.letters.rules import LINK, Anchor, filled, is_reminder
from dofc_events.mail.envelope import Envelope, StoredFile
from dofc_events.mail.render import link
from dofc_events.mail.rules import ANNOUNCEMENT, REMINDER, deliverable
from dofc_events.notices.mails import Standing, edition_changed
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.queries import TripStanding
from dofc_events.web.dates import day_range, deadline
from dofc_events.web.markdown import plain_text, render_markdown

# What stands in a letter while its Markdown is turned into HTML. Only then the values come in, so that nothing that
# delegates wrote is ever read as Markdown. No such address exists (RFC 2606), nobody types such characters.
_ADDRESS = "https://own-page.invalid"
_LINK_TO_OWN_PAGE = re.compile(r"\]\(\s*\{" + LINK + r"\}\s*\)")
_ATTRIBUTE = re.compile(r' (href|title)="([^"]*)"')
# After these an address begins, also for whoever reads a text without marks.
BEFORE_AN_ADDRESS = ("", " ", "\n", "<", "(", "[", "“", "„", '"')
_MARKED = re.compile("\ue000([^\ue000\ue001]+)\ue001|" + re.escape(_ADDRESS))


def letter_to(letter: Letter, standing: Standing) -> Envelope:
    """The message that a letter is to one delegate, in the delegate's language where it is ours."""
    registration, edition = standing.registration, standing.edition
    with force_locale(registration.language):
        values = values_for(standing)
    site = settings().base_url
    html, text = as_html(letter.body, values, site), as_text(letter.body, values, site)
    if letter.before:
        was = at_place_and_time(letter.before)
        return replace(edition_changed(standing, was, ANNOUNCEMENT, text, html), expires_at=good_until(letter))
    return edition_message(
        edition,
        "letters/letter",
        kind=REMINDER if is_reminder(Anchor(letter.anchor), letter.anchor_days) else ANNOUNCEMENT,
        language=registration.language,
        recipient=deliverable(registration.email),
        recipient_name=registration.reader_name,
        about=registration.reference,
        expires_at=good_until(letter),
        # A subject is shown where nobody expects a secret.
        subject=filled(letter.subject, {**values, LINK: ""}),
        said_text=text,
        said_html=html,
        attachments=[StoredFile(one.name, one.media_type, one.content_hash) for one in letter.attachments],
        reference=registration.reference,
        own_page=values[LINK],
    )


def values_for(standing: Standing) -> dict[str, str]:
    """What PLACEHOLDERS stand for, for one delegate, in the language that is set."""
    registration, edition = standing.registration, standing.edition
    closes_at = edition.registration_closes_at
    own = {one.field: one.words for one in standing.answers if not one.organisers_only}
    held = [seat for seat in standing.trips if seat.is_live and not seat.trip.cancelled_at]
    return {
        "given_name": registration.greeted_as,
        "full_name": registration.full_name,
        "organisation": registration.organisation,
        "category": registration.category.label,
        "reference": registration.reference,
        "place": _place(standing),
        "trips": ", ".join(f"{seat.trip.title} ({_seat(seat)})" for seat in held) or _("none"),
        "own_page": link("registration.own.own", token=token_of(registration)),
        "edition": edition.name,
        "dates": day_range(edition.starts_on, edition.ends_on) if edition.starts_on else _("not fixed yet"),
        "city": edition.city,
        "venue": ", ".join(part for part in (edition.venue, edition.venue_address) if part) or _("not fixed yet"),
        "closes": deadline(closes_at, edition.zone) if closes_at else _("not fixed yet"),
        **own,
    }


def as_html(body: str, values: Mapping[str, str], site: str) -> Markup:
    """Markdown as sanitised HTML, with the placeholders filled in; what a value says is text.

    `site` is what addresses of our own pages begin with.
    """
    html = _ATTRIBUTE.sub(_whole_or_nothing, str(render_markdown(_marked(body, values), site)))
    filled_in = _MARKED.sub(lambda found: str(escape(values[found[1] or LINK])), html)
    return Markup(filled_in)  # noqa: S704  (sanitised before the values came in, which are escaped)


def as_text(body: str, values: Mapping[str, str], site: str) -> str:
    """A letter as plain text, with `values` filled in."""
    text = plain_text(_marked(body, values), site)

    def fill(found: re.Match[str]) -> str:
        value, before = values.get(found[1] or LINK, ""), text[: found.start()][-1:]
        # Email programs make one address of all that stands together.
        return value if found[1] or before in BEFORE_AN_ADDRESS else f" {value}"

    return _MARKED.sub(fill, text)


def _whole_or_nothing(attribute: re.Match[str]) -> str:
    """The link that acts for a delegate leads to our page, and is no part of an address that leads elsewhere."""
    is_whole = attribute[1] == "href" and attribute[2] == _ADDRESS
    return attribute[0] if is_whole or not _MARKED.search(attribute[2]) else ""


def _marked(body: str, names: Iterable[str]) -> str:
    typed = _MARKED.sub("", body)
    marks = {name: f"\ue000{name}\ue001" for name in names} | {LINK: f"<{_ADDRESS}>"}
    return filled(_LINK_TO_OWN_PAGE.sub(f"]({_ADDRESS})", typed), marks)


def _place(standing: Standing) -> str:
    until = standing.claim.offered_until
    words: str = _("cancelled")
    if standing.status is ClaimStatus.CONFIRMED:
        words = _("confirmed")
    elif standing.status is ClaimStatus.WAITLISTED:
        words = _("on the waiting list, number %(number)d", number=standing.position)
    elif standing.status is ClaimStatus.REQUESTED:
        words = _("requested; the organisers will decide")
    elif until:
        words = _("offered until %(time)s", time=deadline(until, standing.edition.zone))
    elif standing.status is ClaimStatus.EXPIRED:
        words = _("none: the offer lapsed, or the waiting list was closed")
    return words


def _seat(seat: TripStanding) -> str:
    words: dict[str, str] = {
        ClaimStatus.CONFIRMED: _("seat confirmed"),
        ClaimStatus.OFFERED: _("seat offered"),
        ClaimStatus.WAITLISTED: _("on the waiting list"),
        ClaimStatus.REQUESTED: _("requested"),
    }
    return words[seat.status]
