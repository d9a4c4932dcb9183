"""Several people with one contact: the form for them, and their group's page. No GET changes anything."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import current_edition
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal, ask_first
from dofc_events.delegates.queries import registration_by_token
from dofc_events.delegates.rules import full_name
from dofc_events.extensions import limiter, settings
from dofc_events.groups.forms import GroupForm, PeopleForm, PersonForm, still_bring
from dofc_events.groups.invitations import views as invitations
from dofc_events.groups.lost_link.service import send_group_link
from dofc_events.groups.models import Group
from dofc_events.groups.offers import views as offers
from dofc_events.groups.queries import (
    group_of_contact,
    leads_to_erased,
    people_of,
    promises_for,
    shortages,
    token_of_group,
)
from dofc_events.groups.rules import MAX_PEOPLE
from dofc_events.groups.service import (
    AlreadyInGroup,
    Contact,
    Joined,
    NotForPerson,
    TooManyCompanions,
    cancel_with,
    follow_contact,
    register_people,
)
from dofc_events.groups.shared import (
    acting_for,
    context_of,
    context_of_companions,
    links_sent,
    mine,
    people_looked_after,
    with_pool,
)
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_with_pool
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.forms import AddressForm
from dofc_events.registration.invitations.service import NotInvited
from dofc_events.registration.rules import AFTER_READDRESSING, link_has_ended
from dofc_events.registration.service import RegistrationNotOpen, RegistrationOver
from dofc_events.registration.shared import answer_not_open, asked_of, form_context, offer_trips, own_context, wrote_to
from dofc_events.registration.views import DELEGATE, FORMS_PER_NETWORK
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, allow_long_form, answer_errors, answer_too_many, form_page
from dofc_events.web.on_record import say

blueprint = Blueprint("groups", __name__)
blueprint.register_blueprint(invitations.blueprint)
blueprint.register_blueprint(offers.blueprint)
blueprint.before_request(allow_long_form)

PEOPLE, CHECK = "groups/people.html", "groups/check.html"
REGISTER, JOIN = "register", "groups.invitations.join"
REFUSALS = (
    RegistrationNotOpen,
    TooManyMessages,
    NotInvited,
    AlreadyInGroup,
    TooManyCompanions,
    ChoiceFull,
    NotForPerson,
)


def register(app: Flask) -> None:
    """Add the pages of groups to the site, and whom a delegate looks after to the pages and emails about cancelling.

    And what a contact's own address has to do with their group's.
    """
    app.register_blueprint(blueprint)
    if follow_contact not in AFTER_READDRESSING:
        AFTER_READDRESSING.append(follow_contact)
    app.jinja_env.globals.update(looked_after=people_looked_after)


@dataclass(frozen=True)
class Start:
    """Where people are added from: by which contact, to which group, with which promise; `action` is the address."""

    edition: Edition
    pool: Pool
    action: str
    actor: Actor = DELEGATE
    contact: Contact | None = None
    group: Group | None = None
    contact_id: int | None = None
    accompanying: bool = False


def _of_form() -> int:
    """How many registrations a form asks for: as many forms for one person would count."""
    return max(1, sum(name.endswith("-given_name") for name in request.form))


def limit_by_people(view: Any) -> Any:
    """As many people as on forms for one: only what registers somebody counts."""
    return limiter.shared_limit(
        FORMS_PER_NETWORK,
        scope="registering",
        methods=["POST"],
        cost=_of_form,
        exempt_when=lambda: "begun_anew" in g or request.form.get("step") != REGISTER,
        override_defaults=False,
    )(view)


@blueprint.errorhandler(LinkNotValid)
def link_not_valid(error: LinkNotValid) -> ResponseReturnValue:
    """404, without saying whether the link was wrong or replaced."""
    say("wrong_link")
    if leads_to_erased(db.session(), (request.view_args or {})["token"]):
        return make_response(render_template("privacy/own/erased.html", form=AddressForm(formdata=None)), 404)
    words = {"edition": current_edition(db.session(), now()), "of_invitation": request.endpoint == JOIN}
    return make_response(render_template("groups/link_not_valid.html", **words), 404)


@blueprint.route("/groups/new/<year:year>", methods=["GET", "POST"])
@limit_by_people
def new(year: int) -> ResponseReturnValue:
    found = edition_with_pool(db.session(), year)
    if found is None or found[0].registration_opens_at is None or found[0].status == EditionStatus.DRAFT:
        abort(404)
    return _add_people(Start(*found, url_for(".new", year=year)))


@blueprint.route("/groups/with/<token>", methods=["GET", "POST"])
@limit_by_people
def with_delegate(token: str) -> ResponseReturnValue:
    """A delegate registers colleagues, and is their contact."""
    registration = registration_by_token(db.session(), token)
    if registration is None or registration.email_key is None or registration.ended_at is not None:
        raise LinkNotValid
    if (group := group_of_contact(db.session(), registration)) is not None:
        if request.method == "POST":
            # The form may be older than the group; what was typed into it is not lost.
            return _add_people(_to_group(group))
        return redirect(url_for(".add", token=token_of_group(group)), 303)
    contact = Contact(registration.full_name, registration.email, registration.language, registration.organisation)
    edition, pool = with_pool(registration.edition)
    actor = Actor("delegate", registration.reference)
    action = url_for(".with_delegate", token=token)
    return _add_people(Start(edition, pool, action, actor, contact, contact_id=registration.id))


@blueprint.route("/groups/link/<year:year>", methods=["GET", "POST"])
@limit_by_address(AddressForm)
def lost_link(year: int) -> ResponseReturnValue:
    """Email somebody the link to their group again."""
    found = edition_with_pool(db.session(), year)
    if found is None or found[0].status == EditionStatus.DRAFT or link_has_ended(found[0].finishes_at(), now()):
        abort(404)
    form = AddressForm()
    if not form.validate_on_submit():
        return form_page(form, "groups/lost_link.html", edition=found[0])
    with unit_of_work() as session:
        send_group_link(session, found[0].id, form.email.data, now())
    return wrote_to(found[0], form.email.data, after="group_link")


@blueprint.route("/groups/companions/<token>", methods=["GET", "POST"])
@limit_by_people
def companions(token: str) -> ResponseReturnValue:
    """A delegate brings accompanying persons, as many as the edition allows."""
    registration = registration_by_token(db.session(), token)
    if registration is None or registration.email_key is None or registration.ended_at is not None:
        raise LinkNotValid
    edition, pool = with_pool(registration.edition)
    if not edition.takes_companions or registration.accompanies:
        abort(404)
    contact = Contact(registration.full_name, registration.email, registration.language, registration.organisation)
    action, actor = url_for(".companions", token=token), Actor("delegate", registration.reference)
    group = group_of_contact(db.session(), registration)
    start = Start(edition, pool, action, actor, contact, group, registration.id, accompanying=True)
    return _add_people(start, country=registration.country)


@blueprint.post("/groups/cancel/<token>")
def cancel(token: str) -> ResponseReturnValue:
    """A delegate cancels, together with the people they look after and have ticked."""
    registration = registration_by_token(db.session(), token)
    if registration is None:
        raise LinkNotValid
    form, ticked = ButtonForm(), request.form.getlist("with")
    if not form.validate_on_submit():
        return form_page(form, "registration/own/cancel.html", **own_context(registration, token))
    try:
        with unit_of_work() as session:
            actor = Actor("delegate", registration.reference)
            names = cancel_with(session, registration.id, ticked, actor, now())
    except RegistrationOver:
        return redirect(url_for("registration.own.cancel", token=token), 303)
    if names:
        flash(_("Cancelled for %(names)s as well.", names=", ".join(names)), "success")
    return redirect(url_for("registration.own.own", token=token), 303)


@blueprint.get("/groups/<token>/")
def index(token: str) -> ResponseReturnValue:
    group = mine(token)
    return render_template("groups/index.html", **context_of(group, token))


@blueprint.route("/groups/<token>/add", methods=["GET", "POST"])
@limit_by_people
def add(token: str) -> ResponseReturnValue:
    return _add_people(_to_group(mine(token)))


def _to_group(group: Group) -> Start:
    contact = Contact(group.contact_name, group.email, group.language, group.organisation)
    action = url_for(".add", token=token_of_group(group))
    return Start(*with_pool(group.edition), action, acting_for(group), contact, group)


def _add_people(start: Start, *, country: str = "") -> ResponseReturnValue:
    """The form, again with one more or less, then what is to be checked, then what has become of it."""
    edition, step = start.edition, request.form.get("step", "")
    form = GroupForm() if start.contact is None else PeopleForm()
    context = _form_context(start)
    form.prepare(_asked_of_each(start, context, country), context["room"])
    if edition.window(now()) is not Window.OPEN:
        return answer_not_open(edition, form)
    if request.method != "POST" or step == "change":
        return render_template(PEOPLE, form=_begun(form, start), **context)
    if step.startswith(("add", "remove")):
        form.add_person() if step == "add" else form.remove_person(step.removeprefix("remove "))
        return render_template(PEOPLE, form=form, **context | {"added": step == "add"})
    if not form.validate():
        return answer_errors(form, PEOPLE, **context)
    contact = start.contact or form.contact()
    assert contact is not None, "the form asks for one"
    if step != REGISTER:
        return _check(start, form, contact, context)
    try:
        joined = _register(start, form, contact)
    except NotAgreed as asked:
        return _check(start, form, contact, context, asked)
    except REFUSALS as refusal:
        return _refused(refusal, start, form, context)
    if joined.others:
        return _begin_anew(start, form, context, joined)
    return _done(start, joined)


def _begin_anew(start: Start, form: PeopleForm, context: dict[str, Any], joined: Joined) -> ResponseReturnValue:
    """The form that has registered others, with those who are still to be registered, and nothing done for them yet."""
    assert joined.group is not None, "it was registered by this form"
    form.keep_only(joined.others)
    names = [person.registration.full_name for person in people_of(db.session(), joined.group.id)]
    start = start if start.accompanying else _to_group(mine(token_of_group(joined.group)))
    page = render_template(PEOPLE, form=form, **context | {"start": start, "registered": names})
    # Nobody is left to be brought by a delegate who has brought all: then the page says what was typed.
    return make_response(page, 422 if context["most"] else 403)


def _register(start: Start, form: PeopleForm, contact: Contact) -> Joined:
    choice, agreed = request.form.get("choice", ""), request.form.get("agreed", "")
    with unit_of_work() as session:
        return register_people(
            session,
            start.edition.id,
            form.to_request(start.edition, contact, choice, agreed),
            start.actor,
            now(),
            group_id=start.group.id if start.group else None,
            contact_id=start.contact_id,
            accompanying=start.accompanying,
        )


def _begun(form: PeopleForm, start: Start) -> PeopleForm:
    first = form.people.entries[0].form
    if request.method != "POST" and start.contact is not None:
        first.organisation.data = start.contact.organisation
    return form


def _form_context(start: Start) -> dict[str, Any]:
    context = form_context(start.edition, start.pool) | {
        "start": start,
        "most": MAX_PEOPLE,
        "added": False,
        "registered": (),
    }
    if start.accompanying:
        context |= context_of_companions(start.edition, start.contact_id, start.group, context["trips"])
    return context


def _asked_of_each(start: Start, context: dict[str, Any], country: str) -> Callable[[PersonForm], None]:
    """What is done with the form of each of the people before it is shown or read."""
    has_place = context["free"] > 0 or (start.group is not None and start.group.promise_id is not None)

    def prepare(person: PersonForm) -> None:
        person.offer_categories(context["categories"])
        person.ask(context["asked"], context["room"])
        offer_trips(person, start.edition, context["trips"], has_place=has_place)
        if start.accompanying and start.contact is not None:
            # They come with the contact: nobody types this.
            person.organisation.data, person.country.data = start.contact.organisation, country
            person.category.data = context["categories"][0].slug if context["categories"] else ""
            person.email.data = ""

    return prepare


def _check(
    start: Start, form: PeopleForm, contact: Contact, context: dict[str, Any], asked: NotAgreed | None = None
) -> ResponseReturnValue:
    """What was typed, and what becomes of the people: asked first if there are too few places for all."""
    if asked is None:
        by_slug = {one.slug: one for one in context["categories"]}
        chosen = [by_slug[entry.form.category.data] for entry in form.people]
        promise_ids = promises_for(db.session(), start.pool, start.group, len(chosen))
        try:
            ask_first("", shortages(db.session(), start.pool, chosen, promise_ids))
        except NotAgreed as found:
            asked = found
    short = asked.consequences[0][0] if asked else None
    people = [entry.form.to_details() for entry in form.people]
    names = [full_name(one.given_name, one.family_name, one.country) for one in people]
    words = {"short": short, "digest": asked.digest if asked else "", "contact": contact, "names": names}
    again = request.form.get("step") == REGISTER
    page = render_template(CHECK, form=form, again=again, **words, **context)
    return make_response(page, 422 if again else 200)


def _refused(refusal: Refusal, start: Start, form: PeopleForm, context: dict[str, Any]) -> ResponseReturnValue:
    if isinstance(refusal, RegistrationNotOpen):
        return answer_not_open(start.edition, form)
    if isinstance(refusal, TooManyMessages):
        return answer_too_many(form, refusal.retry_after, PEOPLE, **context)
    if isinstance(refusal, TooManyCompanions):
        form.form_errors = [still_bring(refusal.left)]
    elif isinstance(refusal, AlreadyInGroup):
        words = _(
            "You have already registered somebody with this name. If this is another person, add their email address."
        )
        form.refuse(refusal.number, "given_name", words)
    elif isinstance(refusal, ChoiceFull):
        form.refuse_choice(refusal, asked_of(start.edition)["room"])
    elif isinstance(refusal, NotForPerson):
        form.refuse_trips(refusal.number, refusal.cause)
    else:
        words = _("A category that you chose is by invitation. Enter the code you were given.")
        form.code.errors = [words]
    return answer_errors(form, PEOPLE, **context)


def _done(start: Start, joined: Joined) -> ResponseReturnValue:
    if joined.group is None:
        return wrote_to(start.edition, joined.known[0], after="register")
    if joined.people:
        number = len(joined.people)
        done = ngettext("%(num)d person has been registered.", "%(num)d people have been registered.", number)
        kept = _("No email has been sent. Keep the address of this page: it is your link.")
        sent = links_sent(joined.group, joined.people)
        flash(f"{done} {sent if settings().mail_is_delivered else kept}", "success")
    elif not joined.is_new:
        flash(_("This form has already been sent. Nothing has been changed now."), "info")
    for email in joined.known:
        flash(
            _(
                "Nobody new has been registered with %(email)s. If it is already registered, the email we have just"
                " sent there says so.",
                email=email,
            ),
            "info",
        )
    return redirect(url_for(".index", token=token_of_group(joined.group)), 303)
