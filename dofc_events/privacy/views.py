"""What is kept about people and for how long, for everyone to read."""

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import all_editions
from dofc_events.core.db import db
from dofc_events.privacy.kept.rules import COUNTED_FROM, ELSEWHERE, KEPT, KEYS
from dofc_events.privacy.own import views as own
from dofc_events.privacy.queries import periods_of
from dofc_events.privacy.texts import COLUMNS, PERIODS, duration_of, kept_in_one_line

blueprint = Blueprint("privacy", __name__)
blueprint.register_blueprint(own.blueprint)


def register(app: Flask) -> None:
    """Add the pages about data to the site, and the line about it to the registration form."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(kept_for=_kept_for, site_keys=KEYS, column_words=COLUMNS, duration_of=duration_of)


@blueprint.get("/privacy")
def about() -> ResponseReturnValue:
    """The whole table, with the network's periods and where an edition has shorter ones."""
    session = db.session()
    periods = periods_of(session)
    return render_template(
        "privacy/about.html",
        periods=periods,
        names=PERIODS,
        duration_of=duration_of,
        shorter=[edition for edition in all_editions(session) if edition.id in periods.shorter],
        kept=KEPT,
        elsewhere=ELSEWHERE,
        counted_from=COUNTED_FROM,
    )


def _kept_for(edition: Edition) -> str:
    """One line for a form, in the language of the page."""
    return str(kept_in_one_line(periods_of(db.session()), edition.id))
