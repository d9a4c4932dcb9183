"""What is kept until when, and what was removed, in numbers. Erasing somebody who writes, with the reason on record."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.factors.guards import fresh_factor_for_files, fresh_factor_for_forms
from dofc_events.accounts.guards import acting, chair_only, edition_staff
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, ask_first
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.organise.privacy.forms import BecauseForm, EraseForm, PeriodsForm
from dofc_events.organise.rules import masked_details
from dofc_events.organise.shared import EDITION, around, nobody
from dofc_events.privacy import service
from dofc_events.privacy.accounts.service import StillHasRoles
from dofc_events.privacy.erasing.service import StillContact
from dofc_events.privacy.handed_out.queries import as_json, data_of
from dofc_events.privacy.queries import people_called, periods_of, removals
from dofc_events.privacy.retention.service import tasks
from dofc_events.privacy.rules import Period
from dofc_events.privacy.shared import called, erase_each, handed_out
from dofc_events.privacy.texts import PERIODS, duration_of
from dofc_events.web.forms import answer_errors, form_page
from dofc_events.web.on_record import say

blueprint = Blueprint("privacy", __name__)

# Also of an archived edition, as that is when most of it is due.
organisers = edition_staff(RoleName.ORGANISER, archived_too=True)
SHOWN = 30
COUNTED = ("registrations", "messages", "proposals", "accounts")
PERSON = f"{EDITION}/privacy/<reference>"


@blueprint.route("/privacy/", methods=["GET", "POST"])
@chair_only
def index() -> ResponseReturnValue:
    """The whole network: how long things are kept, what is due when, and what was removed."""
    seen = periods_of(db.session()).network
    form, context = PeriodsForm.of(seen), {"asked": None, **_state(None)}
    if not form.validate_on_submit():
        return form_page(form, "organise/privacy/index.html", **context)
    try:
        with unit_of_work() as session:
            accepted = form.accepted.data or ""
            service.set_network_periods(session, form.to_days(), acting(), now(), seen=seen, agreed=accepted)
    except NotAgreed as asked:
        return answer_errors(form, "organise/privacy/index.html", **(context | {"asked": asked}))
    flash(_("Periods saved."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route("/privacy/erase", methods=["GET", "POST"])
@chair_only
@fresh_factor_for_forms
def erase() -> ResponseReturnValue:
    """Somebody who asks the chair: everything of an address, or what a reference names. Asks first, by name."""
    form, page, context = EraseForm(), "organise/privacy/erase.html", {"asked": None, "called": called, **around(None)}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    found = people_called(db.session(), form.reference.data)
    if not found:
        form.reference.errors = [_("Nobody has this address or reference. It may have been erased.")]
        return answer_errors(form, page, **context)
    try:
        service.refuse_erasing(db.session(), found, now())
        ask_first(form.accepted.data or "", found)
        erase_each(found, acting(), because=form.because.data)
    except NotAgreed as asked:
        return answer_errors(form, page, **(context | {"asked": asked}))
    except StillHasRoles:
        form.reference.errors = [_("This account still has a role. End the account first, under Accounts.")]
        return answer_errors(form, page, **context)
    except StillContact:
        form.reference.errors = [
            _("Other people can only be reached at this address. Give them another contact first.")
        ]
        return answer_errors(form, page, **context)
    flash(_("The data has been erased."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route(f"{EDITION}/privacy/", methods=["GET", "POST"])
@organisers
def edition(edition: Edition) -> ResponseReturnValue:
    """One edition: what is due when, what was removed, and shorter periods than the network's."""
    periods = periods_of(db.session())
    seen = {period: periods.days(period, edition.id) for period in Period}
    form, page = PeriodsForm.of(seen), "organise/privacy/edition.html"
    context = {"asked": None, "network": periods.network, **_state(edition)}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            days, accepted = form.to_days(), form.accepted.data or ""
            service.shorten_periods(session, edition.id, days, acting(), now(), seen=seen, agreed=accepted)
    except NotAgreed as asked:
        return answer_errors(form, page, **(context | {"asked": asked}))
    except service.TooLong as refusal:
        form.refuse(refusal.periods)
        return answer_errors(form, page, **context)
    flash(_("Periods saved."), "success")
    return redirect(url_for(".edition", year=edition.year), 303)


@blueprint.route(PERSON, methods=["GET", "POST"])
@organisers
@fresh_factor_for_forms
def person(edition: Edition, reference: str) -> ResponseReturnValue:
    """Everything that is kept about one delegate, to hand out, and the end of it, for somebody who writes."""
    registration, form = _registration(edition, reference), BecauseForm()
    email, year = registration.email, str(edition.year)
    if not form.validate_on_submit():
        # No link in it acts for the person.
        kept = [replace(one, values=masked_details(one.values)) for one in data_of(db.session(), registration)]
        context = {"registration": registration, "kept": kept, **around(edition)}
        return form_page(form, "organise/privacy/person.html", **context)
    try:
        erase_each(people_called(db.session(), registration.reference), acting(), because=form.because.data)
    except StillContact:
        flash(
            _("Nothing has been erased: other people can only be reached at this address. Change their contact first."),
            "warning",
        )
        return redirect(url_for(".person", year=edition.year, reference=reference), 303)
    flash(_("The data of this registration has been erased."), "success")
    # What somebody has at other editions, or proposes, is not for this edition's organisers to see.
    left = [f"{called(one)}: {one.name}" for one in people_called(db.session(), email) if one.where == year]
    if left:
        words = _(
            "Still kept under %(email)s: %(what)s. If this is the same person, the chair can erase everything "
            "under the address, or they can do so themselves from the page “What we keep, and for how long”.",
            email=email,
            what="; ".join(left),
        )
        flash(words, "warning")
    return redirect(url_for(".edition", year=edition.year), 303)


@blueprint.get(f"{PERSON}/my-data.json")
@organisers
@fresh_factor_for_files
def person_json(edition: Edition, reference: str) -> ResponseReturnValue:
    """Everything that is kept about a delegate, as a file without links that act for them."""
    registration = _registration(edition, reference)
    say("exported", file="my-data.json")
    content = as_json(data_of(db.session(), registration), now(), edition=edition.year)
    return handed_out(registration, masked_details(content))


def _registration(edition: Edition, reference: str) -> Registration:
    registration = registration_by_reference(db.session(), edition.id, reference)
    if registration is None or registration.is_gone:
        abort(nobody(url_for("organise.registrations.index", year=edition.year), _("Go to the registrations")))
    return registration


def _state(edition: Edition | None) -> dict[str, Any]:
    """What is due when, and what was removed last, of one edition or of all."""
    session, at = db.session(), now()
    year = edition.year if edition else None
    sums: dict[tuple[int, Period], tuple[Any, int]] = {}
    for task in tasks(session):
        # Emails and trails have many rows about a person, and counting them would take long.
        if task.kept_in in COUNTED and (year is None or task.year == year) and (number := task.count(session)):
            due_at, before = sums.get((task.year, task.period), (task.due_at, 0))
            sums[task.year, task.period] = min(due_at, task.due_at), before + number
    return {
        "due": sorted((due_at, y, period, number) for (y, period), (due_at, number) in sums.items()),
        "at": at,
        "removed": removals(session, SHOWN, year),
        "period_names": PERIODS,
        "duration_of": duration_of,
        **around(edition),
    }
