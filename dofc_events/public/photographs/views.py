"""The gallery of an edition, a page for each picture, and the way to have one taken down."""

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from limits import RateLimitItemPerHour

from dofc_events.accounts.guards import may_organise
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import VISITOR
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import client_network, limiter
from dofc_events.memory.photographs.models import Photograph
from dofc_events.memory.photographs.queries import public_photographs, published_photograph, served_rendition
from dofc_events.memory.photographs.rules import LICENCE_LINKS
from dofc_events.memory.photographs.service import NoSuchPhotograph, object_to
from dofc_events.public.photographs.forms import TakeDownForm
from dofc_events.web.forms import form_page
from dofc_events.web.pictures import picture_answer

blueprint = Blueprint("photographs", __name__)

GALLERY = "/editions/<year:year>/photographs/"
PHOTOGRAPH = f"{GALLERY}<id:photograph_id>"
# One client hides so many within an hour; of what else it asks for organisers are told, and they decide.
HIDDEN_PER_CLIENT = RateLimitItemPerHour(5)


@blueprint.get(GALLERY)
def gallery(year: int) -> str:
    """All photographs of an edition that anybody may see."""
    edition = _edition(year)
    photographs = public_photographs(db.session(), edition.id)
    return render_template("public/photographs/gallery.html", edition=edition, photographs=photographs)


@blueprint.get(PHOTOGRAPH)
def photograph(year: int, photograph_id: int) -> str:
    """One photograph, with those before and after it."""
    edition = _edition(year)
    photographs, place = _found(edition, photograph_id)
    return render_template(
        "public/photographs/photograph.html",
        edition=edition,
        photograph=photographs[place],
        place=place + 1,
        count=len(photographs),
        previous=photographs[place - 1] if place else None,
        following=photographs[place + 1] if place + 1 < len(photographs) else None,
        licences=LICENCE_LINKS,
    )


@blueprint.route(f"{PHOTOGRAPH}/take-down", methods=["GET", "POST"])
def take_down(year: int, photograph_id: int) -> ResponseReturnValue:
    """ "This is me, please take it down": a button that hides the photograph until organisers have decided."""
    edition = _edition(year)
    photograph, form = published_photograph(db.session(), edition.id, photograph_id), TakeDownForm()
    if photograph is None:
        raise NoSuchPhotograph
    if not form.validate_on_submit():
        return form_page(form, "public/photographs/take_down.html", edition=edition, photograph=photograph)
    hides = not limiter.enabled or limiter.limiter.hit(HIDDEN_PER_CLIENT, "hidden photographs", client_network())
    with unit_of_work() as session:
        is_hidden = object_to(
            session, photograph_id, form.reason.data or "", form.email.data or "", VISITOR, now(), hides=hides
        )
    return redirect(url_for(".asked", year=year, hidden="yes" if is_hidden else None), 303)


@blueprint.get(f"{GALLERY}taken-down")
def asked(year: int) -> str:
    """What happens next, after somebody has asked for a photograph to be taken down."""
    return render_template("public/photographs/asked.html", edition=_edition(year))


@blueprint.get("/photographs/<content_hash>.<ending>")
def file(content_hash: str, ending: str) -> Response:
    """A picture by the hash of its content, as long as a photograph that anybody may see has it."""
    found = served_rendition(db.session(), content_hash, ending) or abort(404)
    answer = found.content_hash, found.media_type, found.size
    # Nobody needs the connection while the picture is on its way.
    db.session.close()
    return picture_answer(*answer)


@blueprint.errorhandler(NoSuchPhotograph)
def _gone(refusal: NoSuchPhotograph) -> ResponseReturnValue:
    """The same for all numbers: whether organisers keep a photograph to themselves is nobody's business."""
    heading, text = _("This photograph cannot be seen"), _("If it was here before, it has been taken down.")
    return render_template("errors/page.html", code=404, heading=heading, text=text), 404


def _edition(year: int) -> Edition:
    """An edition that anybody may see; a draft, for its organisers."""
    edition = edition_by_year(db.session(), year)
    if edition is None or (edition.status == EditionStatus.DRAFT and not may_organise(edition)):
        abort(404)
    return edition


def _found(edition: Edition, photograph_id: int) -> tuple[list[Photograph], int]:
    photographs = public_photographs(db.session(), edition.id)
    place = next((n for n, one in enumerate(photographs) if one.id == photograph_id), None)
    if place is None:
        raise NoSuchPhotograph
    return photographs, place
