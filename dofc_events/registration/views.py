"""The registration form of an edition, and what leads back to one's own page."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_token
from dofc_events.delegates.service import details_of
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.queries import latest_message
from dofc_events.places.queries import count_waiting, edition_pool, overdue
from dofc_events.places.rules import ClaimStatus, availability
from dofc_events.registration.forms import AddressForm, DetailsForm, RegistrationForm, consent_text
from dofc_events.registration.queries import offer_stands, standing_in
from dofc_events.registration.rules import Outcome, details_are_frozen
from dofc_events.registration.service import RegistrationNotOpen, register_delegate, send_link
from dofc_events.registration.trip_forms import NOT_TO_BE_HAD, TripsForm
from dofc_events.trips.drawing import name_in_draw
from dofc_events.trips.queries import TripStanding, trips_of
from dofc_events.web.forms import answer_errors, answer_too_many, form_page

blueprint = Blueprint("registration", __name__)

DELEGATE = Actor("delegate")


@blueprint.route("/editions/<int(max=9999):year>/register", methods=["GET", "POST"])
def register(year: int) -> ResponseReturnValue:
    edition = _published(year)
    form = RegistrationForm()
    form.offer_categories(edition.category_choices())
    context = form_context(edition)
    offer_trips(form, edition, context["trips"], has_place=context["free"] > 0)
    if not form.validate_on_submit():
        if edition.window(now()) is not Window.OPEN:
            return _not_open(edition)
        if form.is_submitted():
            return answer_errors(form, "registration/register.html", **context)
        context["fields"] = _blank_fields(str(get_locale()), edition.category_choices())
        return render_template("registration/register.html", form=form, **context)
    request = form.to_request(edition)
    try:
        with unit_of_work() as session:
            registered = register_delegate(session, edition.id, request, DELEGATE, now())
    except RegistrationNotOpen:
        return _not_open(edition)
    except NOT_TO_BE_HAD as refusal:
        form.trips.refuse(refusal)
        return answer_errors(form, "registration/register.html", **context)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "registration/register.html", **context)
    if registered.outcome is Outcome.ADDRESS_KNOWN:
        return wrote_to(edition, request.email, after="register")
    if registered.outcome is Outcome.OTHER_ANSWERS:
        return _other_answers(registered.token, form)
    return redirect(url_for(".own", token=registered.token), 303)


@blueprint.route("/editions/<int(max=9999):year>/written")
def written(year: int) -> ResponseReturnValue:
    """What a form leads to whose answer is in the mail, not on a page."""
    edition = _published(year)
    if "written" not in browser:
        return redirect(url_for(".lost_link", year=year), 303)
    after, email = browser["written"]
    return render_template("registration/written.html", edition=edition, after=after, email=email)


@blueprint.route("/editions/<int(max=9999):year>/lost-link", methods=["GET", "POST"])
@limit_by_address(AddressForm)
def lost_link(year: int) -> ResponseReturnValue:
    edition = _published(year)
    form = AddressForm()
    if not form.validate_on_submit():
        return form_page(form, "registration/lost_link.html", edition=edition)
    with unit_of_work() as session:
        send_link(session, edition.id, form.email.data, now())
    return wrote_to(edition, form.email.data, after="link")


def wrote_to(edition: Edition, email: str, after: str) -> ResponseReturnValue:
    """On to the page that says what came of an act (register, change, link, hand_over) and whom we wrote to."""
    browser["written"] = after, email
    return redirect(url_for("registration.written", year=edition.year), 303)


def own_context(registration: Registration, token: str) -> dict[str, Any]:
    """What the pages about one registration show."""
    standing, at = standing_in(db.session(), registration), now()
    edition = registration.edition
    return {
        "registration": registration,
        "edition": edition,
        "token": token,
        "at": at,
        "status": standing.status,
        "claim": standing.claim,
        "overdue": overdue(standing.claim, at),
        "place_is_free": standing.status is ClaimStatus.EXPIRED
        and standing.claim.pool.taken < standing.claim.pool.capacity,
        "position": standing.position,
        "trips": standing.trips,
        "sign_up": edition.sign_up_window(at),
        "name_in_draw": name_in_draw(edition, registration),
        "seat_offers": [
            seat for seat in standing.trips if seat.claim and offer_stands(db.session(), standing, seat.claim, at)
        ],
        "message": latest_message(db.session(), registration.reference, registration.email_key),
        "frozen": is_frozen(registration),
        "over": edition.is_over(at),
        "begun": edition.has_begun(at),
        "offer_stands": offer_stands(db.session(), standing, standing.claim, at),
    }


def offer_trips(
    form: TripsForm, edition: Edition, trips: Sequence[TripStanding], *, has_place: bool, known: bool = False
) -> None:
    """Let a form choose among the trips: all that can be joined while sign-up is open, else what one has already."""
    at = now()
    is_open = edition.sign_up_window(at) is Window.OPEN
    joinable = [seat for seat in trips if seat.is_live or (is_open and seat.trip.can_be_joined(at))]
    ranked = edition.collects_wishes and is_open
    form.trips.offer(joinable, ranked=ranked, at_once=has_place and not edition.collects_wishes, known=known)


def is_frozen(registration: Registration) -> bool:
    """Whether the details of a registration are read-only now."""
    edition, at = registration.edition, now()
    return details_are_frozen(edition.details_freeze_at(), edition.is_over(at), registration.ended_at is not None, at)


def _published(year: int) -> Edition:
    edition = edition_by_year(db.session(), year)
    if edition is None or edition.status == EditionStatus.DRAFT or edition.registration_opens_at is None:
        abort(404)
    return edition


def form_context(edition: Edition) -> dict[str, Any]:
    """What the page with the registration form shows."""
    pool = edition_pool(db.session(), edition.id)
    assert pool is not None, "an edition with a registration window has places"
    return {
        "edition": edition,
        "fields": None,
        "trips": trips_of(db.session(), edition.id),
        "sign_up": edition.sign_up_window(now()),
        "consent_text": consent_text(edition),
        "availability": availability(pool.capacity, pool.taken),
        "free": pool.capacity - pool.taken,
        "waiting": count_waiting(db.session(), pool.id) if pool.taken >= pool.capacity else 0,
    }


@lru_cache(maxsize=32)
def _blank_fields(language: str, categories: tuple[tuple[str, str], ...]) -> Markup:
    """The visible fields of an empty form, which are the same for everyone: half of what the page costs."""
    form = RegistrationForm(formdata=None)
    form.offer_categories(categories)
    return Markup(render_template("registration/fields.html", form=form))  # noqa: S704 (escaped by the template)


def _not_open(edition: Edition) -> ResponseReturnValue:
    page = render_template("registration/not_open.html", edition=edition, window=edition.window(now()))
    return make_response(page, 403)


def _other_answers(token: str, form: RegistrationForm) -> ResponseReturnValue:
    """The same form with other answers: the page that changes them, filled in, and nothing changed yet."""
    registration = registration_by_token(db.session(), token)
    assert registration is not None
    if is_frozen(registration):
        return redirect(url_for(".own", token=token), 303)
    context = own_context(registration, token) | {"sent_twice": True}
    if details_of(registration) == form.to_details() and form.email.data == registration.email:
        trips = TripsForm()
        offer_trips(trips, registration.edition, context["trips"], has_place=context["status"] is ClaimStatus.CONFIRMED)
        return make_response(render_template("registration/trips.html", form=trips, **context), 422)
    if details_of(registration) == form.to_details():
        address = AddressForm(formdata=None, data=form.data)
        return make_response(render_template("registration/address.html", form=address, **context), 422)
    edit = DetailsForm(formdata=None, data=form.data)
    edit.offer_categories(registration.edition.category_choices())
    context["other_email"] = form.email.data if form.email.data != registration.email else ""
    return make_response(render_template("registration/edit.html", form=edit, **context), 422)
