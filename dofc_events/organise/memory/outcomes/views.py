"""The outcomes of an edition: written, published, taken back, deleted; who takes part; what became of them."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting
from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.memory.outcomes import service
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.queries import organisation_names, outcome_of, outcomes_of
from dofc_events.organise.memory.outcomes.attachments import views as attachments
from dofc_events.organise.memory.outcomes.forms import ChangeOutcomeForm, FollowUpForm, OutcomeForm, PartiesForm
from dofc_events.organise.memory.shared import MEMORY, writers_only
from dofc_events.organise.shared import around
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("outcomes", __name__)
blueprint.register_blueprint(attachments.blueprint)

OUTCOMES = f"{MEMORY}/outcomes"
OUTCOME = f"{OUTCOMES}/<slug>"
PAGES = "organise/memory/outcomes"


@blueprint.get(OUTCOMES)
@writers_only
def index(edition: Edition) -> ResponseReturnValue:
    """All outcomes of the edition, drafts too."""
    return render_template(f"{PAGES}/index.html", outcomes=outcomes_of(db.session(), edition.id), **around(edition))


@blueprint.route(f"{OUTCOMES}/new", methods=["GET", "POST"])
@writers_only
def new(edition: Edition) -> ResponseReturnValue:
    """Begin an outcome, as a draft."""
    form, context = OutcomeForm(), {"outcome": None, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, f"{PAGES}/edit.html", **context)
    try:
        with unit_of_work() as session:
            slug = service.create_outcome(session, edition.id, form.to_details(), acting(), now()).slug
    except service.TitleTaken:
        form.refuse_title()
        return answer_errors(form, f"{PAGES}/edit.html", **context)
    flash(_("Outcome created as a draft. Next, say who takes part."), "success")
    return redirect(url_for(".outcome", year=edition.year, slug=slug), 303)


@blueprint.get(f"{OUTCOME}/")
@writers_only
def outcome(edition: Edition, slug: str) -> ResponseReturnValue:
    """One outcome, and what can be done with it."""
    return render_template(
        f"{PAGES}/outcome.html", outcome=_outcome(edition, slug), form=ButtonForm(), **around(edition)
    )


@blueprint.route(f"{OUTCOME}/edit", methods=["GET", "POST"])
@writers_only
def edit(edition: Edition, slug: str) -> ResponseReturnValue:
    """Change an outcome."""
    found = _outcome(edition, slug)
    seen = service.details_of(found)
    form, context = ChangeOutcomeForm(data=vars(seen)), {"outcome": found, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, f"{PAGES}/edit.html", **context)
    try:
        with unit_of_work() as session:
            service.change_outcome(session, edition.id, slug, form.to_details(), acting(), now(), seen=seen)
    except service.TitleTaken:
        form.refuse_title()
        return answer_errors(form, f"{PAGES}/edit.html", **context)
    return _saved(edition, slug)


@blueprint.route(f"{OUTCOME}/participants", methods=["GET", "POST"])
@writers_only
def participants(edition: Edition, slug: str) -> ResponseReturnValue:
    """Say who takes part in an outcome, and who signed it."""
    found = _outcome(edition, slug)
    seen = service.parties_of(found)
    form = PartiesForm.of(seen, in_zone(now(), edition.zone).date())
    if not form.validate_on_submit():
        names = organisation_names(db.session())
        return form_page(form, f"{PAGES}/participants.html", outcome=found, names=names, **around(edition))
    with unit_of_work() as session:
        service.set_parties(session, edition.id, slug, form.to_parties(), acting(), now(), seen=seen)
    return _saved(edition, slug)


@blueprint.route(f"{OUTCOME}/follow-up", methods=["GET", "POST"])
@writers_only
def follow_up(edition: Edition, slug: str) -> ResponseReturnValue:
    """Note what became of an outcome."""
    found = _outcome(edition, slug)
    seen = service.notes_of(found)
    form = FollowUpForm.of(seen, found)
    if not form.validate_on_submit():
        return form_page(form, f"{PAGES}/follow_up.html", outcome=found, **around(edition))
    with unit_of_work() as session:
        service.set_follow_up(session, edition.id, slug, form.to_notes(), acting(), now(), seen=seen)
    return _saved(edition, slug)


@blueprint.post(f"{OUTCOME}/publish")
@writers_only
def publish(edition: Edition, slug: str) -> ResponseReturnValue:
    """Show an outcome to everyone."""
    return _show(edition, slug, shown=True)


@blueprint.post(f"{OUTCOME}/unpublish")
@writers_only
def unpublish(edition: Edition, slug: str) -> ResponseReturnValue:
    """Take an outcome back at once, with its files."""
    return _show(edition, slug, shown=False)


@blueprint.route(f"{OUTCOME}/delete", methods=["GET", "POST"])
@writers_only
def delete(edition: Edition, slug: str) -> ResponseReturnValue:
    """Delete a draft, after asking."""
    found, form = _outcome(edition, slug), ButtonForm()
    if not form.validate_on_submit():
        return form_page(form, f"{PAGES}/delete.html", outcome=found, **around(edition))
    try:
        with unit_of_work() as session:
            service.delete_outcome(session, edition.id, slug, acting(), now())
    except service.NotADraft:
        return answer_errors(form, f"{PAGES}/delete.html", outcome=_outcome(edition, slug), **around(edition))
    flash(_("Draft deleted."), "success")
    return redirect(url_for(".index", year=edition.year), 303)


def _show(edition: Edition, slug: str, *, shown: bool) -> ResponseReturnValue:
    found, form = _outcome(edition, slug), ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, f"{PAGES}/outcome.html", outcome=found, **around(edition))
    act = service.publish_outcome if shown else service.unpublish_outcome
    with unit_of_work() as session:
        act(session, edition.id, slug, acting(), now())
    flash(
        _("Outcome published. Anyone can read it now.")
        if shown
        else _("Outcome unpublished. Only organisers can see it now."),
        "success",
    )
    return redirect(url_for(".outcome", year=edition.year, slug=slug), 303)


def _saved(edition: Edition, slug: str) -> ResponseReturnValue:
    flash(_("Outcome saved."), "success")
    return redirect(url_for(".outcome", year=edition.year, slug=slug), 303)


def _outcome(edition: Edition, slug: str) -> Outcome:
    return outcome_of(db.session(), edition.id, slug) or abort(404)
