"""What is kept about somebody, for them to read and to erase. They prove the address by a link in an email."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import leads_to_erased, registration_by_token
from dofc_events.extensions import settings
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.privacy.erasing.service import DELEGATE, StillContact
from dofc_events.privacy.handed_out.queries import as_json, data_of, data_of_contact, data_of_proposal
from dofc_events.privacy.own import service
from dofc_events.privacy.queries import (
    ACCOUNT,
    CONTACT,
    ERASE,
    PROPOSAL,
    REGISTRATION,
    Found,
    account_of_address,
    address_of,
    groups_of_address,
    people_called,
    proposals_of_address,
    registration_to_erase,
    registrations_of_address,
)
from dofc_events.privacy.shared import called, erase_each, handed_out
from dofc_events.registration.forms import AddressForm
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, answer_too_late, answer_too_many, form_page
from dofc_events.web.on_record import say

blueprint = Blueprint("own", __name__)

OWN, ALL = "/registrations/<token>", "/my-data"
STILL_CONTACT: Any = _l("You are the only contact of people who take part. Give their group another contact first.")


@blueprint.errorhandler(LinkNotValid)
def link_not_valid(error: LinkNotValid) -> ResponseReturnValue:
    """404, without saying whether the link was wrong or has ended; but whoever pressed twice reads that it is done."""
    say("wrong_link")
    is_erased = leads_to_erased(db.session(), (request.view_args or {})["token"], ERASE)
    page = "privacy/own/erased.html" if is_erased else "privacy/own/link_not_valid.html"
    return make_response(render_template(page, form=AddressForm(formdata=None)), 404)


@blueprint.get(f"{OWN}/my-data")
def my_data(token: str) -> ResponseReturnValue:
    """Everything about one registration, to be read."""
    registration, session = _mine(token), db.session()
    kept = data_of(session, registration)
    return render_template(
        "privacy/own/my_data.html", registration=registration, edition=registration.edition, token=token, kept=kept
    )


@blueprint.get(f"{OWN}/my-data.json")
def my_data_json(token: str) -> ResponseReturnValue:
    """Everything about one registration, as a file."""
    registration = _mine(token)
    return handed_out(
        registration, as_json(data_of(db.session(), registration), now(), edition=registration.edition.year)
    )


@blueprint.route(f"{OWN}/erase", methods=["GET", "POST"])
def erase(token: str) -> ResponseReturnValue:
    """What goes and what stays; the button sends the email that confirms it."""
    registration, form = _mine(token), ButtonForm()
    edition = registration.edition
    context = {"registration": registration, "edition": edition, "token": token, "over": edition.is_over(now())}
    if not form.validate_on_submit():
        return form_page(form, "privacy/own/erase.html", **context)
    try:
        with unit_of_work() as session:
            service.ask_to_erase(session, registration.id, now())
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "privacy/own/erase.html", **context)
    except StillContact:
        return answer_too_late(form, STILL_CONTACT, "privacy/own/erase.html", **context)
    sent = _("We are sending you an email: open its link and confirm there.")
    kept = _("The email that confirms this waits until a mail server is set up.")
    words = _("Nothing has been erased yet.")
    flash(f"{words} {sent if settings().mail_is_delivered else kept}", "info")
    return redirect(url_for(".erase", token=token), 303)


@blueprint.route(f"{OWN}/erase/confirm", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """Behind the link in the email alone."""
    registration, form = registration_to_erase(db.session(), token, now()), ButtonForm()
    if registration is None:
        raise LinkNotValid
    page = "privacy/own/confirm.html"
    context = {"registration": registration, "edition": registration.edition, "token": token}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    found = [one for one in people_called(db.session(), registration.reference) if one.kind == REGISTRATION]
    return _erased(found, registration.email, form, page, context)


@blueprint.route(ALL, methods=["GET", "POST"])
@limit_by_address(AddressForm)
def ask() -> ResponseReturnValue:
    """For everything that is kept about an address, at all editions."""
    form = AddressForm()
    if not form.validate_on_submit():
        return form_page(form, "privacy/own/ask.html")
    with unit_of_work() as session:
        service.ask_for_data(session, form.email.data, now())
    return redirect(url_for(".asked"), 303)


@blueprint.get(f"{ALL}/sent")
def asked() -> ResponseReturnValue:
    """The page after that form: the same for known and unknown addresses."""
    return render_template("privacy/own/asked.html")


@blueprint.get(f"{ALL}/erased")
def erased() -> ResponseReturnValue:
    """The page after erasing; it shows nobody's name, as there is none left."""
    return render_template("privacy/own/erased.html", form=AddressForm(formdata=None))


@blueprint.get(f"{ALL}/<token>")
def all_data(token: str) -> ResponseReturnValue:
    """Everything of one address: each registration with its file, and the end of all of it."""
    email_key, session = _address(token), db.session()
    kept = [(one, data_of(session, one)) for one in registrations_of_address(session, email_key)]
    proposals = [(one, data_of_proposal(session, one)) for one in proposals_of_address(session, email_key)]
    groups, account = groups_of_address(session, email_key), account_of_address(session, email_key)
    can_erase = bool(kept or proposals or groups)
    if not can_erase and account is None:
        return make_response(render_template("privacy/own/nothing_kept.html"), 404)
    context = {"kept": kept, "proposals": proposals, "groups": groups, "account": account, "can_erase": can_erase}
    return render_template("privacy/own/all_data.html", token=token, **context)


@blueprint.get(f"{ALL}/<token>/my-data.json")
def all_data_json(token: str) -> ResponseReturnValue:
    """Everything of an address as one file, but for its account's, which is behind signing in."""
    key, session, at = _address(token), db.session(), now()
    registrations, groups = registrations_of_address(session, key), groups_of_address(session, key)
    found = [as_json(data_of(session, one), at, edition=one.edition.year) for one in registrations]
    for proposal in proposals_of_address(session, key):
        found.append(as_json(data_of_proposal(session, proposal), at, call=proposal.call.year))
    found += [as_json(data_of_contact(session, one), at, edition=one.edition.year) for one in groups]
    return handed_out(None, found)


@blueprint.route(f"{ALL}/<token>/erase", methods=["GET", "POST"])
def erase_all(token: str) -> ResponseReturnValue:
    """The link came by email to the address, so that its button needs no further confirmation."""
    email_key, form = _address(token), ButtonForm()
    # The account stays: what it can do ends first, and the chair sees to that.
    found = [one for one in people_called(db.session(), email_key) if one.kind != ACCOUNT]
    if not found:
        return redirect(url_for(".all_data", token=token), 303)
    kinds = {one.kind for one in found}
    whose = {"registered": REGISTRATION in kinds, "proposes": PROPOSAL in kinds, "is_contact": CONTACT in kinds}
    page, context = "privacy/own/erase_all.html", {"found": found, "called": called, "token": token, "whose": whose}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    return _erased(found, email_key, form, page, context)


def _erased(
    found: Sequence[Found], address: str, form: ButtonForm, page: str, context: dict[str, Any]
) -> ResponseReturnValue:
    try:
        erase_each(found, DELEGATE)
    except StillContact:
        return answer_too_late(form, STILL_CONTACT, page, **context)
    if left := people_called(db.session(), address):
        what = "; ".join(map(called, left))
        flash(_("This has not been erased, and is still kept under your address: %(what)s.", what=what), "warning")
    return redirect(url_for(".erased"), 303)


def _mine(token: str) -> Registration:
    # Longer than the other pages of a registration, which end some months after the edition: data is kept longer.
    registration = registration_by_token(db.session(), token)
    if registration is None:
        raise LinkNotValid
    return registration


def _address(token: str) -> str:
    email_key = address_of(token, now())
    if email_key is None:
        raise LinkNotValid
    return email_key
