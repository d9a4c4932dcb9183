"""Register the people of a file, in steps: the file, its columns, a trial run, and then all at once."""

from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.factors.guards import fresh_factor_for_files
from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.estimates import count_anew
from dofc_events.delegates.service import NoSuchCategory
from dofc_events.extensions import settings
from dofc_events.imports import service
from dofc_events.imports.forms import field_labels
from dofc_events.imports.models import ImportFile
from dofc_events.imports.queries import import_file, import_files, known_columns, table_of_file
from dofc_events.imports.reading.queries import read_table
from dofc_events.imports.reading.rules import FileRefused, ReadAs, Separator, Table
from dofc_events.imports.rules import guessed_matching
from dofc_events.imports.service import Imported, Kept, Matching
from dofc_events.organise.imports.forms import ENCODINGS, SEPARATORS, ConfirmForm, ListForm, MatchForm, ReadAsForm
from dofc_events.organise.imports.shared import Trial, trial_of
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.places.queries import CategoryPlaces, categories_with_places
from dofc_events.places.service import NothingFree
from dofc_events.questions.queries import questions_of
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.on_behalf.service import EditionNotRunning, can_be_added_to
from dofc_events.registration.texts import stated_consent
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.shared import receive_file
from dofc_events.web.export import list_download
from dofc_events.web.forms import ButtonForm, answer_busy, answer_errors, answer_too_late, form_page

blueprint = Blueprint("imports", __name__)

FILE = f"{EDITION}/import/<id:file_id>"
INDEX, COLUMNS, CHECK = (f"organise/imports/{name}.html" for name in ("index", "columns", "check"))
# Rows that the page of the columns shows, and examples of each kind that the trial run shows at most.
EXAMPLES, SHOWN = 3, 100


@blueprint.route(f"{EDITION}/import", methods=["GET", "POST"])
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The files that are being imported, and the form for another."""
    if request.method == "GET":
        return render_template(INDEX, form=ListForm(), **_context(edition))
    kept = []

    def keep(name: str, content: bytes) -> None:
        file = Kept(name, content, read_table(content, ReadAs())[1])
        with unit_of_work() as session:
            kept.append(service.keep_file(session, edition.id, file, acting(), now()).id)

    try:
        refused = receive_file(ListForm, keep, INDEX, lambda form: _context(edition))
    except EditionNotRunning:
        form, words = ListForm(formdata=None), _("Nobody can be registered for this edition now.")
        return answer_too_late(form, words, INDEX, **_context(edition))
    if refused is not None:
        return refused
    return redirect(url_for(".columns", year=edition.year, file_id=kept[0]), 303)


@blueprint.route(FILE, methods=["GET", "POST"])
@organisers_only
def columns(edition: Edition, file_id: int) -> ResponseReturnValue:
    """Which column is which field."""
    file, table = _file(edition, file_id)
    stored = Matching(tuple(file.matching), file.fallbacks) if file.matching else None
    form = MatchForm.of(_categories(edition), table, _labels(edition), stored or _guess(edition, table))
    if not form.validate_on_submit():
        return form_page(form, COLUMNS, match=form, **_columns_context(edition, file, table))
    with unit_of_work() as session:
        service.match_columns(session, file.id, table.header, form.to_matching(), seen=stored)
    return redirect(url_for(".check", year=edition.year, file_id=file_id), 303)


@blueprint.post(f"{FILE}/read")
@organisers_only
def read(edition: Edition, file_id: int) -> ResponseReturnValue:
    """Read the file in another way."""
    file, table = _file(edition, file_id)
    form = ReadAsForm(data=vars(table.read_as))
    match = MatchForm.of(_categories(edition), table, _labels(edition), _guess(edition, table), formdata=None)
    context = {**_columns_context(edition, file, table), "match": match, "read_as": form}
    if not form.validate_on_submit():
        return answer_errors(form, COLUMNS, **context)
    try:
        content, seen = files.read(settings().shared, file.content_hash), file.table_hash
        db.session.close()
        kept = Kept(file.name, content, read_table(content, form.to_read_as())[1])
        with unit_of_work() as session:
            service.read_again(session, file_id, kept, now(), seen=seen)
    except FileRefused:
        form.encoding.errors = [
            _("No list can be read from the file in this way. Choose another encoding or separator.")
        ]
        return answer_errors(form, COLUMNS, **context)
    except TooBusy as refusal:
        return answer_busy(form, refusal.retry_after, COLUMNS, **context)
    return redirect(url_for(".columns", year=edition.year, file_id=file_id), 303)


@blueprint.route(f"{FILE}/check", methods=["GET", "POST"])
@organisers_only
def check(edition: Edition, file_id: int) -> ResponseReturnValue:
    """What would be done with each row; sent, it is done."""
    file, table = _file(edition, file_id)
    if not file.matching or {*file.matching} - {"", *_labels(edition)}:
        return redirect(url_for(".columns", year=edition.year, file_id=file_id), 303)
    trial = trial_of(db.session(), edition, file)
    form, context = ConfirmForm.of(trial.failing), _check_context(edition, file, table, trial)
    shown, form.digest.data = form.digest.data, trial.seen.digest
    accepted = form.validate_on_submit()
    if shown and shown != trial.seen.digest and "csrf_token" not in form.errors:
        return _changed(form, edition, file_id)
    if not accepted:
        return form_page(form, CHECK, **context)
    taken = form.taken(trial.seen.doubtful)
    requests, told = trial.requests(taken), form.told.data == "yes"
    if too_many := trial.too_many(taken):
        form.refuse_rows(too_many)
    elif not requests:
        form.form_errors = [_("There is nobody to register.")]
    if form.errors:
        return answer_errors(form, CHECK, **context)
    try:
        with unit_of_work() as session:
            done = service.import_delegates(
                session, edition.id, file_id, requests, acting(), now(), free=trial.free, told=told
            )
    except (service.PlacesChanged, NoSuchCategory, ChoiceFull):
        return _changed(form, edition, file_id)
    except (EditionNotRunning, NothingFree):
        words = _("These people cannot be registered now: the edition is over, or its places are no longer given out.")
        return answer_too_late(form, words, CHECK, **context)
    count_anew()
    _say_what_was_done(done, told=told)
    return redirect(url_for("organise.registrations.index", year=edition.year), 303)


@blueprint.get(f"{FILE}/failing.xlsx", defaults={"kind": "xlsx"})
@blueprint.get(f"{FILE}/failing.csv", defaults={"kind": "csv"})
@organisers_only
@fresh_factor_for_files
def failing(edition: Edition, file_id: int, kind: str) -> ResponseReturnValue:
    """The rows that cannot be registered, as they came, each with what is wrong with it.

    A CSV file has the separator of the one that was sent, so that the same program opens it as a table.
    """
    file, table = _file(edition, file_id)
    if not file.matching:
        abort(404)
    rows = [(*one.row.cells, "\n".join(one.problems)) for one in trial_of(db.session(), edition, file).failing]
    name = _("%(file)s, rows to correct", file=file.name.rpartition(".")[0] or file.name)
    header, separator = (*table.header, _("What is wrong")), table.read_as.separator or Separator.COMMA
    return list_download(kind, name, header, rows, sheet=name, separator=separator)


@blueprint.post(f"{FILE}/remove")
@organisers_only
def remove(edition: Edition, file_id: int) -> ResponseReturnValue:
    """Remove a file whose people have not been registered."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, INDEX, upload=ListForm(formdata=None), **_context(edition))
    file = import_file(db.session(), edition.id, file_id, now()) or abort(404)
    asked, here = _("Remove “%(file)s”?", file=file.name), url_for(".index", year=edition.year)
    with unit_of_work() as session:
        service.forget_file(session, file_id, acting(), now())
        be_sure_of_file(asked, back=here, around=partial(around, edition))
    flash(_("The file has been removed. Nobody has been registered."), "success")
    return redirect(here, 303)


@blueprint.errorhandler(service.DoneBefore)
def _done_before(refusal: service.DoneBefore) -> ResponseReturnValue:
    flash(_("The people in this file have already been registered."), "info")
    assert request.view_args is not None
    return redirect(url_for("organise.registrations.index", year=request.view_args["year"]), 303)


@blueprint.errorhandler(service.FileGone)
def _file_gone(refusal: service.FileGone) -> ResponseReturnValue:
    abort(404)


def _file(edition: Edition, file_id: int) -> tuple[ImportFile, Table]:
    """A file of the edition with what it says; 404 if there is none, or no longer."""
    file = import_file(db.session(), edition.id, file_id, now())
    if file is None:
        abort(404)
    if file.done_at:
        raise service.DoneBefore
    try:
        return file, table_of_file(file)
    except FileNotFoundError:
        abort(404)


def _guess(edition: Edition, table: Table) -> Matching:
    known = known_columns(db.session(), edition.id)
    return Matching(tuple(guessed_matching(table.header, known, _labels(edition))), {})


def _categories(edition: Edition) -> tuple[CategoryPlaces, ...]:
    return categories_with_places(db.session(), edition.id)


def _labels(edition: Edition) -> dict[str, str]:
    return field_labels(questions_of(db.session(), edition.id) if edition.asks_questions else ())


def _context(edition: Edition) -> dict[str, Any]:
    moment = now()
    return {
        "files": import_files(db.session(), edition.id, moment),
        "can_import": can_be_added_to(edition, moment),
        "fields": _labels(edition),
        **around(edition),
    }


def _columns_context(edition: Edition, file: ImportFile, table: Table) -> dict[str, Any]:
    return {
        "file": file,
        "table": table,
        "examples": table.rows[:EXAMPLES],
        "read_as": ReadAsForm(formdata=None, data=vars(table.read_as)),
        "encoding": {str(one): words for one, words in ENCODINGS.items()}.get(table.read_as.encoding),
        "separator": {str(one): words for one, words in SEPARATORS.items()}.get(table.read_as.separator),
        **around(edition),
    }


def _check_context(edition: Edition, file: ImportFile, table: Table, trial: Trial) -> dict[str, Any]:
    return {
        "file": file,
        "kind": "csv" if table.read_as.separator else "xlsx",
        "trial": trial,
        "gives_places": edition.gives_places(now()),
        "stated": stated_consent(edition),
        "shown": SHOWN,
        **around(edition),
    }


def _changed(form: ConfirmForm, edition: Edition, file_id: int) -> ResponseReturnValue:
    file, table = _file(edition, file_id)
    trial = trial_of(db.session(), edition, file)
    form.digest.data = trial.seen.digest
    form.form_errors = [
        _("Nobody has been registered: something has changed since you opened this page. Check it, and send it again.")
    ]
    return answer_errors(form, CHECK, **_check_context(edition, file, table, trial))


def _say_what_was_done(done: Imported, *, told: bool) -> None:
    words = ngettext(
        "%(num)d person has been registered.",
        "%(num)d people have been registered.",
        done.confirmed + done.waitlisted,
    )
    if done.waitlisted:
        words += " " + ngettext(
            "%(num)d of them is on the waiting list.", "%(num)d of them are on the waiting list.", done.waitlisted
        )
    words += " " + (emailed(_("They will be told by email.")) if told else _("Nobody has been told."))
    flash(words, "success")
