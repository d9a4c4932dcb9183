"""An edition's part of the memory: a page that leads to its sections, each a package of its own."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dofc_events.conference.models import Edition
from dofc_events.core.db import db
from dofc_events.memory.documents.queries import documents_of
from dofc_events.memory.editions.queries import write_up_of
from dofc_events.memory.outcomes.queries import outcomes_of
from dofc_events.memory.photographs.queries import count_of
from dofc_events.organise.memory.documents import views as documents
from dofc_events.organise.memory.network import views as network
from dofc_events.organise.memory.outcomes import views as outcomes
from dofc_events.organise.memory.photographs import views as photographs
from dofc_events.organise.memory.shared import MEMORY, writers_only
from dofc_events.organise.memory.summary import views as summary
from dofc_events.organise.shared import around

blueprint = Blueprint("memory", __name__)
# Each section brings a `blueprint`, and its line in templates/organise/memory/index.html.
SECTIONS = (summary, outcomes, photographs, documents, network)
for section in SECTIONS:
    blueprint.register_blueprint(section.blueprint)


@blueprint.get(MEMORY)
@writers_only
def index(edition: Edition) -> ResponseReturnValue:
    """What is kept of the edition, section by section."""
    session = db.session()
    return render_template(
        "organise/memory/index.html",
        write_up=write_up_of(session, edition.id),
        outcomes=outcomes_of(session, edition.id),
        photographs=count_of(session, edition.id),
        documents=documents_of(session, edition.id),
        **around(edition),
    )
