"""An edition's part of the memory: a page that leads to its sections, each of which is a package of its own."""

from types import ModuleType

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dofc_events.conference.models import Edition
from dofc_events.organise.memory.photographs import views as photographs
from dofc_events.organise.memory.shared import MEMORY, writers_only
from dofc_events.organise.shared import around

blueprint = Blueprint("memory", __name__)
# Each section brings a `blueprint`, and its line in templates/organise/memory/index.html.
SECTIONS: tuple[ModuleType, ...] = (photographs,)
for section in SECTIONS:
    blueprint.register_blueprint(section.blueprint)


@blueprint.get(MEMORY)
@writers_only
def index(edition: Edition) -> ResponseReturnValue:
    """What is kept of the edition, section by section."""
    return render_template("organise/memory/index.html", **around(edition))
