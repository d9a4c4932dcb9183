"""The registration form of an edition, and the way back to a delegate's own page."""

import operator
from collections.abc import Hashable
from typing import Any

from flask import Blueprint, Flask, abort, g, make_response, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dofc_events.accounts.guards import may_organise
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.conference.service import is_complete
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, said_by, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.delegates.queries import registration_by_token
from dofc_events.delegates.service import details_of
from dofc_events.extensions import limiter
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import address_key
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_with_pool
from dofc_events.places.rules import Availability, ClaimStatus
from dofc_events.registration.answers.forms import FEW
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.forms import (
    LONGEST_CODE,
    AddressForm,
    ChangeAddressForm,
    ChangeDetailsForm,
    RegistrationForm,
    UnseenForm,
)
from dofc_events.registration.invitations.service import NotInvited
from dofc_events.registration.lost_link.service import send_link
from dofc_events.registration.own import views as own
from dofc_events.registration.rules import Outcome, link_has_ended
from dofc_events.registration.service import RegistrationNotOpen, register_delegate
from dofc_events.registration.shared import (
    answer_not_open,
    change_form,
    form_context,
    is_frozen,
    offer_trips,
    own_context,
    wrote_to,
)
from dofc_events.registration.trips.forms import NOT_TO_BE_HAD, ChangeTripsForm
from dofc_events.web.dates import begin_page
from dofc_events.web.forms import answer_errors, answer_too_many, form_page
from dofc_events.web.kept import kept_part

blueprint = Blueprint("registration", __name__)
blueprint.register_blueprint(own.blueprint)


def register(app: Flask) -> None:
    """Add the registration form and delegates' own pages to the site."""
    app.register_blueprint(blueprint)


DELEGATE = Actor("delegate")
NEW = "registration/new.html"
# A conference behind one network address does not feel this; who wants all places for themselves does.
FORMS_PER_NETWORK = "60 per 10 minutes"
limit_by_network = limiter.shared_limit(
    FORMS_PER_NETWORK,
    scope="registering",
    methods=["POST"],
    exempt_when=lambda: "begun_anew" in g,
    override_defaults=False,
)
REFUSALS = (RegistrationNotOpen, TooManyMessages, ChoiceFull, NotInvited, *NOT_TO_BE_HAD)


@blueprint.route("/editions/<year:year>/register", methods=["GET", "POST"])
@limit_by_network
def new(year: int) -> ResponseReturnValue:
    edition, pool = _with_places(year, is_form=True)
    context = form_context(edition, pool) | {"blank": None, "earlier": None}
    is_open = edition.window(now()) is Window.OPEN and (edition.gives_places(now()) or context["free"] > 0)
    if request.method != "POST":
        is_shown = is_open or edition.status == EditionStatus.DRAFT
        return _blank_form(edition, context) if is_shown else answer_not_open(edition, None)
    form = _form(edition, context)
    if not form.validate():
        return answer_errors(form, NEW, **context) if is_open else answer_not_open(edition, form)
    try:
        with unit_of_work() as session:
            registered = register_delegate(session, edition.id, form.to_request(edition), DELEGATE, now())
    except REFUSALS as refusal:
        return answer_refusal(refusal, form, NEW, edition, context)
    if registered.outcome is Outcome.OTHER_ANSWERS:
        return answer_other_answers(registered.token, form, context)
    if registered.outcome is Outcome.ADDRESS_KNOWN:
        return wrote_to(edition, form.email.data, after="register")
    if registered.outcome is Outcome.ANSWERED_BY_EMAIL:
        return wrote_to(edition, form.email.data, after="invited")
    return redirect(url_for("registration.own.own", token=registered.token), 303)


@blueprint.route("/editions/<year:year>/written")
def written(year: int) -> ResponseReturnValue:
    """The page after a form whose answer is in an email, not on a page."""
    edition = _published(year)
    if "written" not in browser:
        return redirect(url_for(".lost_link", year=year), 303)
    # A session that began before the page had them has fewer.
    after, email, token, again = (*browser["written"], "", None)[:4]
    action, others = again or ("", {})
    form = AddressForm(data={"email": email})
    return render_template(
        "registration/written.html",
        edition=edition,
        after=after,
        email=email,
        token=token,
        form=form,
        action=action,
        others=others,
    )


@blueprint.route("/editions/<year:year>/lost-link", methods=["GET", "POST"])
@limit_by_address(AddressForm)
def lost_link(year: int) -> ResponseReturnValue:
    edition = _published(year)
    if link_has_ended(edition.finishes_at(), now()):
        abort(404)
    form = AddressForm()
    if not form.validate_on_submit():
        return form_page(form, "registration/lost_link.html", edition=edition)
    with unit_of_work() as session:
        send_link(session, edition.id, form.email.data, now())
    return wrote_to(edition, form.email.data, after="link")


def _published(year: int) -> Edition:
    return _with_places(year)[0]


def _with_places(year: int, *, is_form: bool = False) -> tuple[Edition, Pool]:
    """An edition that takes registrations; its organisers are shown the form of a draft that lacks nothing."""
    found = edition_with_pool(db.session(), year)
    if found is None or found[0].registration_opens_at is None:
        abort(404)
    if found[0].status == EditionStatus.DRAFT and not (is_form and may_organise(found[0]) and is_complete(found[0])):
        abort(404)
    return found


def _form(edition: Edition, context: dict[str, Any]) -> RegistrationForm:
    form = RegistrationForm()
    form.offer_categories(context["categories"])
    form.ask(context["asked"], context["room"])
    offer_trips(form, edition, context["trips"], has_place=context["free"] > 0)
    return form


def _blank_form(edition: Edition, context: dict[str, Any]) -> ResponseReturnValue:
    """The form as it is first shown: the same for everyone, but for what nobody sees of it."""
    if "code" in request.args:
        # Not for everyone: whoever has the link need not type it.
        form = _form(edition, context)
        form.code.data = request.args["code"][:LONGEST_CODE]
        return render_template(NEW, form=form, **context)
    shown = _shown(edition, context)

    def part(name: str, *said: str) -> Markup:
        """Of the blank form, below what has `said` these zones."""

        def filled_in() -> dict[str, Any]:
            begin_page(*said)
            return {"form": _form(edition, context), **context}

        return kept_part(f"registration/_{name}.html", shown, filled_in)

    blank = {"head": part("head"), "fields": part("fields", edition.zone)}
    return render_template(NEW, form=UnseenForm(), **context | {"blank": blank})


def _shown(edition: Edition, context: dict[str, Any]) -> Hashable:
    """Everything that a blank form shows. Of trips with many seats left it does not show how many."""
    at = now()
    trips = tuple(
        (said_by(seat.trip), seat.trip.can_be_joined(at), seat.free if edition.collects_wishes else seat.few_left)
        for seat in context["trips"]
    )
    places = context["availability"], context["free"] if context["availability"] is Availability.FEW else 0
    few = tuple((option, min(left, FEW)) for option, left in sorted(context["room"].items()))
    own = context["asked"], few
    shown = operator.attrgetter("slug", "label", "is_full", "by_invitation", "needs_approval")
    categories = tuple(shown(one) for one in context["categories"])
    return said_by(edition), categories, trips, context["sign_up"], places, context["waiting"], own


def answer_refusal(
    refusal: Refusal, form: RegistrationForm, template: str, edition: Edition, context: dict[str, Any]
) -> ResponseReturnValue:
    """The form again, on the page that it is on, with what changed while it was filled in."""
    if isinstance(refusal, RegistrationNotOpen):
        return answer_not_open(edition, form)
    if isinstance(refusal, TooManyMessages):
        return answer_too_many(form, refusal.retry_after, template, **context)
    if isinstance(refusal, ChoiceFull):
        form.answers.refuse(refusal)
    elif isinstance(refusal, NotInvited):
        form.refuse_uninvited()
    else:
        form.trips.refuse(refusal)
    return answer_errors(form, template, **context)


def answer_other_answers(token: str, form: RegistrationForm, context: dict[str, Any]) -> ResponseReturnValue:
    """Answer a form sent again with other answers: the page that changes them, filled in; nothing is changed yet.

    Another name with another address is another person, whom the sender probably wants to register as well.
    """
    registration = registration_by_token(db.session(), token)
    assert registration is not None
    names = form.given_name.data, form.family_name.data
    is_renamed = names != (registration.given_name, registration.family_name)
    if is_renamed and address_key(form.email.data) != registration.email_key:
        form.form_key.data = new_secret()
        context |= {"earlier": registration, "token": token}
        return make_response(render_template(NEW, form=form, **context), 422)
    if is_frozen(registration):
        return redirect(url_for("registration.own.own", token=token), 303)
    context = own_context(registration, token) | {"sent_twice": True}
    same = details_of(registration) == form.to_details() and form.answers.is_as(context["known"])
    if same and form.email.data == registration.email:
        trips = ChangeTripsForm(obj=registration)
        offer_trips(trips, registration.edition, context["trips"], has_place=context["status"] is ClaimStatus.CONFIRMED)
        return make_response(render_template("registration/own/trips.html", form=trips, **context), 422)
    if same:
        address = ChangeAddressForm(obj=registration)
        return make_response(render_template("registration/own/address.html", form=address, **context), 422)
    edit = change_form(registration, context["known"], context["own_questions"], kind=ChangeDetailsForm)
    context["other_email"] = form.email.data if form.email.data != registration.email else ""
    return make_response(render_template("registration/own/edit.html", form=edit, **context), 422)
