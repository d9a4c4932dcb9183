"""One delegate's own pages, behind the link in the email. No GET changes anything: mail scanners follow links."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import current_edition
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import leads_to_erased, registration_by_proof, registration_by_token, token_of
from dofc_events.delegates.rules import full_name
from dofc_events.delegates.service import details_of
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import address_key
from dofc_events.notices.mails import calendar_of
from dofc_events.notices.queries import standing_in
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import CategoryFull, NoOpenOffer, NotWaitingAgain
from dofc_events.registration import service
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.consent.service import change_photo_consent
from dofc_events.registration.forms import (
    AddressForm,
    ChangeAddressForm,
    ChangeDetailsForm,
    HandOverForm,
    PhotoConsentForm,
)
from dofc_events.registration.hand_over import service as hand_overs
from dofc_events.registration.hand_over.queries import hand_over_by_token, was_taken_back
from dofc_events.registration.offers import service as offers
from dofc_events.registration.own.files import views as files
from dofc_events.registration.rules import Outcome, link_has_ended
from dofc_events.registration.shared import change_form, is_frozen, offer_trips, own_context, wrote_to
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.forms import NOT_TO_BE_HAD, ChangeTripsForm
from dofc_events.trips.queries import asked_for
from dofc_events.trips.sign_ups.service import NoSuchTrip
from dofc_events.web.downloads import download
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, Form, answer_errors, answer_too_many, form_page
from dofc_events.web.on_record import say

blueprint = Blueprint("own", __name__)
blueprint.register_blueprint(files.blueprint)

OWN = "/registrations/<token>"


class LinkEnded(Exception):
    """A link to a registration at an edition that has been over for LINKS_LAST."""

    def __init__(self, edition: Edition) -> None:
        super().__init__(str(edition.year))
        self.edition = edition


@blueprint.errorhandler(LinkNotValid)
def link_not_valid(error: LinkNotValid) -> ResponseReturnValue:
    """404, without saying whether the link was wrong or replaced, with the form that emails a current one.

    What was erased or taken back is said to whoever has a link that led there: they may have done it, and ask again.
    """
    say("wrong_link")
    session, token, form = db.session(), (request.view_args or {})["token"], AddressForm(formdata=None)
    if leads_to_erased(session, token):
        return make_response(render_template("privacy/own/erased.html", form=form), 404)
    context = {"edition": current_edition(session, now()), "taken_back": was_taken_back(session, token)}
    return make_response(render_template("registration/own/link_not_valid.html", form=form, **context), 404)


@blueprint.errorhandler(LinkEnded)
def link_ended(error: LinkEnded) -> ResponseReturnValue:
    """404, and why: a holder of the link was registered."""
    return make_response(render_template("registration/own/link_ended.html", edition=error.edition), 404)


@blueprint.get(f"{OWN}/")
def own(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    return render_template("registration/own/own.html", **own_context(registration, token))


@blueprint.route(f"{OWN}/edit", methods=["GET", "POST"])
def edit(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    context = {**own_context(registration, token), "sent_twice": False}
    form = change_form(registration, context["known"], context["own_questions"], kind=ChangeDetailsForm)
    seen = details_of(registration)
    if is_frozen(registration):
        return _read_only(registration, token, form)
    if not form.validate_on_submit():
        return form_page(form, "registration/own/edit.html", **context)
    try:
        with _act_on(registration) as session:
            actor = _actor(registration)
            answers = form.answers.given()
            changed = service.change_details(
                session, registration.id, form.to_details(), actor, now(), answers=answers, seen=seen
            )
    except service.DetailsFrozen:
        return _read_only(registration, token, form)
    except CategoryFull:
        form.refuse_category()
        return answer_errors(form, "registration/own/edit.html", **context)
    except ChoiceFull as refusal:
        form.answers.refuse(refusal)
        return answer_errors(form, "registration/own/edit.html", **context)
    flash(_("Changes saved.") if changed else _("Nothing has been changed."), "success" if changed else "info")
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/address", methods=["GET", "POST"])
def address(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    form, seen = ChangeAddressForm(obj=registration), registration.email
    context = own_context(registration, token)
    if registration.ended_at or context["over"]:
        return _read_only(registration, token, form)
    if not form.validate_on_submit():
        return form_page(form, "registration/own/address.html", **context)
    try:
        with _act_on(registration) as session:
            actor = _actor(registration)
            corrected = service.correct_address(session, registration.id, form.email.data, actor, now(), seen=seen)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "registration/own/address.html", **context)
    except service.RegistrationOver:
        return _read_only(registration, token)
    if corrected.outcome is Outcome.ADDRESS_KNOWN:
        return wrote_to(registration.edition, form.email.data, after="change", again=(request.path, {}))
    if corrected.outcome is Outcome.REGISTERED:
        flash(
            _(
                "We will now write to %(email)s. Your page has a new link; the old one no longer works.",
                email=form.email.data,
            ),
            "success",
        )
    return redirect(url_for(".own", token=corrected.token), 303)


@blueprint.route(f"{OWN}/hand-over", methods=["GET", "POST"])
def hand_over(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    form = HandOverForm()
    if is_frozen(registration):
        return _read_only(registration, token, form)
    context = own_context(registration, token)
    if not form.validate_on_submit():
        return form_page(form, "registration/own/hand_over.html", **context)
    # Somebody who would be refused is not asked first.
    if "sure" not in request.form and address_key(form.email.data) != registration.email_key:
        asks = "change" not in request.form
        context["name"] = full_name(form.given_name.data, form.family_name.data, registration.country)
        return render_template(f"registration/own/hand_over{'_sure' if asks else ''}.html", form=form, **context)
    names = form.given_name.data, form.family_name.data
    try:
        with unit_of_work() as session:
            handed = hand_overs.hand_over(
                session, registration.id, *names, form.email.data, _actor(registration), now()
            )
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "registration/own/hand_over.html", **context)
    except service.DetailsFrozen:
        return _read_only(registration, token, form)
    except hand_overs.OwnAddress:
        form.email.errors = [_("This is your own address. Enter your colleague’s.")]
        return answer_errors(form, "registration/own/hand_over.html", **context)
    if handed.outcome is Outcome.ADDRESS_KNOWN:
        names_typed = dict(zip(("given_name", "family_name"), names, strict=True))
        return wrote_to(registration.edition, form.email.data, after="change", again=(request.path, names_typed))
    # The link is the colleague's now; with the former delegate's it can be taken back.
    return wrote_to(registration.edition, form.email.data, after="hand_over", token=token)


@blueprint.route(f"{OWN}/take-back", methods=["GET", "POST"])
def take_back(token: str) -> ResponseReturnValue:
    """For the person who handed over, using their old link, until the colleague has opened the new one."""
    handed = hand_over_by_token(db.session(), token)
    if handed is None or handed.registration.ended_at or handed.registration.edition.is_over(now()):
        raise LinkNotValid
    form, registration = ButtonForm(), handed.registration
    if not form.validate_on_submit():
        context = {"registration": registration, "edition": registration.edition, "frozen": is_frozen(registration)}
        return form_page(form, "registration/own/take_back.html", token=token, **context)
    try:
        with unit_of_work() as session:
            taken = hand_overs.take_back(session, registration.id, _actor(registration), now())
    except (hand_overs.CannotTakeBack, service.RegistrationOver):
        raise LinkNotValid from None
    flash(_("The registration is yours again. This page has a new link."), "success")
    return redirect(url_for(".own", token=taken.token), 303)


@blueprint.post(f"{OWN}/opened")
def opened(token: str) -> ResponseReturnValue:
    """What opening a registration that was handed over sends, by script or by button: no GET may note it."""
    registration = _mine(token)
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "registration/own/own.html", **own_context(registration, token))
    with _act_on(registration):
        pass
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/cancel", methods=["GET", "POST"])
def cancel(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    form = ButtonForm()
    context = own_context(registration, token)
    if not form.validate_on_submit():
        return form_page(form, "registration/own/cancel.html", **context)
    try:
        with _act_on(registration) as session:
            service.cancel_registration(session, registration.id, _actor(registration), now())
    except service.RegistrationOver:
        return _read_only(registration, token)
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/trips", methods=["GET", "POST"])
def trips(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    context = {**own_context(registration, token), "sent_twice": False}
    if registration.ended_at or context["over"] or context["status"] is ClaimStatus.EXPIRED:
        return _read_only(registration, token)
    form, seen = ChangeTripsForm(obj=registration), (asked_for(context["trips"]), registration.any_trip)
    has_place = context["status"] is ClaimStatus.CONFIRMED
    offer_trips(form, registration.edition, context["trips"], has_place=has_place)
    if not form.validate_on_submit():
        return form_page(form, "registration/own/trips.html", **context)
    # Where nothing is ranked, the form has not asked for it.
    wanted, any_trip = form.trips.chosen(), form.any_trip.data if form.trips.ranked else registration.any_trip
    try:
        with _act_on(registration) as session:
            changed = seats.choose_trips(
                session, registration.id, wanted, any_trip=any_trip, actor=_actor(registration), now=now(), seen=seen
            )
    except NOT_TO_BE_HAD as refusal:
        form.trips.refuse(refusal)
        return answer_errors(form, "registration/own/trips.html", **context)
    except service.RegistrationOver:
        return _read_only(registration, token)
    flash(_("Changes saved.") if changed else _("Nothing has been changed."), "success" if changed else "info")
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/offer", methods=["GET", "POST"])
def offer(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    form = ButtonForm()
    context = own_context(registration, token)
    answer, trip = request.form.get("answer"), request.form.get("trip", "")
    if not form.validate_on_submit() or answer not in ("accept", "decline"):
        return form_page(form, "registration/own/offer.html", **context)
    if answer == "decline" and _is_offered(context, trip):
        return redirect(url_for(".decline", token=token, trip=trip or None), 303)
    if answer == "decline":
        return _no_offer(token)
    try:
        with _act_on(registration) as session:
            if trip:
                seats.accept_seat(session, registration.id, trip, _actor(registration), now())
            else:
                offers.accept_offer(session, registration.id, _actor(registration), now())
    except (NoOpenOffer, NoSuchTrip, service.RegistrationOver):
        return _no_offer(token)
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/confirm", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Behind the link in the email alone, which proves the address: on the own page the same place cannot be taken."""
    registration = registration_by_proof(db.session(), token)
    if registration is None:
        raise LinkNotValid
    form, own_token = ButtonForm(), token_of(registration)
    if not form.validate_on_submit():
        page = "registration/own/confirm.html"
        return form_page(form, page, proof=token, **own_context(registration, own_token))
    try:
        with _act_on(registration) as session:
            offers.accept_by_email(session, registration.id, _actor(registration), now())
    except (NoOpenOffer, service.RegistrationOver):
        return _no_offer(own_token)
    return redirect(url_for(".own", token=own_token), 303)


@blueprint.route(f"{OWN}/decline", methods=["GET", "POST"])
def decline(token: str) -> ResponseReturnValue:
    """Asks first: the button stands beside the one that accepts, and what is declined goes to somebody else."""
    registration, trip = _mine(token), request.args.get("trip", "")
    form = ButtonForm()
    context = own_context(registration, token)
    if not form.validate_on_submit():
        page = "decline" if _is_offered(context, trip) else "offer"
        return form_page(form, f"registration/own/{page}.html", slug=trip, **context)
    try:
        with _act_on(registration) as session:
            if trip:
                seats.decline_seat(session, registration.id, trip, _actor(registration), now())
            else:
                offers.decline_offer(session, registration.id, _actor(registration), now())
    except (NoOpenOffer, NoSuchTrip, service.RegistrationOver):
        return _no_offer(token)
    return redirect(url_for(".own", token=token), 303)


@blueprint.post(f"{OWN}/rejoin")
def rejoin(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "registration/own/own.html", **own_context(registration, token))
    try:
        with _act_on(registration) as session:
            offers.rejoin_list(session, registration.id, _actor(registration), now())
    except (NotWaitingAgain, service.RegistrationOver):
        flash(_("That is no longer possible. This page shows the current state."), "warning")
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/photographs", methods=["GET", "POST"])
def photographs(token: str) -> ResponseReturnValue:
    """Whether one agrees to photographs: to be changed as long as the link works, whatever is frozen or over."""
    registration = _mine(token)
    form, seen = PhotoConsentForm(obj=registration), registration.photo_consent
    if registration.ended_at:
        return _read_only(registration, token, form)
    if not form.validate_on_submit():
        return form_page(form, "registration/own/photographs.html", **own_context(registration, token))
    with _act_on(registration) as session:
        agrees = form.photo_consent.data
        changed = change_photo_consent(session, registration.id, agrees, _actor(registration), now(), seen=seen)
    flash(_("Changes saved.") if changed else _("Nothing has been changed."), "success" if changed else "info")
    return redirect(url_for(".own", token=token), 303)


@blueprint.get(f"{OWN}/calendar.ics")
def calendar(token: str) -> ResponseReturnValue:
    registration = _mine(token)
    file = calendar_of(standing_in(db.session(), registration))
    if file is None:
        abort(404)
    return download("days-of-clusters.ics", file.content_type, file.text)


def _mine(token: str) -> Registration:
    registration = registration_by_token(db.session(), token)
    if registration is None:
        raise LinkNotValid
    if link_has_ended(registration.edition.finishes_at(), now()):
        raise LinkEnded(registration.edition)
    return registration


@contextmanager
def _act_on(registration: Registration) -> Iterator[Session]:
    """A unit of work in which a delegate acts, who then has opened the registration."""
    with unit_of_work() as session:
        yield session
        hand_overs.open_handed_over(session, registration, _actor(registration), now())


def _actor(registration: Registration) -> Actor:
    return Actor("delegate", registration.reference)


def _is_offered(context: dict[str, Any], trip: str) -> bool:
    """Whether an offer stands: of a seat on `trip`, or without one of a place at the edition."""
    return trip in {seat.trip.slug for seat in context["seat_offers"]} if trip else context["offer_stands"]


def _no_offer(token: str) -> ResponseReturnValue:
    """What has happened to the offer, and what can be done."""
    context = own_context(_mine(token), token)
    return make_response(render_template("registration/own/offer.html", form=ButtonForm(), **context), 403)


def _read_only(registration: Registration, token: str, form: Form | None = None) -> ResponseReturnValue:
    context = own_context(registration, token)
    return make_response(render_template("registration/own/read_only.html", form=form, **context), 403)
