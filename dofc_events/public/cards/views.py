"""Pictures for messengers, 1200 by 630 pixels."""

from flask import Blueprint, Response, abort, redirect
from flask.typing import ResponseReturnValue

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.contained import ReaderFailed, TooBusy, TooCostly
from dofc_events.core.db import db
from dofc_events.documents.cards.rules import Card
from dofc_events.extensions import settings
from dofc_events.memory.outcomes.queries import public_outcome
from dofc_events.public.cards.service import picture_of
from dofc_events.public.shared import card_of_edition, card_of_outcome
from dofc_events.web.assets import asset_url

blueprint = Blueprint("cards", __name__)


@blueprint.get("/editions/<year:year>/card.png")
def edition(year: int) -> ResponseReturnValue:
    """An edition that everyone may see: its name, place and days."""
    found = edition_by_year(db.session(), year)
    if found is None or found.status == EditionStatus.DRAFT:
        abort(404)
    return card_answer(card_of_edition(found), f"edition-{year}")


@blueprint.get("/outcomes/<slug>/card.png")
def outcome(slug: str) -> ResponseReturnValue:
    """A published outcome: its kind, its title, and where it was agreed."""
    found = public_outcome(db.session(), slug) or abort(404)
    return card_answer(card_of_outcome(found), f"outcome-{slug}")


def card_answer(card: Card, subject: str) -> ResponseReturnValue:
    """The picture of a card; that of the site while it cannot be drawn."""
    db.session().close()
    try:
        picture = picture_of(card, subject, settings().instance)
    except (TooBusy, TooCostly, ReaderFailed):
        return redirect(asset_url("img/share.png"), 302)
    answer = Response(picture, mimetype="image/png")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
