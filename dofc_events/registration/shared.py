"""What the form, the delegate's own pages and the organisers' page about one delegate share."""

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import redirect, render_template, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import CategoryState, Window
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import merged_into
from dofc_events.delegates.service import details_of
from dofc_events.mail.queries import latest_message
from dofc_events.mail.render import link
from dofc_events.notices.queries import offer_stands, standing_in
from dofc_events.places.models import Pool
from dofc_events.places.options.queries import positions_for_options, questions_with_room
from dofc_events.places.queries import CategoryPlaces, categories_with_places, count_waiting, has_room
from dofc_events.places.rules import ClaimStatus, availability, free_for_anybody
from dofc_events.questions.queries import answers_of
from dofc_events.questions.rules import Answers, Kind, OwnQuestion, asked, files_asked, missing
from dofc_events.questions.texts import Answered
from dofc_events.registration.forms import ChangeDetailsForm
from dofc_events.registration.hand_over.queries import handed_over_by
from dofc_events.registration.texts import consent_text
from dofc_events.registration.trips.forms import TripsForm
from dofc_events.trips.draw.queries import name_in_draw
from dofc_events.trips.queries import TripStanding, trips_of
from dofc_events.web.elsewhere import calendar_links
from dofc_events.web.forms import Form

F = TypeVar("F", bound=ChangeDetailsForm)
OwnQuestions = tuple[tuple[OwnQuestion, ...], dict[int, int]]


def wrote_to(
    edition: Edition, email: str, after: str, *, token: str = "", again: tuple[str, dict[str, str]] | None = None
) -> ResponseReturnValue:
    """Redirect to the page that says what an act did (a key of `words` in the template), and where we wrote to.

    `token` takes a hand-over back; `again` is where another address can be tried, with what else was typed.
    """
    browser["written"] = after, email, token, again
    return redirect(url_for("registration.written", year=edition.year), 303)


def answer_not_open(edition: Edition, form: Form | None) -> ResponseReturnValue:
    """403 with when registration opens, or that it has closed; what was typed can be copied."""
    page = "registration/not_open.html"
    return render_template(page, edition=edition, window=edition.window(now()), form=form), 403


def own_context(registration: Registration, token: str) -> dict[str, Any]:
    """What the pages about one registration show."""
    standing, at = standing_in(db.session(), registration), now()
    edition, known = registration.edition, answers_of(standing.answers)
    questions, room = own_questions(edition)
    category, waits = registration.category.slug, any(one.waiting for one in standing.answers)
    today, frozen = in_zone(at, edition.zone).date(), registration.is_frozen(at)
    files = () if frozen else files_asked(questions, known, category, today)
    return {
        "registration": registration,
        "edition": edition,
        "token": token,
        "at": at,
        "status": standing.status,
        "claim": standing.claim,
        "place_is_free": standing.status is ClaimStatus.EXPIRED
        and has_room(db.session(), standing.claim.pool, registration.category_id),
        "position": standing.position,
        "waits_for_category": standing.waits_for_category,
        "trips": trips_with_companions(standing.trips) if registration.accompanies else standing.trips,
        "answers": [one for one in standing.answers if not one.organisers_only],
        "waits_for": positions_for_options(db.session(), registration.id) if waits else (),
        "files": _files(files, standing.answers) if edition.asks_files else [],
        "can_add_files": bool(files),
        "known": known,
        "own_questions": (questions, room),
        "unanswered": [one for one in missing(questions, known, category, today) if one.kind is not Kind.FILE],
        "sign_up": edition.sign_up_window(at),
        "is_drawn": standing.status is ClaimStatus.CONFIRMED
        and (registration.any_trip or any(seat.status == ClaimStatus.REQUESTED for seat in standing.trips)),
        "name_in_draw": name_in_draw(db.session(), edition, registration),
        "seat_offers": [
            seat for seat in standing.trips if seat.claim and offer_stands(db.session(), standing, seat.claim, at)
        ],
        "message": latest_message(db.session(), registration.reference, registration.mailed_key),
        "frozen": frozen,
        "over": edition.is_over(at),
        "merged_into": merged_into(db.session(), registration),
        "registration_is_open": edition.window(at) is Window.OPEN,
        "calendars": _calendars(edition),
        "handed_over_by": handed_over_by(db.session(), registration),
        "begun": edition.has_begun(at),
        "offer_stands": offer_stands(db.session(), standing, standing.claim, at),
    }


def _files(asked_for: Sequence[OwnQuestion], answers: Sequence[Answered]) -> list[tuple[str, str, str]]:
    """The files that somebody is asked for, or has added: the question, its key, and the file's name or ""."""
    names = {one.key: (one.caption, one.words) for one in answers if one.kind is Kind.FILE and not one.organisers_only}
    wanted = {one.key: (one.caption, "") for one in asked_for}
    return [(caption, key, name) for key, (caption, name) in (wanted | names).items()]


def _calendars(edition: Edition) -> dict[str, str]:
    """Links to add an edition to web calendars. They contain nothing about a delegate: their events are shared."""
    starts_at, ends_at = edition.begins_at(), edition.finishes_at()
    if starts_at is None or ends_at is None:
        return {}
    where = edition.venue, edition.venue_address, edition.city
    title, page = f"{edition.name}, {edition.city}", link("public.edition", year=edition.year)
    return calendar_links(title, where, starts_at, ends_at, edition.zone, page)


def trips_with_companions(trips: Sequence[TripStanding]) -> list[TripStanding]:
    """The trips that accompanying persons can come along on, and those that one of them has chosen."""
    return [seat for seat in trips if seat.claim or seat.trip.takes_companions]


def offer_trips(form: TripsForm, edition: Edition, trips: Sequence[TripStanding], *, has_place: bool) -> None:
    """Let a form choose among the trips: all that can be joined while sign-up is open, else what one has already."""
    at = now()
    is_open = edition.sign_up_window(at) is Window.OPEN
    joinable = [seat for seat in trips if seat.is_live or (is_open and seat.trip.can_be_joined(at))]
    ranked = edition.collects_wishes and is_open
    form.offer_trips(joinable, ranked=ranked, at_once=has_place and not edition.collects_wishes)
    # What was chosen and can no longer be is called by its title, too.
    form.trips.labels = {seat.trip.slug: seat.trip.title for seat in trips}


def is_frozen(registration: Registration) -> bool:
    """Whether the details of a registration are read-only now."""
    return registration.is_frozen(now())


def open_among(edition: Edition, categories: Sequence[CategoryPlaces], present: str = "") -> tuple[CategoryPlaces, ...]:
    """The categories that newcomers can choose; or a delegate, beside the `present` one: none that asks organisers.

    That of accompanying persons nobody chooses, and who is in it stays there.
    """
    chosen = [one for one in categories if one.state == CategoryState.OPEN]
    if edition.takes_companions:
        stays = present == edition.companion_category
        chosen = [one for one in chosen if not stays and one.slug != edition.companion_category]
    if present:
        chosen = [one for one in chosen if not one.by_invitation and not one.needs_approval]
    return tuple(one for one in categories if one in chosen or one.slug == present)


def own_questions(edition: Edition) -> OwnQuestions:
    """An edition's own questions, and how many places are left of the options that are limited.

    One query, and none where nothing was ever asked.
    """
    return questions_with_room(db.session(), edition.id) if edition.asks_questions else ((), {})


def asked_of(edition: Edition, *, by_organisers: bool = False) -> dict[str, Any]:
    """What a form asks now of an edition's own questions."""
    questions, room = own_questions(edition)
    on = in_zone(now(), edition.zone).date()
    return {"asked": asked(questions, on, by_organisers=by_organisers), "room": room}


def change_form(
    registration: Registration, known: Answers, own: OwnQuestions, *, by_organisers: bool = False, kind: type[F]
) -> F:
    """The form that changes a delegate's details and what they answered, with what is stored or what was sent."""
    edition, form = registration.edition, kind(obj=details_of(registration))
    categories = categories_with_places(db.session(), edition.id)
    form.offer_categories(categories if by_organisers else open_among(edition, categories, registration.category.slug))
    (questions, room), on = own, in_zone(now(), edition.zone).date()
    form.ask(asked(questions, on, by_organisers=by_organisers), room, known)
    return form


def form_context(edition: Edition, pool: Pool, *, by_organisers: bool = False) -> dict[str, Any]:
    """What a page with a registration form shows, apart from the form."""
    categories = open_among(edition, categories_with_places(db.session(), edition.id))
    left = [one.left for one in categories if not one.by_invitation] or [one.left for one in categories]
    free = free_for_anybody(pool.capacity - pool.taken, left)
    return {
        **asked_of(edition, by_organisers=by_organisers),
        "edition": edition,
        "categories": categories,
        "trips": trips_of(db.session(), edition.id),
        "sign_up": edition.sign_up_window(now()),
        "consent_text": consent_text(edition),
        "availability": availability(free),
        "free": free,
        "waiting": count_waiting(db.session(), pool.id) if free <= 0 else 0,
    }
