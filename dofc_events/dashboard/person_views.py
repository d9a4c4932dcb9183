"""What an organiser does for one delegate: register them, change what they said, have the link sent to them."""

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, edition_staff
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.dashboard.person_forms import OnBehalfForm, stated_consent
from dofc_events.dashboard.views import EDITION, about, blueprint, registration_at, shared
from dofc_events.delegates.service import details_of
from dofc_events.extensions import settings
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import NothingFree
from dofc_events.registration import on_behalf
from dofc_events.registration.forms import DetailsForm
from dofc_events.registration.queries import standing_of
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.trip_forms import NOT_TO_BE_HAD
from dofc_events.registration.views import form_context, offer_trips
from dofc_events.web.forms import ButtonForm, answer_errors, answer_too_many, form_page

__all__ = ["blueprint"]

PERSON = f"{EDITION}/registrations/<reference>"
NEW, EDIT = "dashboard/add_registration.html", "dashboard/edit_registration.html"


@blueprint.route(f"{EDITION}/registrations/new", methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER)
def add_registration(edition: Edition) -> ResponseReturnValue:
    """Register somebody, whether or not registration is open."""
    if not on_behalf.can_be_added_to(edition, now()):
        return _not_running(edition)
    form, context = OnBehalfForm(), {**form_context(edition), **shared(edition), "known": None, "at": now()}
    context["stated"] = stated_consent(edition)
    form.offer_categories(edition.category_choices())
    offer_trips(form, edition, context["trips"], has_place=context["free"] > 0)
    if not form.validate_on_submit():
        return form_page(form, NEW, **context)
    try:
        with unit_of_work() as session:
            added = on_behalf.add_delegate(session, edition.id, form.to_request(edition), acting(), now())
            status = standing_of(session, added.registration.id).status
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, NEW, **context)
    except on_behalf.EditionNotRunning:
        return _not_running(edition)
    except (on_behalf.AlreadyRegistered, NothingFree, *NOT_TO_BE_HAD) as refusal:
        return _refused(form, refusal, edition, context)
    _say_what_was_added(added, status)
    return redirect(url_for(".registration", year=edition.year, reference=added.registration.reference), 303)


@blueprint.route(f"{PERSON}/edit", methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER)
def edit_registration(edition: Edition, reference: str) -> ResponseReturnValue:
    """Change what a delegate said, also when they cannot any more."""
    found = registration_at(edition, reference)
    form = DetailsForm(obj=details_of(found))
    form.offer_categories(edition.category_choices())
    freezes_at, status = edition.details_freeze_at(), standing_of(db.session(), found.id).status
    context = {
        "registration": found,
        "status": status,
        "is_frozen": freezes_at and freezes_at <= now(),
        **shared(edition),
    }
    if found.ended_at is not None or edition.is_over(now()):
        return make_response(render_template(EDIT, form=form, is_over=True, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, EDIT, is_over=False, **context)
    try:
        with unit_of_work() as session:
            changed = on_behalf.change_details(session, found.id, form.to_details(), acting(), now())
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, EDIT, is_over=False, **context)
    except RegistrationOver:
        return make_response(render_template(EDIT, form=form, is_over=True, **context), 403)
    if changed:
        flash(_("The changes are saved, and %(name)s is told of them.", name=form.to_details().given_name), "success")
    else:
        flash(_("Nothing was changed."), "info")
    return redirect(url_for(".registration", year=edition.year, reference=reference), 303)


@blueprint.post(f"{PERSON}/send-link")
@edition_staff(RoleName.ORGANISER)
def send_link(edition: Edition, reference: str) -> ResponseReturnValue:
    """Mail a delegate the link to their own page."""
    found, form = registration_at(edition, reference), ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "dashboard/registration.html", **about(edition, found) | {"button_form": form})
    try:
        with unit_of_work() as session:
            on_behalf.send_link(session, found.id, acting(), now())
    except TooManyMessages:
        flash(_("Nothing was sent: this address got enough messages for now. Try again in an hour."), "warning")
    except RegistrationOver:
        flash(_("Nothing was sent: this registration was cancelled."), "warning")
    else:
        flash(
            _("The link goes to %(email)s.", email=found.email) if settings().mail_is_delivered else _kept(), "success"
        )
    return redirect(url_for(".registration", year=edition.year, reference=reference), 303)


def _refused(form: OnBehalfForm, refusal: Refusal, edition: Edition, context: dict[str, Any]) -> ResponseReturnValue:
    if isinstance(refusal, on_behalf.AlreadyRegistered):
        form.email.errors = [_("This address is registered already.")]
        context = context | {"known": registration_at(edition, refusal.reference)}
    elif isinstance(refusal, NothingFree):
        form.form_errors = [_("No place is free, and nobody moves up any more. First add places in the settings.")]
    else:
        form.trips.refuse(refusal)
    return answer_errors(form, NEW, **context)


def _say_what_was_added(added: on_behalf.Added, status: ClaimStatus) -> None:
    name = added.registration.full_name
    if not added.is_new:
        flash(
            _("This form was sent before, and %(name)s was registered then. Nothing was changed now.", name=name),
            "info",
        )
    elif status is ClaimStatus.CONFIRMED:
        flash(_("%(name)s has a place, and is told by mail.", name=name), "success")
    else:
        flash(_("All places are taken: %(name)s is on the waiting list, and is told by mail.", name=name), "success")


def _not_running(edition: Edition) -> ResponseReturnValue:
    return make_response(render_template("dashboard/nobody_added.html", **shared(edition)), 403)


def _kept() -> str:
    text: str = _("The message is written, but no mail server is set up, so it is kept and not sent.")
    return text
