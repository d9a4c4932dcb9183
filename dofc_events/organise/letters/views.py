"""Organisers write to delegates: the letters of an edition, each from its first word to the last message."""

import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from markupsafe import escape

from dofc_events.accounts.factors.guards import fresh_factor
from dofc_events.accounts.guards import acting, grants, is_chair, may_organise, organisers_only
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.service import at_place_and_time
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.core.references import hash_secret
from dofc_events.delegates.models import Registration
from dofc_events.letters import mails, queries, service
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import EDITABLE, PLACEHOLDERS, Anchor, LetterState, filled
from dofc_events.letters.service import LetterText, text_of
from dofc_events.letters.texts import starters
from dofc_events.mail import outbox
from dofc_events.mail.envelope import Envelope, StoredFile
from dofc_events.mail.rules import deliverable
from dofc_events.notices.queries import standing_in
from dofc_events.organise.letters.attachments import views as attachments
from dofc_events.organise.letters.forms import ChangeForm, ChangeLetterForm, NewLetterForm, SendForm
from dofc_events.organise.letters.texts import why_not, why_not_editable
from dofc_events.organise.rules import masked, masked_html
from dofc_events.organise.shared import EDITION, answer_choices, around, asked_audience, before_id, emailed
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import pairs_in
from dofc_events.trips.queries import trip_pools
from dofc_events.web.forms import ButtonForm, answer_errors, answer_too_late, form_page
from dofc_events.web.security import MAIL_PREVIEW_POLICY

blueprint = Blueprint("letters", __name__)
blueprint.register_blueprint(attachments.blueprint)

ROWS = 50
LETTER = f"{EDITION}/letters/<id:letter_id>"


@blueprint.get(f"{EDITION}/letters")
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The letters of an edition: sent, scheduled and drafts, each with its progress."""
    session = db.session()
    found = queries.letters_of(session, edition.id, before_id=before_id(), limit=ROWS + 1)
    progress = queries.progress_of(session, [letter.id for letter in found])
    reach = queries.reach_of(session, [letter for letter in found if letter.state in EDITABLE])
    return render_template(
        "organise/letters/index.html",
        letters=found[:ROWS],
        is_first=before_id() is None,
        has_more=len(found) > ROWS,
        progress=progress,
        reach=reach | {id_: one.total for id_, one in progress.items() if one.total},
        starters=starters(),
        **_about(edition),
    )


@blueprint.route(f"{EDITION}/letters/new", methods=["GET", "POST"])
@organisers_only
def new(edition: Edition) -> ResponseReturnValue:
    """Write a letter to the people that the address selects, from nothing or from another letter."""
    session, audience = db.session(), asked_audience()
    like = _like()
    form, page = NewLetterForm.of(text_of(like) if like else _begun_from()), "organise/letters/edit.html"
    if not (like and like.attachments):
        del form.with_files
    context = {
        "letter": None,
        "like": like,
        "audience": audience,
        "readers": queries.readers_of(session, edition.id, audience),
        "starters": starters(),
        "earlier": queries.letters_to_begin_from(session, _organised()),
        **_about(edition),
    }
    form.own = context["own"]
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as writing:
            files_of = like.id if like and "with_files" in form and form.with_files.data else None
            letter_id = service.write_letter(
                writing, edition.id, audience, form.to_text(), acting(), now(), files_of=files_of
            )
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    flash(_("Letter saved as a draft. Nobody has received it yet. Check how it will look to them."), "success")
    return redirect(_address(edition, letter_id), 303)


@blueprint.get(f"{LETTER}/")
@organisers_only
def letter(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """One letter: as a delegate would get it or, once it goes, how far it has come."""
    return render_template("organise/letters/letter.html", form=ButtonForm(), **_letter_context(edition, letter_id))


@blueprint.route(f"{LETTER}/edit", methods=["GET", "POST"])
@organisers_only
def edit(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """Change a draft or a scheduled letter."""
    found = _letter(edition, letter_id)
    form, page = ChangeLetterForm.of(text_of(found)), "organise/letters/edit.html"
    if found.before or (found.state not in EDITABLE and not form.is_submitted()):
        flash(why_not_editable(found), "info")
        return redirect(_address(edition, letter_id), 303)
    audience = queries.audience_of(found)
    readers = queries.readers_of(db.session(), edition.id, audience)
    context = {"letter": found, "audience": audience, "readers": readers, **_about(edition)}
    form.own = context["own"]
    if found.state not in EDITABLE:
        return _too_late(form, page, **context)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            service.rewrite_letter(session, letter_id, form.to_text(), acting(), now(), seen=text_of(found))
    except service.NotEditable:
        return _too_late(form, page, **context | {"letter": _letter(edition, letter_id)})
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    flash(
        _("Letter saved. It is still scheduled.") if found.released_at and form.anchor.data else _("Draft saved."),
        "success",
    )
    return redirect(_address(edition, letter_id), 303)


@blueprint.get(f"{LETTER}/html")
@organisers_only
def html(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """The HTML part as one delegate would get it, under a policy that lets it do nothing."""
    found = _letter(edition, letter_id)
    person = _shown_to(found)
    if person is None:
        abort(404)
    html = masked_html(_as_they_get_it(found, person).html)
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": MAIL_PREVIEW_POLICY})


@blueprint.post(f"{LETTER}/test")
@organisers_only
def test(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """Send yourself what a delegate would get, without the delegate's link."""
    form, found = ButtonForm(), _letter(edition, letter_id)
    person = _shown_to(found)
    if not form.validate_on_submit():
        return answer_errors(form, "organise/letters/letter.html", **_letter_context(edition, letter_id))
    if person is None:
        return _no_draft(found)
    envelope = _as_test(_as_they_get_it(found, person), person)
    with unit_of_work() as session:
        outbox.enqueue(session, envelope, now())
    words = _("A test is on its way to %(email)s.", email=current_user.email)
    flash(emailed(words), "success")
    return redirect(_address(edition, letter_id, person=person.reference), 303)


@blueprint.route(f"{LETTER}/send", methods=["GET", "POST"])
@organisers_only
@fresh_factor
def send(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """Send a letter or have it sent at its time, after saying how many get it, and who."""
    session, found = db.session(), _letter(edition, letter_id)
    if found.state is not LetterState.DRAFT:
        return _no_draft(found)
    readers = queries.readers_of(session, edition.id, queries.audience_of(found))
    form = ChangeForm() if found.before else SendForm()
    page = "organise/letters/change.html" if found.before else "organise/letters/send.html"
    context, seen = _sending(edition, found, readers), service.text_of(found)
    files = [file.content_hash for file in found.attachments]
    text, form.text.data = form.text.data, hash_secret(repr((seen, files, found.before)))
    if not form.validate_on_submit():
        form.digest.data = readers.digest
        return form_page(form, page, **context)
    if text != form.text.data:
        form.digest.data = readers.digest
        form.form_errors = [
            _("The letter has been changed since you opened this page. Read it again before you send it.")
        ]
        return answer_errors(form, page, **context)
    if found.before and form.answer.data != "tell":
        return _stop(edition, found)
    try:
        with unit_of_work() as writing:
            if found.before:
                service.tell_change(writing, letter_id, form.sentence.data, form.digest.data, acting(), now())
            else:
                service.release_letter(writing, letter_id, form.digest.data, acting(), now(), seen=seen)
    except service.NotADraft:
        return _no_draft(found)
    except Refusal as refusal:
        form.digest.data = readers.digest
        form.form_errors = [why_not(refusal)]
        return answer_errors(form, page, **context)
    flash(_("Letter scheduled.") if found.anchor else emailed(_going(readers.count)), "success")
    return redirect(_address(edition, letter_id), 303)


@blueprint.route(f"{LETTER}/stop", methods=["GET", "POST"])
@organisers_only
def stop(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """Stop a letter, or delete a draft, after asking."""
    form, found = ButtonForm(), _letter(edition, letter_id)
    if not form.validate_on_submit():
        progress = queries.progress_of(db.session(), [letter_id])[letter_id]
        if not service.can_be_stopped(found, progress):
            return _nothing_to_stop(found)
        return form_page(form, "organise/letters/stop.html", letter=found, progress=progress, **_about(edition))
    return _stop(edition, found)


def _stop(edition: Edition, found: Letter) -> ResponseReturnValue:
    try:
        with unit_of_work() as session:
            stopped = service.stop_letter(session, found.id, acting(), now())
    except service.NothingToStop:
        return _nothing_to_stop(found)
    if found.before and found.state is LetterState.DRAFT:
        flash(_("Nobody will be told. This has been recorded."), "success")
    elif found.state is LetterState.DRAFT:
        flash(_("Draft deleted."), "success")
    else:
        rest = stopped.withdrawn + stopped.unwritten
        said = _("Stopped. Emails sent: %(left)d. Not sent: %(rest)d.", left=stopped.left, rest=rest)
        flash(said if stopped.left else _("Stopped before anything was sent."), "success")
    return redirect(url_for(".index", year=edition.year), 303)


def _letter_context(edition: Edition, letter_id: int) -> dict[str, Any]:
    session, found = db.session(), _letter(edition, letter_id)
    person = _shown_to(found)
    envelope = _as_they_get_it(found, person) if person else None
    previous, following = queries.neighbours(session, found, person) if person else (None, None)
    progress, audience = queries.progress_of(session, [letter_id])[letter_id], queries.audience_of(found)
    readers = queries.readers_of(session, edition.id, audience) if found.state in EDITABLE else None
    count = readers.count if readers else progress.total
    return {
        "letter": found,
        "audience": audience,
        "person": person,
        "subject": masked(envelope.subject) if envelope else "",
        "text": masked(envelope.text) if envelope else "",
        "language": envelope.language if envelope else "",
        "attached": [attachment.filename for attachment in envelope.attachments] if envelope else [],
        "previous": previous,
        "following": following,
        "progress": progress,
        "readers": readers,
        "reach": {letter_id: count} if readers or count else {},
        **_about(edition),
    }


def _sending(edition: Edition, found: Letter, readers: queries.Readers) -> dict[str, Any]:
    return {
        "letter": found,
        "audience": queries.audience_of(found),
        "readers": readers,
        "first": queries.first_of(db.session(), readers.keys),
        "was": at_place_and_time(found.before) if found.before else None,
        **_about(edition),
    }


def _about(edition: Edition) -> dict[str, Any]:
    """What all pages about letters show: who a letter is for, and when it is sent.

    `own` are the edition's own questions that a letter can quote the answers to, by the names of their fields.
    """
    questions = questions_of(db.session(), edition.id)
    trips = {trip.slug: trip.title for trip, _pool in trip_pools(db.session(), edition.id)}
    return {
        "trips": trips,
        "questions": questions,
        "answer_choices": answer_choices,
        "pairs_in": pairs_in,
        "placeholders": PLACEHOLDERS,
        "own": {one.field: one.caption for one in questions if not one.organisers_only},
        "audience_of": queries.audience_of,
        "due_time": queries.due_time,
        "title_of": _title_of,
        "narrowed": lambda audience: queries.stored(audience)["filters"],
        **around(edition),
    }


def _like() -> Letter | None:
    """The letter like which another one is written, if it is."""
    like = request.args.get("like", "")
    known = queries.letter_by_id(db.session(), int(like)) if like.isdecimal() and len(like) < 10 else None
    if like and (known is None or known.before or not may_organise(known.edition)):
        abort(404)
    return known


def _begun_from() -> LetterText:
    """What a new letter says at first that is like no other: nothing, or one of our texts."""
    starter = request.args.get("starter", "")
    if not starter:
        return LetterText("", "", Anchor.AT_ONCE)
    ours = starters().get(starter) or abort(404)
    return LetterText(ours.subject, ours.body, ours.anchor, ours.days)


def _title_of(letter: Letter) -> str:
    """A letter's subject, with the placeholders filled in that are the same for everybody."""
    return filled(letter.subject, {"edition": letter.edition.name, "city": letter.edition.city})


def _organised() -> list[int] | None:
    """The editions whose letters can be used as a start; None: all of them."""
    if is_chair():
        return None
    return [g.edition_id for g in grants() if g.role is RoleName.ORGANISER and g.edition_id]


def _letter(edition: Edition, letter_id: int) -> Letter:
    return queries.letter_of(db.session(), edition.id, letter_id) or abort(404)


def _shown_to(found: Letter) -> Registration | None:
    """The delegate whose view of the letter is shown; nobody once it goes, as the messages themselves can be read."""
    if found.state not in EDITABLE:
        return None
    return queries.some_reader(db.session(), found, request.args.get("person"))


def _as_they_get_it(found: Letter, person: Registration) -> Envelope:
    return mails.letter_to(found, replace(standing_in(db.session(), person), at=now()))


def _as_test(envelope: Envelope, person: Registration) -> Envelope:
    """The message as a test to the person signed in, without the delegate's link and calendar file."""
    notice = _(
        "This is a test: %(name)s would get this email. Their link is hidden here and does not work.",
        name=person.full_name,
    )
    return replace(
        envelope,
        recipient=deliverable(current_user.email),
        recipient_name=current_user.name,
        about="",
        subject=_("Test: %(subject)s", subject=masked(envelope.subject)),
        text=f"{notice}\n\n{masked(envelope.text)}",
        html=re.sub(
            r"<body[^>]*>", lambda tag: f"{tag[0]}<p>{escape(notice)}</p>", masked_html(envelope.html), count=1
        ),
        attachments=tuple(one for one in envelope.attachments if isinstance(one, StoredFile)),
        expires_at=None,
    )


def _no_draft(found: Letter) -> ResponseReturnValue:
    flash(_("This letter has already been sent, scheduled, stopped or deleted. Nothing has been changed."), "info")
    return redirect(url_for(".letter", year=found.edition.year, letter_id=found.id), 303)


def _nothing_to_stop(found: Letter) -> ResponseReturnValue:
    flash(_("There was nothing left to stop."), "info")
    return redirect(_address(found.edition, found.id), 303)


def _too_late(form: ChangeLetterForm, page: str, **context: Any) -> ResponseReturnValue:
    text = _("%(reason)s Nothing has been changed: copy anything you need.", reason=why_not_editable(context["letter"]))
    return answer_too_late(form, text, page, **context)


def _going(count: int) -> str:
    text: str = ngettext(
        "The letter is being sent to %(num)d person.", "The letter is being sent to %(num)d people.", count
    )
    return text


def _address(edition: Edition, letter_id: int, **values: Any) -> str:
    return url_for(".letter", year=edition.year, letter_id=letter_id, **values)
