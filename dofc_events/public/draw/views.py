"""How the seats on an edition's learning trips are drawn, and everything needed to check it."""

from pathlib import Path

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.trips.draw import rules as rule
from dofc_events.trips.draw.queries import tally_of
from dofc_events.trips.models import Draw
from dofc_events.web.downloads import download

blueprint = Blueprint("draw", __name__)

DRAW = "/editions/<year:year>/draw"


@blueprint.get(DRAW)
def draw(year: int) -> ResponseReturnValue:
    """The rule, the hash of the seed, and once it is drawn the seed and the result."""
    edition, drawn = _draw_of(year)
    return render_template(
        "public/draw/index.html",
        edition=edition,
        draw=drawn,
        seed_hash=rule.hash_of(drawn.seed),
        window=edition.sign_up_window(now()),
        tally=tally_of(drawn.document) if drawn.document else None,
    )


@blueprint.get(f"{DRAW}/wishes.json")
def draw_wishes(year: int) -> ResponseReturnValue:
    """What the draw was made from, without names; not before it is published."""
    _, drawn = _draw_of(year)
    if drawn.document is None:
        abort(404)
    return download("wishes.json", "application/json; charset=utf-8", drawn.document.encode())


@blueprint.get(f"{DRAW}/draw.py")
def draw_rule(year: int) -> ResponseReturnValue:
    """The program that makes the draw: the very file that runs here."""
    _draw_of(year)
    return download("draw.py", "text/x-python; charset=utf-8", Path(rule.__file__).read_bytes())


def _draw_of(year: int) -> tuple[Edition, Draw]:
    """An edition that anyone may see, and whose seats are or were to be drawn, with its draw."""
    edition = edition_by_year(db.session(), year)
    if edition is None or edition.status == EditionStatus.DRAFT:
        abort(404)
    drawn = db.session().get(Draw, edition.id)
    if drawn is None:
        abort(404)
    return edition, drawn
