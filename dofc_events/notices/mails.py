"""What we say to delegates. One function an event, named like its folder under templates/email/notices/."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from dofc_events.conference.mails import edition_message
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Window
from dofc_events.core.clock import in_zone
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import proof_of, token_of
from dofc_events.documents.calendar import CalendarEntry, CalendarFile, calendar_file
from dofc_events.mail.envelope import Attachment, Envelope
from dofc_events.mail.render import link
from dofc_events.mail.rules import deliverable
from dofc_events.notices.rules import Seats
from dofc_events.notices.texts import FIELD_NAMES
from dofc_events.places.models import Claim
from dofc_events.places.queries import waits_for_category
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.rules import Kind, OwnQuestion, caption_in, is_frozen
from dofc_events.questions.texts import Answered
from dofc_events.trips.queries import TripStanding
from dofc_events.trips.rules import Reason
from dofc_events.web.quoted import address_in

# What announces an offer ends with it.
PLACE_OFFERED = "registration-offered"
SEAT_OFFERED = "trip-offered"
OFFER_REMINDER = "offer-reminder"

CALENDAR_STATUS = {
    ClaimStatus.CONFIRMED: "CONFIRMED",
    ClaimStatus.WAITLISTED: "TENTATIVE",
    ClaimStatus.REQUESTED: "TENTATIVE",
    ClaimStatus.OFFERED: "TENTATIVE",
    ClaimStatus.EXPIRED: "CANCELLED",
    ClaimStatus.CANCELLED: "CANCELLED",
}

# Of seats, the first that applies to a message about several.
SEAT_STATUS_KINDS: dict[str, str] = {
    ClaimStatus.CONFIRMED: "trip-confirmed",
    ClaimStatus.OFFERED: SEAT_OFFERED,
    ClaimStatus.WAITLISTED: "trip-waitlisted",
    ClaimStatus.EXPIRED: "trip-cancelled",
    ClaimStatus.CANCELLED: "trip-cancelled",
}


# What messages say of a standing just as it is.
SAID = ["claim", "position", "waits_for_category", "trips", "changes_until", "choices"]
SAID += ["organisers_say", "reopened", "registered_by", "stated", "left_with"]


@dataclass(frozen=True)
class Standing:
    """A registration, its edition, and what it holds at this moment; `position` counts those in line up to it.

    `trips` are all learning trips of the edition, with what the registration has of them; `answers` are all that it
    answered of the edition's own questions; `organisers_say` is what organisers write with the news, `reopened` why
    they opened the waiting list again; `files` are questions to be answered with a file. In words: `choices` are
    options that it waited for until now, `registered_by` who registered them, `stated` their consent, `left_with` for
    whom they have cancelled as well. A message says what delegates can still change, or add, as it is `at` a moment.
    """

    registration: Registration
    edition: Edition
    claim: Claim
    position: int | None
    trips: tuple[TripStanding, ...] = ()
    answers: tuple[Answered, ...] = ()
    organisers_say: str = ""
    reopened: str = ""
    choices: tuple[str, ...] = ()
    registered_by: str = ""
    stated: str = ""
    left_with: tuple[str, ...] = ()
    files: tuple[OwnQuestion, ...] = ()
    at: datetime | None = None

    @property
    def status(self) -> ClaimStatus:
        return ClaimStatus(self.claim.status)

    @property
    def changes_until(self) -> datetime | None:
        """Until when the delegate can change details, and hand over; None if that is no longer, or not known."""
        until, at = self.edition.details_freeze_at(), self.at
        return None if until is None or (at and (at >= until or self.edition.is_over(at))) else until

    @property
    def files_to_add(self) -> list[str]:
        """The questions that the delegate can answer with a file, in words; none if the moment is not known."""
        if not self.files or self.at is None or self.registration.is_frozen(self.at):
            return []
        today = in_zone(self.at, self.edition.zone).date()
        return [one.caption for one in self.files if not is_frozen(one, today)]

    @property
    def waits_for_category(self) -> bool:
        return waits_for_category(self.claim)


def status_message(
    standing: Standing,
    seats: Seats,
    *,
    handed_over_by: str = "",
    before: ClaimStatus | None = None,
    because: str = "",
    stated_consent: str = "",
    merged_into: str = "",
) -> Envelope:
    """The message that says what a registration holds now, and what changed about `seats`, by trip.

    `handed_over_by` names who handed it to its new delegate; `before` is what one that has ended held, or CANCELLED of
    one that was reinstated; `because` is the reason for which organisers confirmed, cancelled or reinstated it by hand;
    `stated_consent` is what they said about the delegate's consent when they made the registration themselves;
    `merged_into` is the reference of the one that stays in place of one that was cancelled.
    """
    match standing.status:
        case ClaimStatus.CONFIRMED:
            is_back = before is ClaimStatus.CANCELLED
            return registration_confirmed(standing, seats, handed_over_by, because, stated_consent, is_back=is_back)
        case ClaimStatus.WAITLISTED:
            return registration_waitlisted(standing, seats, handed_over_by, stated_consent)
        case ClaimStatus.REQUESTED:
            return registration_requested(standing, seats, handed_over_by)
        case ClaimStatus.OFFERED:
            return registration_offered(standing, seats, handed_over_by)
        case ClaimStatus.EXPIRED:
            return registration_expired(standing, seats, handed_over_by, before)
        case ClaimStatus.CANCELLED:
            return registration_cancelled(standing, seats, before, because, merged_into)


def registration_confirmed(
    standing: Standing,
    seats: Seats,
    handed_over_by: str = "",
    because: str = "",
    stated_consent: str = "",
    *,
    is_back: bool = False,
) -> Envelope:
    words: dict[str, Any] = {"handed_over_by": handed_over_by, "because": because, "stated_consent": stated_consent}
    words, file = words | {"is_back": is_back}, calendar_of(standing, seats)
    return _message("confirmed", "registration-confirmed", standing, file, seats=seats, **words)


def registration_waitlisted(standing: Standing, seats: Seats, handed_over_by: str = "", stated: str = "") -> Envelope:
    words: dict[str, Any] = {"handed_over_by": handed_over_by, "stated_consent": stated}
    return _message("waitlisted", "registration-waitlisted", standing, seats=seats, **words)


def registration_requested(standing: Standing, seats: Seats, handed_over_by: str = "") -> Envelope:
    return _message("requested", "registration-waitlisted", standing, seats=seats, handed_over_by=handed_over_by)


def registration_offered(standing: Standing, seats: Seats, handed_over_by: str = "") -> Envelope:
    template = "held" if standing.claim.is_hold else "offered"
    return _message(template, PLACE_OFFERED, standing, seats=seats, handed_over_by=handed_over_by)


def offer_reminder(standing: Standing, claims: Sequence[Claim]) -> Envelope:
    """`claims` are the offers that lapse soon, of a place or of seats; once the first has lapsed it is too late."""
    seats = [seat for seat in standing.trips if seat.claim in claims]
    until = min(claim.offered_until for claim in claims if claim.offered_until)
    words: dict[str, Any] = {"place_offered": standing.claim in claims, "seats_offered": seats, "until": until}
    return _message("offer_reminder", OFFER_REMINDER, standing, expires_at=until, **words)


def registration_expired(
    standing: Standing, seats: Seats, handed_over_by: str = "", before: ClaimStatus | None = None
) -> Envelope:
    words: dict[str, Any] = {"handed_over_by": handed_over_by, "before": before}
    return _message("expired", "registration-expired", standing, seats=seats, **words)


def registration_cancelled(
    standing: Standing, seats: Seats, before: ClaimStatus | None = None, because: str = "", merged_into: str = ""
) -> Envelope:
    """The calendar file takes the days out again for who had them in."""
    words: dict[str, Any] = {"because": because, "merged_into": merged_into}
    file = calendar_of(standing, seats) if before is ClaimStatus.CONFIRMED else None
    return _message("cancelled", "registration-cancelled", standing, file, seats=seats, before=before, **words)


def seats_changed(standing: Standing, seats: Seats) -> Envelope:
    """What changed about seats while the place stays as it is. The kind is that of the best that was given."""
    changed = [seat for seat in standing.trips if seat.trip.id in seats]
    news = [seat for seat in changed if seat.status != seats[seat.trip.id].before]
    status = next((status for status in SEAT_STATUS_KINDS if any(seat.status == status for seat in news)), None)
    kind = SEAT_STATUS_KINDS[status] if status else "trip-changed"
    titles = ", ".join(seat.trip.title for seat in changed if not status or SEAT_STATUS_KINDS.get(seat.status) == kind)
    file = calendar_of(standing, seats) if standing.status is ClaimStatus.CONFIRMED else None
    words: dict[str, Any] = {
        "titles": titles,
        "cancelled": ", ".join(seat.trip.title for seat in _called_off(standing, seats)),
        "reasons": {seats[seat.trip.id].reason for seat in changed},
        "before": {seats[seat.trip.id].before for seat in changed},
        "trip": changed[0].trip if changed else None,
        "was": seats[changed[0].trip.id].was if len(changed) == 1 else {},
    }
    return _message("trips", kind, standing, file, seats=seats, **words)


def registration_changed(standing: Standing, changes: Sequence[str], *, by_organisers: bool = False) -> Envelope:
    """`changes` are names of fields of Details, and of answers, as in the trail."""
    file = calendar_of(standing) if standing.status is ClaimStatus.CONFIRMED else None
    said = [f"“{caption}”" if (caption := caption_in(name)) else FIELD_NAMES[name] for name in changes]
    return _message("changed", "registration-changed", standing, file, changes=said, by_organisers=by_organisers)


def choice_given(standing: Standing) -> Envelope:
    """A place of an option has become free for somebody who waited for it."""
    return _message("choice_given", "registration-changed", standing)


def edition_changed(standing: Standing, was: Edition, kind: str, said_text: str, said_html: str) -> Envelope:
    """What became of the edition's place and time since it `was`, and what the organisers say of it."""
    file = calendar_of(standing) if standing.status is ClaimStatus.CONFIRMED else None
    return _message("edition_changed", kind, standing, file, was=was, said_text=said_text, said_html=said_html)


def registration_link(standing: Standing, *, by_organisers: bool = False) -> Envelope:
    return _message("link", "registration-link", standing, by_organisers=by_organisers)


def already_registered(standing: Standing) -> Envelope:
    return _message("already_registered", "already-registered", standing)


def handed_over(
    standing: Standing, *, email: str, name: str, token: str, by: str = "", to_contact: bool = False
) -> Envelope:
    """To the one whose place was handed on, `by` somebody else if it says so, or `to_contact`; names the colleague.

    `name` is whose it was, and `token`, the link to it until now, takes it back. The calendar file takes the days and
    the trips out again for who had them in.
    """
    file = calendar_of(standing, taken_out=True) if standing.status is ClaimStatus.CONFIRMED else None
    words: dict[str, Any] = {"take_back": link("registration.own.take_back", token=token), "by": by}
    words["of"], reader = (name, "") if to_contact else ("", name)
    return _message("handed_over", "registration-changed", standing, file, email=email, name=reader, **words)


def taken_back(standing: Standing, *, email: str) -> Envelope:
    """To the address that a registration was handed over to, which may be a stranger's: names nobody.

    The calendar file takes out again what the colleague had in it.
    """
    file = calendar_of(standing, taken_out=True) if standing.status is ClaimStatus.CONFIRMED else None
    return _message("taken_back", "address-changed", standing, file, email=email, name="")


def address_changed(standing: Standing, *, email: str, of: str = "") -> Envelope:
    """To the old address, which may be a stranger's: says neither the new address nor the link."""
    return _message("address_changed", "address-changed", standing, email=email, name="", of=of)


def calendar_of(standing: Standing, seats: Seats | None = None, *, taken_out: bool = False) -> CalendarFile | None:
    """The calendar file of a registration with the trips that it has a seat on; None while the edition has no dates.

    What changed about `seats` is in it even where the seat is gone, so that calendars drop the trip; `taken_out`: they
    drop everything. Calendars are shared, so it links to the page that everybody may see.
    """
    registration, edition = standing.registration, standing.edition
    starts_at, ends_at = edition.begins_at(), edition.finishes_at()
    if starts_at is None or ends_at is None or edition.contact_email is None:
        return None
    page = link("public.edition", year=edition.year)
    with force_locale(registration.language):
        whole = CalendarEntry(
            uid=f"{registration.reference}@days-of-clusters",
            sequence=edition.revision + registration.revision,
            status="CANCELLED" if taken_out else CALENDAR_STATUS[standing.status],
            starts_at=starts_at,
            ends_at=ends_at,
            zone=edition.zone,
            summary=f"{edition.name}, {edition.city}",
            location=_in_a_row(edition.venue, edition.venue_address, edition.city),
            description=f"{_questions(edition)}\n{page}",
            url=page,
            changed_at=max(filter(None, (standing.claim.changed_at, registration.revised_at, edition.revised_at))),
        )
        held = (seat for seat in standing.trips if _is_in_calendar(seat, seats or {}))
        trips = [_trip_entry(whole, edition, seat, taken_out) for seat in held]
    return calendar_file([whole, *trips], edition.name, deliverable(edition.contact_email))


def _is_in_calendar(seat: TripStanding, seats: Seats) -> bool:
    was_held = seat.trip.id in seats and seats[seat.trip.id].before == ClaimStatus.CONFIRMED
    return seat.status == ClaimStatus.CONFIRMED or was_held


def _trip_entry(whole: CalendarEntry, edition: Edition, seat: TripStanding, taken_out: bool) -> CalendarEntry:
    assert seat.claim is not None
    trip = seat.trip
    hosts = _("With: %(hosts)s", hosts=trip.hosts) if trip.hosts else ""
    bring = _("Bring: %(what)s", what=trip.bring) if trip.bring else ""
    return replace(
        whole,
        uid=f"{trip.slug}.{whole.uid}",
        sequence=whole.sequence + trip.revision,
        status="CONFIRMED" if seat.status == ClaimStatus.CONFIRMED and not taken_out else "CANCELLED",
        starts_at=trip.starts_at,
        ends_at=trip.ends_at,
        summary=f"{edition.name}: {trip.title}",
        # Not the venue as well: maps would lead there.
        location=trip.meeting_point or edition.city,
        description="\n".join(filter(None, (hosts, bring, whole.description))),
        changed_at=max(filter(None, (whole.changed_at, seat.claim.changed_at, trip.revised_at))),
    )


def _called_off(standing: Standing, seats: Seats) -> list[TripStanding]:
    """The seats that ended because their trips were cancelled: this is said first, as the rest follows from it."""
    ended = (ClaimStatus.EXPIRED, ClaimStatus.CANCELLED)
    changed = [seat for seat in standing.trips if seat.trip.id in seats and seat.status in ended]
    return [seat for seat in changed if seats[seat.trip.id].reason == Reason.TRIP_CANCELLED]


def _link_to_accept(standing: Standing) -> str:
    """To the page that accepts what is offered."""
    if standing.claim.by_email:
        return link("registration.own.confirm", token=proof_of(standing.registration))
    return link("registration.own.offer", token=token_of(standing.registration))


def _questions(edition: Edition) -> str:
    return f"{_('Questions? Write to')} {_in_a_row(edition.contact_name, edition.contact_email)}"


def _in_a_row(*parts: str | None) -> str:
    return ", ".join(filter(None, parts))


def _quoted(answers: Sequence[Answered]) -> list[tuple[str, str]]:
    """What our emails say of somebody's answers: nothing long, and nothing that email programs make a link of."""
    told = [one for one in answers if not one.organisers_only and one.kind is not Kind.LONG_TEXT]
    return [(one.caption, one.words) for one in told if not address_in(one.words, bare=True)]


def _message(
    template: str,
    kind: str,
    standing: Standing,
    file: CalendarFile | None = None,
    *,
    email: str = "",
    name: str | None = None,
    seats: Seats | None = None,
    handed_over_by: str = "",
    stated_consent: str = "",
    expires_at: datetime | None = None,
    **context: Any,
) -> Envelope:
    registration, edition = standing.registration, standing.edition
    token, files = token_of(registration), standing.files_to_add
    missing = [one for one in files if one not in {one.caption for one in standing.answers if one.kind is Kind.FILE}]
    is_open = standing.at is not None and edition.window(standing.at) is Window.OPEN
    message = edition_message(
        edition,
        f"notices/{template}",
        kind=kind,
        language=registration.language,
        recipient=deliverable(email or registration.email),
        recipient_name=registration.reader_name if name is None else name,
        about=registration.reference,
        expires_at=expires_at,
        attachments=[Attachment("days-of-clusters.ics", file.content_type, file.text)] if file else [],
        registration=registration,
        files=files,
        files_missing=missing,
        asked=bool(missing or (standing.registered_by and edition.asks_questions)),
        files_page=link("registration.own.files.index", token=proof_of(registration)),
        called_off=_called_off(standing, seats or {}),
        own_answers=_quoted(standing.answers) if registration.ended_at is None else [],
        seats=seats or {},
        own_page=link("registration.own.own", token=token),
        register=link("registration.new", year=edition.year) if is_open else "",
        offer=_link_to_accept(standing),
        trips_page=link("registration.own.trips", token=token),
        handed_over_by=handed_over_by,
        stated_consent=stated_consent,
        message_kind=kind,
        **{name: getattr(standing, name) for name in SAID},
        **context,
    )
    # Whoever reads it for somebody else may have a registration as well.
    for_other = registration.email_key is None and not email
    return replace(message, subject=f"{registration.full_name}: {message.subject}") if for_other else message
