"""The chair's pages about the whole memory: facts of past editions, and what goes in and out as a file."""

import json
import tempfile
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.accounts.factors.guards import fresh_factor_for_files
from dofc_events.accounts.guards import acting, chair_only
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year, past_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.core import files
from dofc_events.core.clock import in_zone, now
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.memory.editions.queries import countries_of_unknown_edition
from dofc_events.memory.editions.service import (
    DaysInDisorder,
    change_facts,
    facts_of,
    set_countries_of_unknown_edition,
)
from dofc_events.memory.figures.network.queries import editions_in_figures
from dofc_events.memory.queries import Change
from dofc_events.memory.reading.queries import NOTHING_READ, read_file
from dofc_events.memory.rules import Fault, FaultKind, FileRefused, Row
from dofc_events.memory.service import (
    changes_by,
    check_rows,
    export_memory,
    import_rows,
    keep_files,
    rows_in,
    summary_of,
)
from dofc_events.organise.memory.network.forms import AgreeForm, CountriesForm, FactsForm, ImportForm
from dofc_events.organise.memory.network.texts import fault_in_words, field_in_words, part_in_words, value_in_words
from dofc_events.organise.shared import around
from dofc_events.web.downloads import disposition
from dofc_events.web.forms import answer_busy, answer_errors, form_page
from dofc_events.web.on_record import say

blueprint = Blueprint("network", __name__)

# What is larger goes in by `flask memory import` (see also web/bodies.py).
LARGEST_UPLOAD = 512 * 1024 * 1024
PAGES = "organise/memory/network"
CHUNK = 256 * 1024


@blueprint.get("/memory/")
@chair_only
def index() -> ResponseReturnValue:
    """The past editions with what is on record, and the ways in and out."""
    return render_template(f"{PAGES}/index.html", form=ImportForm(formdata=None), **_page())


@blueprint.get("/memory/export")
@chair_only
@fresh_factor_for_files
def export() -> ResponseReturnValue:
    """The whole memory as one file; written aside first, so that it is of one moment."""
    written = tempfile.TemporaryFile(dir=settings().instance)  # noqa: SIM115 (open until it has been sent)
    try:
        export_memory(db.session(), written)
    except FileNotFoundError:
        written.close()
        abort(503)
    written.seek(0)
    say("exported", file="memory.zip")
    answer = Response(iter(lambda: written.read(CHUNK), b""), content_type="application/zip")
    answer.call_on_close(written.close)
    answer.headers["Content-Disposition"] = disposition(f"dofc-memory-{in_zone(now(), 'UTC').date()}.zip")
    return answer


@blueprint.post("/memory/import")
@chair_only
def send() -> ResponseReturnValue:
    """Send a file, whose rows are kept for an hour until somebody has looked at what they would change."""
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = ImportForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        return _refused(ImportForm(formdata=None), [Fault(FaultKind.TOO_LARGE)], 413)
    if not accepted:
        return answer_errors(form, f"{PAGES}/index.html", **_page())
    try:
        kept = _kept(form.file.data)
    except FileRefused as refusal:
        return _refused(form, refusal.faults)
    except TooBusy as refusal:
        return answer_busy(form, refusal.retry_after, f"{PAGES}/index.html", **_page())
    return redirect(url_for(".difference", content_hash=kept), 303)


@blueprint.route("/memory/import/<content_hash>", methods=["GET", "POST"])
@chair_only
def difference(content_hash: str) -> ResponseReturnValue:
    """What a file that was sent would change; and do it."""
    rows = _rows(content_hash)
    try:
        changes = changes_by(db.session(), rows)
        keep_files(None, NOTHING_READ, changes, now(), only_look=True)
    except FileRefused as refusal:
        return _refused(ImportForm(formdata=None), refusal.faults)
    form, agreed = AgreeForm(data={"agreed": _digest(changes)}), _digest(changes)
    page = f"{PAGES}/difference.html"
    if not form.validate_on_submit():
        return form_page(form, page, **_told(changes), **around(None))
    if form.agreed.data != agreed:
        form.agreed.data = agreed
        form.form_errors = [_("Somebody has changed the memory in the meantime. Look again at what would change.")]
        return answer_errors(form, page, **_told(changes), **around(None))
    with unit_of_work() as session:
        import_rows(session, rows, acting(), now(), seen=changes)
    flash(ngettext("%(num)d change imported.", "%(num)d changes imported.", len(changes)), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route("/memory/editions/<year:year>", methods=["GET", "POST"])
@chair_only
def facts(year: int) -> ResponseReturnValue:
    """The facts of a past edition, each with its source."""
    edition = _archived(year)
    seen = facts_of(db.session(), year) or abort(404)
    form, page = FactsForm.of(seen), f"{PAGES}/facts.html"
    if not form.validate_on_submit():
        return form_page(form, page, **around(edition))
    try:
        with unit_of_work() as session:
            change_facts(session, edition.id, form.to_facts(), acting(), now(), seen=seen)
    except DaysInDisorder as refusal:
        form.refuse_days(refusal.kind, year)
        return answer_errors(form, page, **around(edition))
    flash(_("Facts saved."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route("/memory/countries", methods=["GET", "POST"])
@chair_only
def countries() -> ResponseReturnValue:
    """The countries that people came from to an edition that no source names."""
    seen = countries_of_unknown_edition(db.session())
    form = CountriesForm.of(seen)
    if not form.validate_on_submit():
        return form_page(form, f"{PAGES}/countries.html", **around(None))
    with unit_of_work() as session:
        set_countries_of_unknown_edition(session, form.countries.codes, acting(), now(), seen=seen)
    flash(_("Countries saved."), "success")
    return redirect(url_for(".index"), 303)


def _page() -> dict[str, Any]:
    session = db.session()
    past = past_editions(session, now())
    return {
        "past": past,
        "known": editions_in_figures(session, past),
        "unknown": countries_of_unknown_edition(session),
        "is_archived": lambda edition: edition.status == EditionStatus.ARCHIVED,
        **around(None),
    }


def _archived(year: int) -> Edition:
    found = edition_by_year(db.session(), year)
    return found if found is not None and found.status == EditionStatus.ARCHIVED else abort(404)


def _kept(sent: Any) -> str:
    """Read a file, keep its rows and the files that it would add; returns the hash of the rows. Raises FileRefused."""
    with tempfile.TemporaryFile(dir=settings().instance) as opened:
        sent.save(opened)
        opened.flush()
        read = read_file(opened)
        rows = rows_in(db.session(), read)
        keep_files(opened, read, changes_by(db.session(), rows), now())
    content = json.dumps({"rows": rows}, ensure_ascii=False).encode()
    files.store(settings().shared, content, now())
    return files.hash_of(content)


def _rows(content_hash: str) -> dict[str, list[Row]]:
    """The rows that were kept; 404 if they are no longer there, or the file never had rows."""
    if not all(c in "0123456789abcdef" for c in content_hash) or len(content_hash) != 64:
        abort(404)
    try:
        rows = json.loads(files.read(settings().shared, content_hash))["rows"]
        check_rows(rows)
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError, FileRefused):
        abort(404)
    return dict(rows)


def _digest(changes: Sequence[Change]) -> str:
    return files.hash_of(json.dumps(summary_of(changes), sort_keys=True).encode())


def _told(changes: Sequence[Change]) -> dict[str, Any]:
    return {
        "changes": changes,
        "part_in_words": part_in_words,
        "field_in_words": field_in_words,
        "value_in_words": value_in_words,
    }


def _refused(form: ImportForm, faults: Sequence[Fault], status: int = 422) -> ResponseReturnValue:
    """The page with everything that is wrong with a file; nothing of it was imported."""
    form.file.errors = [fault_in_words(fault) for fault in faults]
    return make_response(render_template(f"{PAGES}/index.html", form=form, **_page()), status)
