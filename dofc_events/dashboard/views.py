"""Organisers' pages: what needs attention, an edition's registrations, one registration."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dofc_events.accounts.guards import acting, edition_staff, grants, is_chair, may_organise, signed_in
from dofc_events.accounts.queries import previous_sign_in
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import all_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import history_of
from dofc_events.core.clock import now
from dofc_events.core.countries import country_codes
from dofc_events.core.db import db, unit_of_work
from dofc_events.dashboard import queries
from dofc_events.dashboard.attention import attention
from dofc_events.dashboard.list_queries import tags_at
from dofc_events.dashboard.many_forms import NoteForm, TagForm
from dofc_events.dashboard.person_queries import other_registrations, references_here
from dofc_events.dashboard.rules import is_moment
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.extensions import settings
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages, can_be_sent_again
from dofc_events.mail.queries import mail_health, messages_about
from dofc_events.places.rules import PLACE_STATUSES
from dofc_events.registration import service as delegates_acts
from dofc_events.registration.audience import FLAGS, Audience, Filters
from dofc_events.registration.forms import AddressForm
from dofc_events.registration.queries import STATUS_KINDS, standing_of
from dofc_events.registration.rules import Outcome
from dofc_events.trips.queries import trips_by_edition
from dofc_events.web.forms import ButtonForm, answer_too_many, form_page

blueprint = Blueprint("dashboard", __name__, url_prefix="/organise")

# Numbers in addresses that no database column can hold belong to nothing.
EDITION = "/editions/<int(max=9999):year>"
LARGEST_ID = 2**31 - 1


def shared(edition: Edition | None) -> dict[str, Any]:
    """What every organiser's page shows: which edition it is about, and whether mail goes out.

    What could not be delivered counts where it can be seen to: on the pages of its edition, and on the chair's.
    """
    scopes = None if edition is None else (str(edition.year),)
    return {"edition": edition, "mail_health": mail_health(db.session(), now(), scopes)}


def before_id() -> int | None:
    """Where the page of a list begins: below the last row of the page before."""
    after = request.args.get("after", type=int)
    return None if after is None else max(0, min(after, LARGEST_ID))


def asked_filters() -> Filters:
    """What the address narrows the list of registrations to; 404 for what no registration can have."""
    names = [field.name for field in fields(Filters)]
    given = {name: request.args.get(name, "").strip() for name in names}
    allowed: dict[str, Callable[[str], bool]] = {
        "status": lambda value: value in PLACE_STATUSES,
        "country": lambda value: value in country_codes(),
        "since": is_moment,
        **dict.fromkeys(FLAGS, lambda value: value == "1"),
    }
    if any(given[name] and not is_allowed(given[name]) for name, is_allowed in allowed.items()):
        abort(404)
    return Filters(**given)


def asked_audience() -> Audience:
    """Whom the address means: all that it leaves on the list or, where it picks references, those of them."""
    return Audience(asked_filters(), tuple(dict.fromkeys(request.args.getlist("pick"))))


@blueprint.get("/")
@signed_in
def overview() -> ResponseReturnValue:
    """What the account may see, and how it stands there."""
    session, mine_to_do = db.session(), grants()
    organises = {g.edition_id for g in mine_to_do if g.role is RoleName.ORGANISER}
    helps = {g.edition_id for g in mine_to_do if g.role is RoleName.DESK} - organises
    editions = all_editions(session)
    mine = [e for e in editions if is_chair() or e.id in organises]
    desk_editions = [e for e in editions if e.id in helps and e not in mine]
    context = shared(None) if mine or is_chair() else {}
    at, since = now(), previous_sign_in(session, current_user.id)
    going_on = [edition for edition in mine if edition.status != EditionStatus.ARCHIVED]
    return render_template(
        "dashboard/overview.html",
        attention=attention(session, going_on, all_mail=is_chair(), since=since, now=at),
        editions=mine,
        desk_editions=desk_editions,
        manifests=trips_by_edition(session, [edition.id for edition in desk_editions]),
        places=queries.places_of(session, [e.id for e in mine]),
        represents=any(g.organisation_id for g in mine_to_do),
        at=at,
        **context,
    )


@blueprint.get(f"{EDITION}/registrations/<reference>")
@edition_staff(RoleName.ORGANISER)
def registration(edition: Edition, reference: str) -> ResponseReturnValue:
    """Everything about one registration, except the link that acts for the delegate."""
    return render_template("dashboard/registration.html", **about(edition, registration_at(edition, reference)))


def about(edition: Edition, found: Registration) -> dict[str, Any]:
    """What the page about one registration shows."""
    session, standing = db.session(), standing_of(db.session(), found.id)
    others = other_registrations(session, found)
    messages = messages_about(session, *references_here(found, others))
    return {
        "registration": found,
        "standing": standing,
        "trip_titles": {seat.trip.slug: seat.trip.title for seat in standing.trips},
        "consent": queries.consent_given(session, found),
        "messages": messages,
        "to_send_again": _to_send_again(messages),
        "at": now(),
        "others": [(other, may_organise(other.registration.edition)) for other in others],
        "history": history_of(session, found.reference),
        "is_over": found.ended_at is not None or edition.is_over(now()),
        "note_form": NoteForm(obj=found, formdata=None),
        "tag_form": TagForm(formdata=None),
        "button_form": ButtonForm(formdata=None),
        "known_tags": tags_at(session, edition.id),
        **shared(edition),
    }


def _to_send_again(messages: Sequence[Message]) -> Message | None:
    """The last message that says what a delegate holds, while it can be sent once more."""
    found = next((message for message in reversed(messages) if message.kind in STATUS_KINDS.values()), None)
    if found is None or not settings().mail_is_delivered:
        return None
    return found if can_be_sent_again(db.session(), found, now()) else None


@blueprint.route(f"{EDITION}/registrations/<reference>/address", methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER)
def correct_address(edition: Edition, reference: str) -> ResponseReturnValue:
    """Write to another address from now on, when mail does not arrive."""
    found = registration_at(edition, reference)
    form = AddressForm(obj=found)
    page, standing = "dashboard/address.html", standing_of(db.session(), found.id)
    context = {"registration": found, "status": standing.status, **shared(edition)}
    if found.ended_at is not None or edition.is_over(now()):
        return make_response(render_template(page, form=form, is_over=True, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, is_over=False, **context)
    try:
        with unit_of_work() as session:
            outcome = delegates_acts.correct_address(session, found.id, form.email.data, acting(), now()).outcome
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, page, is_over=False, **context)
    except delegates_acts.RegistrationOver:
        return make_response(render_template(page, form=form, is_over=True, **context), 403)
    _say_what_came_of_it(outcome, form.email.data)
    return redirect(url_for(".registration", year=edition.year, reference=reference), 303)


def _say_what_came_of_it(outcome: Outcome, email: str) -> None:
    if outcome is Outcome.REGISTERED:
        flash(
            _("From now on we write to %(email)s. The link to the delegate’s own page is a new one.", email=email),
            "success",
        )
    elif outcome is Outcome.ADDRESS_KNOWN:
        flash(
            _("Nothing was changed: %(email)s is registered already, under another reference.", email=email), "warning"
        )
    else:
        flash(_("Nothing was changed: this is the address already."), "info")


def registration_at(edition: Edition, reference: str) -> Registration:
    """One registration of an edition, or 404."""
    found = registration_by_reference(db.session(), edition.id, reference)
    if found is None:
        abort(404)
    return found
