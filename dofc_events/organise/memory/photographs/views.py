"""An edition's photographs, for its organisers: sent many at once, described, ordered, published, taken down."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.accounts.guards import acting
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.memory.photographs import queries, service
from dofc_events.memory.photographs.models import Photograph
from dofc_events.memory.photographs.rules import (
    MAX_FORM,
    MAX_PHOTOGRAPHS,
    MEGABYTE,
    PhotographState,
    PictureFault,
    PictureRefused,
    refuse_at_once,
)
from dofc_events.organise.memory.photographs.forms import (
    DecisionForm,
    PhotographForm,
    PhotographsForm,
    fault_words,
    missing_words,
)
from dofc_events.organise.memory.shared import MEMORY, writers_only
from dofc_events.organise.shared import around
from dofc_events.web.errors import gone
from dofc_events.web.forms import ButtonForm, answer_errors, form_page
from dofc_events.web.on_record import say
from dofc_events.web.pictures import picture_answer

blueprint = Blueprint("photographs", __name__)

PHOTOGRAPHS = f"{MEMORY}/photographs"
PHOTOGRAPH = f"{PHOTOGRAPHS}/<id:photograph_id>"
INDEX, EDIT = "organise/memory/photographs/index.html", "organise/memory/photographs/edit.html"

Does = Callable[[Session, int, Actor, datetime], object]
# What each button does, and says that it did.
ACTS: dict[str, tuple[Does, Any]] = {
    "publish": (lambda s, one, who, at: service.publish_photographs(s, [one], who, at), _l("Photograph published.")),
    "unpublish": (service.unpublish_photograph, _l("Photograph unpublished. Only organisers can see it now.")),
    "cover": (service.choose_cover, _l("The photograph is now the cover of the edition.")),
    "no-cover": (service.take_cover_away, _l("The edition no longer has a cover.")),
}


@blueprint.route(PHOTOGRAPHS, methods=["GET", "POST"])
@writers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The gallery as organisers see it, and the form for more photographs, as many as they like."""
    request.max_content_length = MAX_FORM
    try:
        form = PhotographsForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form = PhotographsForm(formdata=None)
        form.files.errors = [_("These photographs are too large to be sent together. Send fewer at a time.")]
        return make_response(render_template(INDEX, form=form, **_context(edition)), 413)
    if not accepted:
        return form_page(form, INDEX, **_context(edition))
    room = settings().photographs_mb * MEGABYTE - queries.photograph_bytes(db.session())
    # Files are written outside of the transaction, which names them.
    db.session.close()
    sent = []
    for file in form.files.data:
        if file.filename:
            sent.append(_kept(file, room))
            room -= sent[-1].size if sent[-1].source_hash else 0
    with unit_of_work() as session:
        added = service.add_photographs(session, edition.id, sent, form.to_credits(), acting(), now())
    if request.accept_mimetypes.best == "application/json":
        return jsonify([{"name": one.name, "why": fault_words(one.fault) if one.fault else ""} for one in added])
    return redirect(url_for(".index", year=edition.year, _anchor="progress"), 303)


@blueprint.get(f"{PHOTOGRAPHS}/progress.json")
@writers_only
def progress(edition: Edition) -> Response:
    """How many are still to be made ready, for the page that waits for it."""
    return jsonify(queries.progress_of(db.session(), edition.id))


@blueprint.get(f"{PHOTOGRAPHS}/files/<content_hash>.<ending>")
@writers_only
def file(edition: Edition, content_hash: str, ending: str) -> Response:
    """A picture as only organisers see it, published or not."""
    found = queries.rendition_of(db.session(), edition.id, content_hash, ending) or abort(404)
    return picture_answer(found.content_hash, found.media_type, found.size)


@blueprint.route(PHOTOGRAPH, methods=["GET", "POST"])
@writers_only
def edit(edition: Edition, photograph_id: int) -> ResponseReturnValue:
    """The details of one photograph."""
    photograph = _photograph(edition, photograph_id)
    gallery = _gallery(edition)
    seen, place = service.details_of(photograph), [one.id for one in gallery].index(photograph.id) + 1
    form = PhotographForm(data={**vars(seen), "place": place})
    context = {"photograph": photograph, "gallery": gallery, "place": place, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, EDIT, **context)
    moved_to = form.place.data if form.place.data != place else None
    try:
        with unit_of_work() as session:
            changed = service.change_photograph(
                session, photograph.id, form.to_details(), acting(), now(), place=moved_to, seen=seen
            )
    except service.NotToBePublished as refusal:
        form.refuse(refusal)
        return answer_errors(form, EDIT, **context)
    flash(_("Changes saved.") if changed else _("Nothing has been changed."), "success" if changed else "info")
    following = gallery[place].id if "next" in request.form and place < len(gallery) else photograph_id
    return redirect(url_for(".edit", year=edition.year, photograph_id=following), 303)


@blueprint.post(f"{PHOTOGRAPH}/<any(publish, unpublish, cover, 'no-cover'):act>")
@writers_only
def act(edition: Edition, photograph_id: int, act: str) -> ResponseReturnValue:
    """A button of one photograph: whether everybody sees it, and whether it is the cover."""
    _photograph(edition, photograph_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, INDEX, upload=PhotographsForm(formdata=None), **_context(edition))
    does, done = ACTS[act]
    try:
        with unit_of_work() as session:
            does(session, photograph_id, acting(), now())
    except service.NotToBePublished as refusal:
        flash(missing_words(refusal.missing), "error")
        return redirect(url_for(".edit", year=edition.year, photograph_id=photograph_id), 303)
    flash(str(done), "success")
    return redirect(url_for(".index", year=edition.year, _anchor=f"photograph-{photograph_id}"), 303)


@blueprint.post(f"{PHOTOGRAPHS}/publish-all")
@writers_only
def publish_all(edition: Edition) -> ResponseReturnValue:
    """Let everybody see the photographs that lack nothing."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, INDEX, upload=PhotographsForm(formdata=None), **_context(edition))
    complete = [one.id for one in _gallery(edition) if not one.missing]
    with unit_of_work() as session:
        number = service.publish_photographs(session, complete, acting(), now())
    flash(ngettext("%(num)d photograph published.", "%(num)d photographs published.", number), "success")
    return redirect(url_for(".index", year=edition.year, _anchor="gallery"), 303)


@blueprint.post(f"{PHOTOGRAPHS}/clear")
@writers_only
def clear(edition: Edition) -> ResponseReturnValue:
    """Forget the files that were refused."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, INDEX, upload=PhotographsForm(formdata=None), **_context(edition))
    with unit_of_work() as session:
        service.clear_refused(session, edition.id)
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{PHOTOGRAPH}/delete", methods=["GET", "POST"])
@writers_only
def delete(edition: Edition, photograph_id: int) -> ResponseReturnValue:
    """Delete a photograph for good, after a question."""
    photograph = _photograph(edition, photograph_id)
    form = ButtonForm()
    if not form.validate_on_submit():
        page = "organise/memory/photographs/delete.html"
        return form_page(form, page, photograph=photograph, **around(edition))
    with unit_of_work() as session:
        service.remove_photograph(session, photograph_id, acting(), now())
    flash(_("Photograph deleted."), "success")
    return redirect(url_for(".index", year=edition.year, _anchor="gallery"), 303)


@blueprint.get(f"{PHOTOGRAPHS}/objections")
@writers_only
def objections(edition: Edition) -> str:
    """What visitors want taken down, and what organisers decided."""
    wanted = [one for one in _gallery(edition) if one.open_objections]
    return render_template("organise/memory/photographs/objections.html", photographs=wanted, **around(edition))


@blueprint.route(f"{PHOTOGRAPH}/decide", methods=["GET", "POST"])
@writers_only
def decide(edition: Edition, photograph_id: int) -> ResponseReturnValue:
    """Show a photograph again that somebody wanted taken down; to delete it has a page of its own."""
    photograph = _photograph(edition, photograph_id)
    asked, form = [one.id for one in photograph.open_objections], DecisionForm()
    seen, form.seen.data = (form.seen.data or "").split(), " ".join(map(str, asked))
    context = {"photograph": photograph, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, "organise/memory/photographs/decide.html", **context)
    if not {*map(str, asked)} <= {*seen}:
        form.form_errors = [_("Somebody else has asked for it to be taken down. Read what they say, then decide.")]
        return answer_errors(form, "organise/memory/photographs/decide.html", **context)
    with unit_of_work() as session:
        service.keep_photograph(session, photograph_id, form.because.data, acting(), now(), seen=asked)
    flash(_("The photograph stays, and your reason is on record."), "success")
    return redirect(url_for(".objections", year=edition.year), 303)


@blueprint.errorhandler(service.NoSuchPhotograph)
def _gone(refusal: service.NoSuchPhotograph) -> ResponseReturnValue:
    """Whether a colleague has deleted it, its number does not tell."""
    assert request.view_args is not None
    heading, text = _("There is no such photograph"), _("You or a colleague may have deleted it already.")
    return gone(heading, text, url_for(".index", year=request.view_args["year"]), _("Go to the photographs"))


def _kept(file: FileStorage, room: int) -> service.Sent:
    """One of the files that were sent: kept, unless it can be seen at once that it is no photograph."""
    name = file.filename or ""
    size = file.stream.seek(0, 2)
    file.stream.seek(0)
    try:
        refuse_at_once(file.stream.read(512), size)
        if size > room:
            raise PictureRefused(PictureFault.NO_ROOM)
    except PictureRefused as refusal:
        say("file_refused", reason=str(refusal))
        return service.Sent(name, size, fault=refusal.fault)
    return service.Sent(name, size, files.store_from(settings().shared, file.stream, now()))


def _photograph(edition: Edition, photograph_id: int) -> Photograph:
    found = queries.photograph_of(db.session(), edition.id, photograph_id)
    if found is None:
        raise service.NoSuchPhotograph
    return found


def _gallery(edition: Edition) -> list[Photograph]:
    return [one for one in queries.photographs_of(db.session(), edition.id) if one.state == PhotographState.READY]


def _context(edition: Edition) -> dict[str, Any]:
    photographs = queries.photographs_of(db.session(), edition.id)
    ready = [one for one in photographs if one.state == PhotographState.READY]
    return {
        "photographs": ready,
        "waiting": [one for one in photographs if one.state == PhotographState.WAITING],
        "refused": [(one, fault_words(one.fault)) for one in photographs if one.fault],
        "complete": [one for one in ready if not one.missing and not one.published_at],
        "wanted_down": [one for one in ready if one.open_objections],
        "not_to_be_shown": queries.may_not_be_shown(db.session(), edition.id),
        "missing_words": missing_words,
        "most": MAX_PHOTOGRAPHS,
        **around(edition),
    }
