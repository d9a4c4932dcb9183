"""One registration: everything about it, and what organisers do for that delegate alone."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, may_organise, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.countries import country_codes
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration, merged_into
from dofc_events.delegates.service import details_of
from dofc_events.extensions import settings
from dofc_events.groups.queries import group_with
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages, can_be_sent_again
from dofc_events.mail.queries import messages_about
from dofc_events.notices.queries import STATUS_KINDS, standing_of
from dofc_events.organise.registrations.forms import NoteForm, ReinstateForm, TagForm
from dofc_events.organise.registrations.person.files import views as files
from dofc_events.organise.registrations.person.queries import (
    consent_given,
    history,
    other_registrations,
    references_here,
)
from dofc_events.organise.registrations.queries import Sort, categories, neighbours, tags_at
from dofc_events.organise.registrations.shared import asked_order, of_the_list, ranks_of, registration_at
from dofc_events.organise.shared import EDITION, around, asked_filters, emailed
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import CategoryFull, NothingFree
from dofc_events.questions.queries import answers_of
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.forms import ChangeAddressForm
from dofc_events.registration.notes import service as notes
from dofc_events.registration.on_behalf import service as on_behalf
from dofc_events.registration.on_behalf.forms import CorrectDetailsForm, OnBehalfForm
from dofc_events.registration.on_behalf.queries import raise_needed
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.shared import change_form, form_context, offer_trips, own_questions
from dofc_events.registration.texts import stated_consent
from dofc_events.registration.trips.forms import NOT_TO_BE_HAD
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("person", __name__)
blueprint.register_blueprint(files.blueprint)


@blueprint.get(f"{EDITION}/registrations/<reference>")
@organisers_only
def index(edition: Edition, reference: str) -> ResponseReturnValue:
    """Everything about one registration, except the link that acts for the delegate."""
    return render_template(
        "organise/registrations/person/index.html", **about(edition, registration_at(edition, reference))
    )


def about(edition: Edition, found: Registration) -> dict[str, Any]:
    """What the page about one registration shows."""
    session, standing = db.session(), standing_of(db.session(), found.id)
    others = other_registrations(session, found)
    messages = messages_about(session, *references_here(found, others))
    return {
        "registration": found,
        "standing": standing,
        "consent": consent_given(session, found),
        "messages": messages,
        "to_send_again": _to_send_again(messages),
        "at": now(),
        "group": group_with(session, found.id),
        "others": [(other, may_organise(other.registration.edition)) for other in others],
        "history": history(session, found, {seat.trip.slug: seat.trip.title for seat in standing.trips}),
        "can_be_reinstated": found.ended_at is not None and on_behalf.can_be_added_to(edition, now()),
        "is_over": found.ended_at is not None or edition.is_over(now()),
        "note_form": NoteForm(obj=found, formdata=None),
        "tag_form": TagForm(formdata=None),
        "button_form": ButtonForm(formdata=None),
        "known_tags": tags_at(session, edition.id),
        **_on_the_list(found),
        **around(edition),
    }


def _on_the_list(found: Registration) -> dict[str, Any]:
    """The neighbours of a registration on the list that the address describes."""
    session, filters, of_list = db.session(), asked_filters(), of_the_list()
    order = asked_order(filters)
    by_category = categories(session, found.edition_id) if order.by is Sort.CATEGORY else ()
    ranks = ranks_of(order, country_codes(), by_category)
    before, after = neighbours(session, found, filters, order=order, ranks=ranks)
    return {"of_list": of_list, "before": before, "after": after}


def _to_send_again(messages: Sequence[Message]) -> Message | None:
    """The last message that says what a delegate holds, while it can be sent once more."""
    found = next((message for message in reversed(messages) if message.kind in STATUS_KINDS.values()), None)
    if found is None or not settings().mail_is_delivered:
        return None
    return found if can_be_sent_again(db.session(), found, now()) else None


@blueprint.route(f"{EDITION}/registrations/<reference>/address", methods=["GET", "POST"])
@organisers_only
def address(edition: Edition, reference: str) -> ResponseReturnValue:
    """Write to another address from now on, when emails do not arrive."""
    found = registration_at(edition, reference)
    form = ChangeAddressForm(obj=found)
    page, standing = "organise/registrations/person/address.html", standing_of(db.session(), found.id)
    context = {
        "registration": found,
        "claim": standing.claim,
        "known": None,
        "of_list": of_the_list(),
        **around(edition),
    }
    if found.ended_at is not None or edition.is_over(now()):
        return make_response(render_template(page, form=form, is_over=True, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, is_over=False, **context)
    try:
        with unit_of_work() as session:
            is_new = on_behalf.correct_address(session, found.id, form.email.data, acting(), now(), seen=found.email)
    except on_behalf.AlreadyRegistered as refusal:
        form.email.errors = [
            _("Nothing has been changed: this address is already registered, under another reference.")
        ]
        return answer_errors(
            form, page, is_over=False, **context | {"known": registration_at(edition, refusal.reference)}
        )
    except RegistrationOver:
        return make_response(render_template(page, form=form, is_over=True, **context), 403)
    if is_new:
        flash(
            _("We will now write to %(email)s. The delegate’s own page has a new link.", email=form.email.data),
            "success",
        )
    else:
        flash(_("Nothing has been changed: this is already the address."), "info")
    return redirect(url_for(".index", year=edition.year, reference=reference, **of_the_list()), 303)


PERSON = f"{EDITION}/registrations/<reference>"


REINSTATE = "organise/registrations/person/reinstate.html"
NEW, EDIT = "organise/registrations/person/add.html", "organise/registrations/person/edit.html"


@blueprint.route(f"{EDITION}/registrations/new", methods=["GET", "POST"])
@organisers_only
def add(edition: Edition) -> ResponseReturnValue:
    """Register somebody, whether or not registration is open."""
    form = OnBehalfForm()
    if not on_behalf.can_be_added_to(edition, now()):
        return _not_running(edition)
    pool = edition_pool(db.session(), edition.id)
    assert pool is not None, "an edition that people can be added to has places"
    context = {**form_context(edition, pool, by_organisers=True), **around(edition), "known": None, "at": now()}
    context["stated"] = stated_consent(edition)
    form.offer_categories(context["categories"])
    form.ask(context["asked"], context["room"])
    offer_trips(form, edition, context["trips"], has_place=context["free"] > 0)
    if not form.validate_on_submit():
        return form_page(form, NEW, **context)
    try:
        with unit_of_work() as session:
            added = on_behalf.add_delegate(session, edition.id, form.to_request(edition), acting(), now())
            status = standing_of(session, added.registration.id).status
    except on_behalf.EditionNotRunning:
        return _not_running(edition)
    except (on_behalf.AnotherPerson, on_behalf.AlreadyRegistered, NothingFree, ChoiceFull, *NOT_TO_BE_HAD) as refusal:
        return _refused(form, refusal, edition, context)
    _say_what_was_added(added, status)
    return redirect(url_for(".index", year=edition.year, reference=added.registration.reference), 303)


@blueprint.route(f"{PERSON}/edit", methods=["GET", "POST"])
@organisers_only
def edit(edition: Edition, reference: str) -> ResponseReturnValue:
    """Change a delegate's details, even when they no longer can."""
    found = registration_at(edition, reference)
    standing, seen = standing_of(db.session(), found.id), details_of(found)
    form = change_form(
        found, answers_of(standing.answers), own_questions(edition), by_organisers=True, kind=CorrectDetailsForm
    )
    freezes_at = edition.details_freeze_at()
    context = {
        "registration": found,
        "claim": standing.claim,
        "is_frozen": freezes_at and freezes_at <= now(),
        "of_list": of_the_list(),
        **around(edition),
    }
    if found.ended_at is not None or edition.is_over(now()):
        return make_response(render_template(EDIT, form=form, is_over=True, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, EDIT, is_over=False, **context)
    details, quiet = form.to_details(), form.quiet.data
    try:
        with unit_of_work() as session:
            answers = form.answers.given()
            changed = on_behalf.change_details(
                session, found.id, details, acting(), now(), answers=answers, seen=seen, quiet=quiet
            )
    except RegistrationOver:
        return make_response(render_template(EDIT, form=form, is_over=True, **context), 403)
    except CategoryFull:
        form.category.errors = [_("This category is full. Nothing has been changed. Raise its limit first.")]
        return answer_errors(form, EDIT, is_over=False, **context)
    except ChoiceFull as refusal:
        form.answers.refuse(refusal)
        return answer_errors(form, EDIT, is_over=False, **context)
    _say_what_was_changed(details.given_name, changed=changed, quiet=quiet)
    return redirect(url_for(".index", year=edition.year, reference=reference, **of_the_list()), 303)


@blueprint.route(f"{PERSON}/reinstate", methods=["GET", "POST"])
@organisers_only
def reinstate(edition: Edition, reference: str) -> ResponseReturnValue:
    """Confirm a cancelled registration again, after saying whether that takes one more place."""
    found, form, page = registration_at(edition, reference), ReinstateForm(), REINSTATE
    context = _to_reinstate(edition, found)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    if context["known"] or not context["can_be_reinstated"]:
        return make_response(render_template(page, form=form, **context), 403)
    try:
        with unit_of_work() as session:
            on_behalf.reinstate(session, found.id, form.reason.data, acting(), now(), agreed=form.accepted.data or "")
    except NotAgreed as asked:
        return answer_errors(form, page, **context | {"asked": asked})
    except (on_behalf.NotCancelled, on_behalf.EditionNotRunning, on_behalf.AlreadyRegistered):
        # Somebody else was quicker; the page says with what.
        return redirect(url_for(".reinstate", year=edition.year, reference=reference, **of_the_list()), 303)
    _say_done(_("%(name)s has a confirmed place again.", name=found.full_name))
    return redirect(url_for(".index", year=edition.year, reference=reference, **of_the_list()), 303)


@blueprint.post(f"{PERSON}/send-link")
@organisers_only
def send_link(edition: Edition, reference: str) -> ResponseReturnValue:
    """Email a delegate the link to their own page."""
    found, form = registration_at(edition, reference), ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(
            form, "organise/registrations/person/index.html", **about(edition, found) | {"button_form": form}
        )
    try:
        with unit_of_work() as session:
            on_behalf.send_link(session, found.id, acting(), now())
    except TooManyMessages:
        flash(
            _("Nothing has been sent: this address has received enough emails for now. Try again in an hour."),
            "warning",
        )
    except RegistrationOver:
        flash(_("Nothing has been sent: this registration has been cancelled."), "warning")
    else:
        flash(emailed(_("The link will be sent to %(email)s.", email=found.email)), "success")
    return redirect(url_for(".index", year=edition.year, reference=reference, **of_the_list()), 303)


def _to_reinstate(edition: Edition, found: Registration) -> dict[str, Any]:
    session, known = db.session(), None
    if found.ended_at is not None:
        known = live_registration(session, edition.id, found.email)
    return {
        "registration": found,
        "known": known and known.reference,
        "merged_into": merged_into(session, found),
        "can_be_reinstated": found.ended_at is not None and on_behalf.can_be_added_to(edition, now()),
        "needed": raise_needed(session, standing_of(session, found.id).claim.pool, found.category_id),
        "asked": None,
        **around(edition),
    }


def _refused(form: OnBehalfForm, refusal: Refusal, edition: Edition, context: dict[str, Any]) -> ResponseReturnValue:
    if isinstance(refusal, on_behalf.AlreadyRegistered):
        form.email.errors = [_("This address is already registered.")]
        context = context | {"known": registration_at(edition, refusal.reference)}
    elif isinstance(refusal, on_behalf.AnotherPerson):
        form.begin_anew_after(refusal.name)
    elif isinstance(refusal, NothingFree):
        form.form_errors = [_("No place is free, and nobody can move up now. Add places in the settings first.")]
    elif isinstance(refusal, ChoiceFull):
        form.answers.refuse(refusal)
    else:
        form.trips.refuse(refusal)
    return answer_errors(form, NEW, **context)


def _say_what_was_changed(name: str, *, changed: bool, quiet: bool) -> None:
    if not changed:
        flash(_("Nothing has been changed."), "info")
    elif quiet:
        flash(_("Changes saved. %(name)s has not been told.", name=name), "success")
    else:
        flash(f"{_('Changes saved.')} {emailed(_('%(name)s will be told by email.', name=name))}", "success")


def _say_what_was_added(added: on_behalf.Added, status: ClaimStatus) -> None:
    name = added.registration.full_name
    if not added.is_new:
        flash(
            _(
                "This form has already been sent, and %(name)s was registered with it. Nothing has been changed now.",
                name=name,
            ),
            "info",
        )
    elif status is ClaimStatus.CONFIRMED:
        _say_done(_("%(name)s has a place.", name=name))
    else:
        _say_done(_("No place is free for %(name)s, who is on the waiting list.", name=name))


def _say_done(words: str) -> None:
    flash(f"{words} {emailed(_('They will be told by email.'))}", "success")


def _not_running(edition: Edition) -> ResponseReturnValue:
    return make_response(render_template("organise/registrations/person/nobody_added.html", **around(edition)), 403)


REGISTRATION = f"{EDITION}/registrations/<reference>"


TEMPLATE = "organise/registrations/person/index.html"


@blueprint.post(f"{REGISTRATION}/note")
@organisers_only
def note(edition: Edition, reference: str) -> ResponseReturnValue:
    """Replace the note; an empty one removes it."""
    found = registration_at(edition, reference)
    form = NoteForm(obj=found)
    if not form.validate_on_submit():
        return answer_errors(form, TEMPLATE, **about(edition, found) | {"note_form": form})
    try:
        with unit_of_work() as session:
            notes.write_note(session, found.id, form.note.data, acting(), now(), seen=found.note)
    except notes.PersonErased:
        return _erased(edition, reference)
    flash(_("Note saved."), "success")
    return _back(edition, reference)


@blueprint.post(f"{REGISTRATION}/tag")
@organisers_only
def tag(edition: Edition, reference: str) -> ResponseReturnValue:
    """One more tag."""
    found, form = registration_at(edition, reference), TagForm()
    if not form.validate_on_submit():
        return answer_errors(form, TEMPLATE, **about(edition, found) | {"tag_form": form})
    try:
        with unit_of_work() as session:
            notes.tag_one(session, found.id, form.word.data, acting(), now())
    except notes.PersonErased:
        return _erased(edition, reference)
    flash(_("Tagged “%(word)s”.", word=form.word.data), "success")
    return _back(edition, reference)


@blueprint.post(f"{REGISTRATION}/untag")
@organisers_only
def untag(edition: Edition, reference: str) -> ResponseReturnValue:
    """Remove the tag whose button was pressed."""
    found, form, word = registration_at(edition, reference), ButtonForm(), request.form.get("word", "")
    if not form.validate_on_submit():
        return answer_errors(form, TEMPLATE, **about(edition, found) | {"button_form": form})
    with unit_of_work() as session:
        notes.untag_one(session, found.id, word, acting(), now())
    flash(_("The tag “%(word)s” has been removed.", word=word), "success")
    return _back(edition, reference)


def _erased(edition: Edition, reference: str) -> ResponseReturnValue:
    flash(_("Nothing has been saved: what named this person has been removed."), "warning")
    return _back(edition, reference)


def _back(edition: Edition, reference: str) -> ResponseReturnValue:
    return redirect(url_for(".index", year=edition.year, reference=reference, **of_the_list(), _anchor="own"), 303)
