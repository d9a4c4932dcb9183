"""The registration form of an edition, and what leads back to one's own page."""

from functools import lru_cache

from flask import Blueprint, Flask, abort, make_response, redirect, render_template, url_for
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
from dofc_events.delegates.queries import registration_by_token
from dofc_events.delegates.service import details_of
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.forms import AddressForm, DetailsForm, RegistrationForm
from dofc_events.registration.own import views as own
from dofc_events.registration.rules import Outcome
from dofc_events.registration.service import RegistrationNotOpen, register_delegate, send_link
from dofc_events.registration.shared import form_context, is_frozen, offer_trips, own_context, wrote_to
from dofc_events.registration.trips.forms import NOT_TO_BE_HAD, TripsForm
from dofc_events.web.forms import answer_errors, answer_too_many, form_page

blueprint = Blueprint("registration", __name__)
blueprint.register_blueprint(own.blueprint)


def register(app: Flask) -> None:
    """Add the registration form and delegates' own pages to the site."""
    app.register_blueprint(blueprint)


DELEGATE = Actor("delegate")


@blueprint.route("/editions/<year:year>/register", methods=["GET", "POST"])
def new(year: int) -> ResponseReturnValue:
    edition = _published(year)
    form = RegistrationForm()
    form.offer_categories(edition.category_choices())
    context = form_context(edition)
    offer_trips(form, edition, context["trips"], has_place=context["free"] > 0)
    if not form.validate_on_submit():
        if edition.window(now()) is not Window.OPEN:
            return _not_open(edition)
        if form.is_submitted():
            return answer_errors(form, "registration/new.html", **context)
        context["fields"] = _blank_fields(str(get_locale()), edition.category_choices())
        return render_template("registration/new.html", form=form, **context)
    request = form.to_request(edition)
    try:
        with unit_of_work() as session:
            registered = register_delegate(session, edition.id, request, DELEGATE, now())
    except RegistrationNotOpen:
        return _not_open(edition)
    except NOT_TO_BE_HAD as refusal:
        form.trips.refuse(refusal)
        return answer_errors(form, "registration/new.html", **context)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "registration/new.html", **context)
    if registered.outcome is Outcome.ADDRESS_KNOWN:
        return wrote_to(edition, request.email, after="register")
    if registered.outcome is Outcome.OTHER_ANSWERS:
        return _other_answers(registered.token, form)
    return redirect(url_for("registration.own.own", token=registered.token), 303)


@blueprint.route("/editions/<year:year>/written")
def written(year: int) -> ResponseReturnValue:
    """What a form leads to whose answer is in the mail, not on a page."""
    edition = _published(year)
    if "written" not in browser:
        return redirect(url_for(".lost_link", year=year), 303)
    after, email = browser["written"]
    return render_template("registration/written.html", edition=edition, after=after, email=email)


@blueprint.route("/editions/<year:year>/lost-link", methods=["GET", "POST"])
@limit_by_address(AddressForm)
def lost_link(year: int) -> ResponseReturnValue:
    edition = _published(year)
    form = AddressForm()
    if not form.validate_on_submit():
        return form_page(form, "registration/lost_link.html", edition=edition)
    with unit_of_work() as session:
        send_link(session, edition.id, form.email.data, now())
    return wrote_to(edition, form.email.data, after="link")


def _published(year: int) -> Edition:
    edition = edition_by_year(db.session(), year)
    if edition is None or edition.status == EditionStatus.DRAFT or edition.registration_opens_at is None:
        abort(404)
    return edition


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
        return redirect(url_for("registration.own.own", token=token), 303)
    context = own_context(registration, token) | {"sent_twice": True}
    if details_of(registration) == form.to_details() and form.email.data == registration.email:
        trips = TripsForm()
        offer_trips(trips, registration.edition, context["trips"], has_place=context["status"] is ClaimStatus.CONFIRMED)
        return make_response(render_template("registration/own/trips.html", form=trips, **context), 422)
    if details_of(registration) == form.to_details():
        address = AddressForm(formdata=None, data=form.data)
        return make_response(render_template("registration/own/address.html", form=address, **context), 422)
    edit = DetailsForm(formdata=None, data=form.data)
    edit.offer_categories(registration.edition.category_choices())
    context["other_email"] = form.email.data if form.email.data != registration.email else ""
    return make_response(render_template("registration/own/edit.html", form=edit, **context), 422)
