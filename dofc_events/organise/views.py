"""The organisers' pages, put together: an endpoint, its template and its module have one name."""

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue

from dofc_events.accounts.guards import signed_in
from dofc_events.conference.service import EditionArchived
from dofc_events.organise.accounts import views as accounts
from dofc_events.organise.audit import views as audit
from dofc_events.organise.door import views as door
from dofc_events.organise.editions import views as editions
from dofc_events.organise.groups import views as groups
from dofc_events.organise.hosting import views as hosting
from dofc_events.organise.imports import views as imports
from dofc_events.organise.letters import views as letters
from dofc_events.organise.mail import views as mail
from dofc_events.organise.memory import views as memory
from dofc_events.organise.overview import views as overview
from dofc_events.organise.privacy import views as privacy
from dofc_events.organise.questions import views as questions
from dofc_events.organise.registrations import views as registrations
from dofc_events.organise.sessions import views as sessions
from dofc_events.organise.team import views as team
from dofc_events.organise.trips import views as trips
from dofc_events.web.forms import ButtonForm, answer_errors

blueprint = Blueprint("organise", __name__, url_prefix="/organise")
AREAS = (
    overview,
    editions,
    registrations,
    questions,
    imports,
    groups,
    trips,
    door,
    letters,
    mail,
    memory,
    team,
    audit,
    hosting,
    accounts,
    sessions,
    privacy,
)
for area in AREAS:
    blueprint.register_blueprint(area.blueprint)


@blueprint.post("/preview")
@signed_in
def preview() -> ResponseReturnValue:
    """What was typed so far as it will be shown; the address says which fields, and how they are called."""
    form, texts = ButtonForm(), {label: request.form.get(name, "") for name, label in request.args.items()}
    if not form.validate_on_submit():
        return answer_errors(form, "organise/preview.html", texts=texts)
    return render_template("organise/preview.html", form=form, texts=texts)


def register(app: Flask) -> None:
    """Add the organisers' pages to the site."""
    app.register_blueprint(blueprint)
    app.register_error_handler(EditionArchived, _is_read_only)


def _is_read_only(refusal: EditionArchived) -> ResponseReturnValue:
    return render_template("organise/read_only.html", year=int(str(refusal))), 409
