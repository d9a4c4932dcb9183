"""What the head of a delegation does, behind the link to its page; and the form of those who were invited."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Window
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.rules import full_name
from dofc_events.groups import service as groups
from dofc_events.groups.delegations.queries import groups_at
from dofc_events.groups.delegations.service import NoPromise
from dofc_events.groups.invitations import service
from dofc_events.groups.invitations.forms import ContactForm, GiveBackForm, InviteForm, ReplaceForm
from dofc_events.groups.models import Invitation
from dofc_events.groups.queries import invitation_by_token, is_answered
from dofc_events.groups.shared import acting_for, answer_late, context_of, mine, my_delegation, say_sent, with_pool
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import address_key
from dofc_events.registration.forms import RegistrationForm
from dofc_events.registration.hand_over.service import OwnAddress
from dofc_events.registration.rules import Outcome
from dofc_events.registration.service import DetailsFrozen, RegistrationNotOpen, RegistrationOver
from dofc_events.registration.shared import answer_not_open, form_context, offer_trips, wrote_to
from dofc_events.registration.views import DELEGATE, REFUSALS, answer_other_answers, answer_refusal, limit_by_network
from dofc_events.web.asking import be_sure
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, Form, answer_errors, answer_too_many, form_page

blueprint = Blueprint("invitations", __name__)

GROUP = "/groups/<token>"
JOIN = "groups/join.html"


@blueprint.route(f"{GROUP}/invite", methods=["GET", "POST"])
def invite(token: str) -> ResponseReturnValue:
    group, form = my_delegation(token), InviteForm()
    context = context_of(group, token)
    if not context["is_open"]:
        return answer_not_open(group.edition, form)
    if not form.validate_on_submit():
        return form_page(form, "groups/invite.html", **context)
    try:
        with unit_of_work() as session:
            person = form.name.data, form.email.data
            service.invite(session, group.id, [person], acting_for(group), now())
    except (NoPromise, RegistrationNotOpen):
        return answer_late(group, token)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "groups/invite.html", **context)
    except service.AlreadyInvited:
        form.email.errors = [_("You have already invited this address.")]
        return answer_errors(form, "groups/invite.html", **context)
    except service.TooFewLeft:
        form.form_errors = [
            _("You have no promised place left: each has been used, or somebody has been invited to take it.")
        ]
        return answer_errors(form, "groups/invite.html", **context)
    say_sent(_("%(name)s has been invited.", name=form.name.data), _("The invitation will be sent by email."))
    return redirect(url_for("groups.index", token=token), 303)


@blueprint.post(f"{GROUP}/invitations/<id:invitation_id>/remind")
def remind(token: str, invitation_id: int) -> ResponseReturnValue:
    said = _("Reminder written."), _("It will be sent by email.")
    return _act(token, service.remind, invitation_id, *said)


@blueprint.post(f"{GROUP}/invitations/<id:invitation_id>/take-back")
def take_back(token: str, invitation_id: int) -> ResponseReturnValue:
    """End an invitation, after asking: the link that somebody has would stop working."""
    words = _("The invitation has been taken back. Its link no longer works.")
    return _act(token, _take_back, invitation_id, words)


def _take_back(session: Session, group_id: int, invitation_id: int, actor: Actor, now: datetime) -> None:
    name = service.take_back(session, group_id, invitation_id, actor, now)
    asked, meaning = _("Take back the invitation of %(name)s?", name=name), _("Its link will stop working.")
    assert request.view_args is not None
    be_sure(asked, meaning, _("Take it back"), back=url_for("groups.index", token=request.view_args["token"]))


def _act(token: str, act: Any, invitation_id: int, done: str, sent: str = "") -> ResponseReturnValue:
    group, form = my_delegation(token), ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "groups/index.html", **context_of(group, token))
    try:
        with unit_of_work() as session:
            act(session, group.id, invitation_id, acting_for(group), now())
    except (service.NotOfGroup, service.NotNow, NoPromise, RegistrationNotOpen):
        return answer_late(group, token)
    except TooManyMessages:
        flash(_("Nothing has been sent: this address has received enough emails for now."), "warning")
        return redirect(url_for("groups.index", token=token), 303)
    say_sent(done, sent)
    return redirect(url_for("groups.index", token=token), 303)


@blueprint.route(f"{GROUP}/people/<reference>/replace", methods=["GET", "POST"])
def replace(token: str, reference: str) -> ResponseReturnValue:
    """Somebody else comes instead of a person of the delegation."""
    group, form = my_delegation(token), ReplaceForm()
    context = context_of(group, token)
    person = next((one for one in context["people"] if one.registration.reference == reference), None)
    if person is None:
        raise LinkNotValid
    context |= {"person": person.registration}
    if not form.validate_on_submit():
        return form_page(form, "groups/replace.html", **context)
    name, email = (form.given_name.data, form.family_name.data), form.email.data
    known, other = person.registration.full_name, full_name(*name, person.registration.country)
    has_address = person.registration.email_key is not None
    if address_key(email) != person.registration.email_key:
        # Somebody who would be refused is not asked first.
        points = [
            _("The link of %(name)s will stop working immediately.", name=known),
            _("They can take the registration back until the new link is opened.")
            if has_address
            else _("You can take the registration back, with a link in our email, until the new link is opened."),
        ]
        title = _("Replace %(name)s with %(other)s?", name=known, other=other)
        if page := _unless_sure(form, "groups/replace.html", context, title, points, _("Replace")):
            return page
    try:
        with unit_of_work() as session:
            handed = service.replace_person(session, group.id, reference, name, email, acting_for(group), now())
    except DetailsFrozen:
        return answer_late(group, token)
    except OwnAddress:
        form.email.errors = [_("This is the address of the person you are replacing. Enter the new person’s address.")]
        return answer_errors(form, "groups/replace.html", **context)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "groups/replace.html", **context)
    if handed.outcome is Outcome.ADDRESS_KNOWN:
        return wrote_to(group.edition, email, after="change")
    done = _("%(other)s is now registered instead of %(name)s.", name=known, other=other)
    told = _("Both will be told by email.") if has_address else _("We will email you and %(other)s.", other=other)
    say_sent(done, told)
    return redirect(url_for("groups.index", token=token), 303)


@blueprint.route(f"{GROUP}/give-back", methods=["GET", "POST"])
def give_back(token: str) -> ResponseReturnValue:
    group, form = my_delegation(token), GiveBackForm()
    context = context_of(group, token)
    if not form.validate_on_submit():
        return form_page(form, "groups/give_back.html", **context)
    number = form.number.data
    if number <= context["row"].left:
        meaning = ngettext(
            "It goes to the waiting list immediately. You cannot take it back.",
            "They go to the waiting list immediately. You cannot take them back.",
            number,
        )
        title, points = ngettext("Give back %(num)d place?", "Give back %(num)d places?", number), [meaning]
        if page := _unless_sure(form, "groups/give_back.html", context, title, points, _("Give back")):
            return page
    try:
        with unit_of_work() as session:
            service.give_back(session, group.id, number, acting_for(group), now())
    except NoPromise:
        return answer_late(group, token)
    except service.TooFewLeft:
        form.number.errors = [_("You can’t give back that many places. Enter a smaller number.")]
        return answer_errors(form, "groups/give_back.html", **context)
    flash(ngettext("%(num)d place has been given back.", "%(num)d places have been given back.", number), "success")
    return redirect(url_for("groups.index", token=token), 303)


@blueprint.route(f"{GROUP}/contact", methods=["GET", "POST"])
def contact(token: str) -> ResponseReturnValue:
    """Give a group another contact; a delegation's head can only be changed by organisers."""
    group = mine(token)
    if group.is_delegation:
        raise LinkNotValid
    form, seen = ContactForm(obj=group), (group.contact_name, group.email)
    context = context_of(group, token)
    if not form.validate_on_submit():
        return form_page(form, "groups/contact.html", **context)
    if form.email.data != seen[1]:
        points = [
            _("Your own link will stop working immediately."),
            _("So will the links to the pages of people without an address of their own."),
        ]
        title = _("Make %(name)s the contact?", name=form.contact_name.data)
        if page := _unless_sure(form, "groups/contact.html", context, title, points, _("Change the contact")):
            return page
    try:
        with unit_of_work() as session:
            values = form.contact_name.data, form.email.data
            groups.change_contact(session, group.id, *values, acting_for(group), now(), seen=seen)
    except RegistrationOver:
        return answer_late(group, token)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "groups/contact.html", **context)
    flash(_("Changes saved."), "success")
    if form.email.data != seen[1]:
        return wrote_to(group.edition, form.email.data, after="contact")
    return redirect(url_for("groups.index", token=token), 303)


def _unless_sure(
    form: Form, template: str, context: dict[str, Any], title: str, points: list[str], act: str
) -> str | None:
    """The page that asks about an act that cannot be taken back, or the form once more; None if it is agreed."""
    if "sure" in request.form:
        return None
    page = template if "change" in request.form else "groups/sure.html"
    return render_template(page, form=form, **context | {"asked": title, "points": points, "act": act})


@blueprint.route("/groups/join/<token>", methods=["GET", "POST"])
@limit_by_network
def join(token: str) -> ResponseReturnValue:
    """The registration form for people whom a delegation's head has invited."""
    invitation = invitation_by_token(db.session(), token)
    if invitation is None:
        raise LinkNotValid
    edition = invitation.group.edition
    form, context = _form(edition, invitation)
    [row] = groups_at(db.session(), edition.id, only=invitation.group_id)
    context |= {"invitation": invitation, "token": token, "row": row}
    if is_answered(db.session(), invitation) and request.method != "POST":
        return render_template("groups/joined.html", **context)
    if edition.window(now()) is not Window.OPEN:
        return answer_not_open(edition, form)
    if not form.validate_on_submit():
        return form_page(form, JOIN, **context)
    try:
        with unit_of_work() as session:
            joined = service.join(session, invitation.id, form.to_request(edition), DELEGATE, now())
    except service.NotNow:
        return make_response(render_template("groups/joined.html", **context), 403)
    except service.NotOfGroup as refusal:
        raise LinkNotValid from refusal
    except REFUSALS as refusal:
        return answer_refusal(refusal, form, JOIN, edition, context)
    if joined.outcome is Outcome.ADDRESS_KNOWN:
        return wrote_to(edition, form.email.data, after="register")
    if joined.outcome is Outcome.OTHER_ANSWERS:
        return answer_other_answers(joined.token, form, context)
    return redirect(url_for("registration.own.own", token=joined.token), 303)


def _form(edition: Edition, invitation: Invitation) -> tuple[RegistrationForm, dict[str, Any]]:
    context = form_context(*with_pool(edition))
    form = RegistrationForm()
    form.offer_categories(context["categories"])
    form.ask(context["asked"], context["room"])
    offer_trips(form, edition, context["trips"], has_place=invitation.group.promise_id is not None)
    if request.method != "POST":
        form.email.data = invitation.email
    return form, context | {"availability": "places", "earlier": None, "blank": None}
