"""Possible duplicates, side by side."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.doubles.service import (
    NoSuchPair,
    count_doubles,
    count_to_compare,
    likely_doubles,
    pair_to_look_at,
    tell_apart,
    why_a_pair,
)
from dofc_events.notices.queries import standing_of
from dofc_events.organise.registrations.doubles.forms import MergeForm, PickedForm
from dofc_events.organise.registrations.queries import places_of
from dofc_events.organise.shared import EDITION, around, before_id
from dofc_events.places.service import CategoryFull
from dofc_events.questions.queries import questions_of
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.doubles.service import ArrivedWithOther, PairChanged, digest_of
from dofc_events.registration.doubles.service import merge as merge_pair
from dofc_events.registration.service import RegistrationOver
from dofc_events.web.forms import ButtonForm, Form, answer_errors, form_page

blueprint = Blueprint("doubles", __name__)

ROWS = 20


@blueprint.get(f"{EDITION}/doubles")
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """Pairs of possible duplicates, newest first."""
    return render_template("organise/registrations/doubles/index.html", form=ButtonForm(), **_context(edition))


@blueprint.post(f"{EDITION}/doubles/<id:pair_id>/two-people")
@organisers_only
def two_people(edition: Edition, pair_id: int) -> ResponseReturnValue:
    """Mark a pair as different people."""
    return _told_apart(edition, ButtonForm(), [pair_id])


@blueprint.post(f"{EDITION}/doubles/two-people")
@organisers_only
def all_two_people(edition: Edition) -> ResponseReturnValue:
    """Mark all pairs picked as different people."""
    form = PickedForm()
    return _told_apart(edition, form, form.pick.data or [])


def _told_apart(edition: Edition, form: Form, pair_ids: list[int]) -> ResponseReturnValue:
    if not form.validate_on_submit():
        return answer_errors(form, "organise/registrations/doubles/index.html", **_context(edition))
    with unit_of_work() as session:
        pairs = tell_apart(session, edition.id, pair_ids, acting(), now())
        names = [{"one": pair.first.full_name, "other": pair.second.full_name} for pair in pairs]
    if len(names) == 1:
        words = _(
            "%(one)s and %(other)s have been marked as different people. They will not be shown here again.", **names[0]
        )
        flash(words, "success")
    elif names:
        flash(
            ngettext(
                "%(num)d pair has been marked as different people, and will not be shown here again.",
                "%(num)d pairs have been marked as different people, and will not be shown here again.",
                len(names),
            ),
            "success",
        )
    if gone := len(set(pair_ids)) - len(names):
        flash(
            ngettext(
                "%(num)d pair is no longer on the list: it has been settled, or somebody changed their details.",
                "%(num)d pairs are no longer on the list: they have been settled, or somebody changed their details.",
                gone,
            ),
            "info",
        )
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{EDITION}/doubles/<id:pair_id>/merge", methods=["GET", "POST"])
@organisers_only
def merge(edition: Edition, pair_id: int) -> ResponseReturnValue:
    """Make one registration of a pair, after choosing what stays."""
    session, page = db.session(), "organise/registrations/doubles/merge.html"
    pair = pair_to_look_at(session, edition.id, pair_id)
    if pair is None:
        # Who sent the form should learn that somebody else was quicker.
        return _settled(edition) if request.method == "POST" else abort(404)
    sides = standing_of(session, pair.first_id), standing_of(session, pair.second_id)
    form, digest, questions = MergeForm.of(*sides), digest_of(session, pair), questions_of(session, edition.id)
    if not form.validate_on_submit():
        form.digest.data = form.digest.data or digest
        return form_page(form, page, sides=sides, **around(edition))
    try:
        with unit_of_work() as work:
            merge_pair(work, edition.id, pair_id, form.wanted(questions), acting(), now())
    except PairChanged:
        form.digest.data = digest
        form.form_errors = [_("Nothing has been done, because something has changed since you opened the page.")]
    except ArrivedWithOther:
        arrived = next(one.registration.reference for one in sides if one.claim.used_at)
        form.keep.errors = [
            _(
                "%(reference)s has been checked in. Keep that one: only it has a confirmed place.",
                reference=arrived,
            )
        ]
    except CategoryFull:
        form.form_errors = [_("This category is full. Nothing has been changed. Raise its limit first.")]
    except ChoiceFull as full:
        form.form_errors = [
            _(
                "All places of “%(option)s” are taken. Choose the other answer, or add places first.",
                option=full.caption,
            )
        ]
    except (NoSuchPair, RegistrationOver):
        return _settled(edition)
    else:
        flash(_("The two registrations have been merged."), "success")
        return redirect(url_for(".index", year=edition.year), 303)
    return answer_errors(form, page, sides=sides, **around(edition))


def _settled(edition: Edition) -> ResponseReturnValue:
    flash(_("Nothing has been done: this pair has already been settled, or the edition is over."), "info")
    return redirect(url_for(".index", year=edition.year), 303)


def _context(edition: Edition) -> dict[str, Any]:
    session = db.session()
    found = likely_doubles(session, edition.id, before_id=before_id(), limit=ROWS + 1)
    pairs = found[:ROWS]
    return {
        "pairs": pairs,
        "why": {pair.id: why_a_pair(pair) for pair in pairs},
        "is_first": before_id() is None,
        "has_more": len(found) > ROWS,
        "total": count_doubles(session, [edition.id]).get(edition.id, 0),
        "to_compare": count_to_compare(session, edition.id),
        "places": places_of(session, edition.id, {id_ for pair in pairs for id_ in (pair.first_id, pair.second_id)}),
        **around(edition),
    }
