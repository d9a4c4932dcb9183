"""The files that a delegate is asked for: organisers open them, and add or remove them at any time."""

from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.organise.registrations.shared import registration_at
from dofc_events.organise.shared import EDITION, around
from dofc_events.questions.queries import files_of
from dofc_events.registration.own.files import service
from dofc_events.registration.own.files.service import FileInPlace, FileNotAsked, FileReplaced, Who
from dofc_events.registration.service import RegistrationOver
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.forms import AttachmentForm, asked_to_replace, forms_for
from dofc_events.web.attachments.rules import CheckedFile
from dofc_events.web.attachments.shared import file_answer, receive_attachment
from dofc_events.web.forms import ButtonForm, answer_errors

blueprint = Blueprint("files", __name__)

FILES = f"{EDITION}/registrations/<reference>/files"
FILE = f"{FILES}/<key>"
PAGE = "organise/registrations/person/files/index.html"


@blueprint.get(FILES)
@organisers_only
def index(edition: Edition, reference: str) -> ResponseReturnValue:
    """What is asked for, and what was added."""
    return render_template(PAGE, form=None, **_context(edition, reference))


@blueprint.get(FILE)
@organisers_only
def file(edition: Edition, reference: str, key: str) -> ResponseReturnValue:
    """A file, to be saved."""
    kept = files_of(db.session(), registration_at(edition, reference).id).get(key) or abort(404)
    return file_answer(kept.name, kept.media_type, kept.content_hash)


@blueprint.post(FILE)
@organisers_only
def add(edition: Edition, reference: str, key: str) -> ResponseReturnValue:
    """Add a file for a delegate, in place of the one that is there."""
    registration_id, year = registration_at(edition, reference).id, edition.year

    def keep(checked: CheckedFile) -> None:
        with unit_of_work() as session:
            service.add_file(session, registration_id, key, checked, _who(), now())

    try:
        refused = receive_attachment(AttachmentForm, keep, PAGE, lambda form: _context(edition, reference, key, form))
    except (FileNotAsked, FileReplaced, RegistrationOver) as refusal:
        return _closed(year, reference, refusal)
    except FileInPlace:
        form = asked_to_replace()
        return answer_errors(form, PAGE, **_context(edition, reference, key, form))
    if refused is not None:
        return refused
    flash(_("The file has been added."), "success")
    return redirect(url_for(".index", year=year, reference=reference), 303)


@blueprint.post(f"{FILE}/remove")
@organisers_only
def remove(edition: Edition, reference: str, key: str) -> ResponseReturnValue:
    """Remove a delegate's file."""
    found, form = registration_at(edition, reference), ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **_context(edition, reference))
    kept, here = files_of(db.session(), found.id).get(key), url_for(".index", year=edition.year, reference=reference)
    try:
        with unit_of_work() as session:
            service.remove_file(session, found.id, key, _who(), now())
            if kept:
                asked = _("Remove “%(file)s”?", file=kept.name)
                be_sure_of_file(asked, back=here, around=partial(around, edition))
    except (FileNotAsked, FileReplaced, RegistrationOver) as refusal:
        return _closed(edition.year, reference, refusal)
    flash(_("The file has been removed."), "success")
    return redirect(here, 303)


def _who() -> Who:
    return Who(acting(), by_organisers=True, seen=request.form.get("seen"), replaces="replace" in request.form)


def _context(edition: Edition, reference: str, key: str = "", form: AttachmentForm | None = None) -> dict[str, Any]:
    found, on = registration_at(edition, reference), in_zone(now(), edition.zone).date()
    asked = service.asked_for_files(db.session(), found, on, by_organisers=True)
    is_over = found.ended_at is not None or edition.is_over(now())
    return {
        "registration": found,
        "asked": () if is_over else asked,
        "forms": forms_for([one.key for one in asked], key, form),
        "files": files_of(db.session(), found.id),
        **around(edition),
    }


def _closed(year: int, reference: str, refusal: Refusal) -> ResponseReturnValue:
    words = _("This file can no longer be added or removed.")
    if isinstance(refusal, FileReplaced):
        words = _("Nothing has been changed: this file was changed after you opened the page. This is how it is now.")
    flash(words, "warning")
    return redirect(url_for(".index", year=year, reference=reference), 303)
