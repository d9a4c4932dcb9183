"""What organisers keep on one registration for themselves: a note, and tags."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, edition_staff
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from dofc_events.dashboard.many_forms import NoteForm, TagForm
from dofc_events.dashboard.views import EDITION, about, blueprint, registration_at
from dofc_events.registration import notes
from dofc_events.web.forms import ButtonForm, answer_errors

__all__ = ["blueprint"]

REGISTRATION = f"{EDITION}/registrations/<reference>"
PAGE = "dashboard/registration.html"


@blueprint.post(f"{REGISTRATION}/note")
@edition_staff(RoleName.ORGANISER)
def note(edition: Edition, reference: str) -> ResponseReturnValue:
    """Write the note anew; an empty one is none."""
    found, form = registration_at(edition, reference), NoteForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **about(edition, found) | {"note_form": form})
    with unit_of_work() as session:
        notes.write_note(session, found.id, form.note.data, acting(), now())
    flash(_("The note is saved."), "success")
    return _back(edition, reference)


@blueprint.post(f"{REGISTRATION}/tag")
@edition_staff(RoleName.ORGANISER)
def tag(edition: Edition, reference: str) -> ResponseReturnValue:
    """One more tag."""
    found, form = registration_at(edition, reference), TagForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **about(edition, found) | {"tag_form": form})
    with unit_of_work() as session:
        notes.tag_one(session, found.id, form.word.data, acting(), now())
    flash(_("Tagged “%(word)s”.", word=form.word.data), "success")
    return _back(edition, reference)


@blueprint.post(f"{REGISTRATION}/untag")
@edition_staff(RoleName.ORGANISER)
def untag(edition: Edition, reference: str) -> ResponseReturnValue:
    """Remove the tag whose button was pressed."""
    found, form, word = registration_at(edition, reference), ButtonForm(), request.form.get("word", "")
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **about(edition, found) | {"button_form": form})
    with unit_of_work() as session:
        notes.untag_one(session, found.id, word, acting(), now())
    flash(_("The tag “%(word)s” is removed.", word=word), "success")
    return _back(edition, reference)


def _back(edition: Edition, reference: str) -> ResponseReturnValue:
    return redirect(url_for(".registration", year=edition.year, reference=reference, _anchor="own"), 303)
