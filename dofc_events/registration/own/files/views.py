"""The files that a delegate is asked for, behind the link that only an email contains.

Anybody can type any address. So that nobody fills our disk in another's name, adding a file needs that link.
"""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.core.audit import Actor
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_proof, registration_by_token, token_of
from dofc_events.questions.queries import files_of
from dofc_events.registration.hand_over.service import open_handed_over
from dofc_events.registration.own.files import service
from dofc_events.registration.own.files.service import FileInPlace, FileNotAsked, FileReplaced, Who
from dofc_events.registration.rules import link_has_ended
from dofc_events.registration.service import DetailsFrozen
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.forms import AttachmentForm, asked_to_replace, forms_for
from dofc_events.web.attachments.rules import CheckedFile
from dofc_events.web.attachments.shared import file_answer, receive_attachment
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, answer_errors

blueprint = Blueprint("files", __name__)

FILES = "/registrations/<token>/files"
FILE = f"{FILES}/<key>"
PAGE = "registration/own/files/index.html"


@blueprint.get(FILES)
def index(token: str) -> ResponseReturnValue:
    """What is asked for, and what was added."""
    return render_template(PAGE, form=None, **_context(token))


@blueprint.get(FILE)
def file(token: str, key: str) -> ResponseReturnValue:
    """A file that was added; the link to the own page shows it, too."""
    found = registration_by_token(db.session(), token) or _mine(token)
    kept = files_of(db.session(), found.id, by_organisers=False).get(key) or abort(404)
    return file_answer(kept.name, kept.media_type, kept.content_hash)


@blueprint.post(FILE)
def add(token: str, key: str) -> ResponseReturnValue:
    """Add a file, in place of the one that is there."""
    mine = _mine(token)
    registration_id, reference = mine.id, mine.reference

    def keep(checked: CheckedFile) -> None:
        who = _who(reference)
        with unit_of_work() as session:
            service.add_file(session, registration_id, key, checked, who, now())
            open_handed_over(session, session.get_one(Registration, registration_id), who.actor, now())

    try:
        refused = receive_attachment(AttachmentForm, keep, PAGE, lambda form: _context(token, key, form))
    except (FileNotAsked, FileReplaced, DetailsFrozen) as refusal:
        return _closed(token, refusal)
    except FileInPlace:
        form = asked_to_replace()
        return answer_errors(form, PAGE, **_context(token, key, form))
    if refused is not None:
        return refused
    flash(_("The file has been added."), "success")
    return redirect(url_for(".index", token=token), 303)


@blueprint.post(f"{FILE}/remove")
def remove(token: str, key: str) -> ResponseReturnValue:
    """Remove a file."""
    mine, form = _mine(token), ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **_context(token))
    kept = files_of(db.session(), mine.id, by_organisers=False).get(key)
    try:
        with unit_of_work() as session:
            service.remove_file(session, mine.id, key, _who(mine.reference), now())
            if kept:
                be_sure_of_file(_("Remove “%(file)s”?", file=kept.name), back=url_for(".index", token=token))
    except (FileNotAsked, FileReplaced, DetailsFrozen) as refusal:
        return _closed(token, refusal)
    flash(_("The file has been removed."), "success")
    return redirect(url_for(".index", token=token), 303)


def _mine(token: str) -> Registration:
    found = registration_by_proof(db.session(), token)
    if found is None or link_has_ended(found.edition.finishes_at(), now()):
        raise LinkNotValid
    return found


def _who(reference: str) -> Who:
    sent = request.form
    return Who(Actor("delegate", reference), seen=sent.get("seen"), replaces="replace" in sent)


def _context(token: str, key: str = "", form: AttachmentForm | None = None) -> dict[str, Any]:
    registration, session, at = _mine(token), db.session(), now()
    frozen, on = registration.is_frozen(at), in_zone(at, registration.edition.zone).date()
    asked, closed = ((), ()) if frozen else service.open_and_closed(session, registration, on)
    return {
        "registration": registration,
        "edition": registration.edition,
        "token": token,
        "own_token": token_of(registration),
        "at": at,
        "frozen": frozen,
        "asked": asked,
        "closed": closed,
        "forms": forms_for([one.key for one in asked], key, form),
        "files": files_of(session, registration.id, by_organisers=False),
    }


def _closed(token: str, refusal: Refusal) -> ResponseReturnValue:
    words = _("This file can no longer be added or removed. Please write to the organisers.")
    if isinstance(refusal, FileReplaced):
        words = _("Nothing has been changed: this file was changed after you opened the page. This is how it is now.")
    flash(words, "warning")
    return redirect(url_for(".index", token=token), 303)
