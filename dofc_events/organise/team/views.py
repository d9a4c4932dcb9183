"""An edition's team: who can see and do what, and until when."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dofc_events.accounts import queries, team
from dofc_events.accounts.factors.guards import fresh_factor_for_forms
from dofc_events.accounts.guards import acting, edition_staff, is_chair
from dofc_events.accounts.models import Role
from dofc_events.accounts.rules import EDITION_ROLES, Access, RoleName, access_to_edition, includes_chair
from dofc_events.accounts.service import NoSuchRole
from dofc_events.conference.models import Edition
from dofc_events.core.clock import end_of_day, in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.organise.team.forms import ROLE_NAMES, ChangeRoleForm, InvitationForm, RoleEndForm
from dofc_events.organise.trail.network.texts import ROLES
from dofc_events.web.asking import be_sure
from dofc_events.web.errors import gone
from dofc_events.web.forms import answer_errors, answer_too_many, form_page

blueprint = Blueprint("team", __name__)

TEAM = f"{EDITION}/team"
ROLE = f"{TEAM}/<id:role_id>"


@blueprint.route(TEAM, methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER, archived_too=True)
@fresh_factor_for_forms
def index(edition: Edition) -> ResponseReturnValue:
    """The people with a role at an edition, and a form that gives somebody one."""
    form, page = _with_today(InvitationForm(), edition), "organise/team/index.html"
    if not form.validate_on_submit():
        return form_page(form, page, **_context(edition))
    email, name, role = form.email.data, form.name.data, RoleName(form.role.data)
    try:
        with unit_of_work() as session:
            account = team.invite(session, edition.id, email, name, role, _ends_at(form, edition), acting(), now())
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, page, **_context(edition))
    except team.InTeamAlready:
        form.email.errors = [_("This address already has this role. Change its last day in the list.")]
        return answer_errors(form, page, **_context(edition))
    done, told = (
        _("%(name)s has been added to the team.", name=account.name),
        _("We will write to %(email)s.", email=email),
    )
    flash(f"{done} {emailed(told)}", "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(ROLE, methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER, archived_too=True)
@fresh_factor_for_forms
def role(edition: Edition, role_id: int) -> ResponseReturnValue:
    """Change a role's last day; a button ends it immediately."""
    role = _role(edition, role_id)
    last_day = in_zone(role.ends_at, edition.zone) - timedelta(microseconds=1) if role.ends_at else None
    form = _with_today(ChangeRoleForm(data={"last_day": last_day}), edition)
    context = _of_one(edition, role)
    if not form.validate_on_submit():
        return form_page(form, "organise/team/role.html", **context)
    with unit_of_work() as session:
        ends_at, seen = _ends_at(form, edition), (role.ends_at,)
        changed = team.change_end(session, edition.id, role.id, ends_at, acting(), now(), seen=seen)
    flash(
        _("The last day has been changed.") if changed else _("Nothing has been changed."),
        "success" if changed else "info",
    )
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.post(f"{ROLE}/end")
@edition_staff(RoleName.ORGANISER, archived_too=True)
@fresh_factor_for_forms
def end_role(edition: Edition, role_id: int) -> ResponseReturnValue:
    """End a role immediately."""
    role, form = _role(edition, role_id), _with_today(RoleEndForm(), edition)
    if not form.validate_on_submit():
        return answer_errors(form, "organise/team/role.html", **_of_one(edition, role))
    here = url_for(".role", year=edition.year, role_id=role_id)
    names = {"name": role.account.name, "role": ROLE_NAMES[RoleName(role.role)]}
    asked, meaning = _("End the role of %(name)s (%(role)s)?", **names), _without(edition, role)
    try:
        with unit_of_work() as session:
            team.end_role(session, edition.id, role.id, acting(), now(), even_the_last=is_chair())
            be_sure(asked, meaning, _("End the role now"), back=here, around=partial(around, edition))
    except team.LastOrganiser:
        flash(
            _("Nothing has been changed: nobody else organises this edition. Add somebody first, or ask the chair."),
            "warning",
        )
    else:
        flash(_("The role of %(name)s has ended: %(role)s.", **names), "success")
        if role.account_id == current_user.id and not is_chair():
            # Someone who has ended their own role may no longer see the team's page.
            return redirect(url_for("organise.overview.index"), 303)
    return redirect(url_for(".index", year=edition.year), 303)


def _context(edition: Edition) -> dict[str, Any]:
    at, roles = now(), queries.roles_at(db.session(), edition.id)
    return {
        "roles": [role for role in roles if not role.has_ended(at)],
        "ended": [role for role in roles if role.has_ended(at)],
        "chairs": [account for account in queries.chairs(db.session()) if includes_chair(account.grants(at))],
        "role_names": ROLE_NAMES,
        **around(edition),
    }


def _of_one(edition: Edition, role: Role) -> dict[str, Any]:
    return {"role": role, "role_names": ROLE_NAMES, "without": _without(edition, role), **around(edition)}


def _without(edition: Edition, role: Role) -> Any:
    """What the holder of a role will see of the edition when it has ended."""
    person, others = role.account.name, [grant for grant in role.account.grants(now()) if grant != role.grant]
    for other in (RoleName.CHAIR, *EDITION_ROLES):
        if access_to_edition(others, edition.id, [other]) is Access.GRANTED:
            return _("%(name)s will keep another role and see all its pages: %(role)s.", name=person, role=ROLES[other])
    return _(
        "%(name)s will no longer see any page of this edition, unless you add them to the team again.", name=person
    )


def _role(edition: Edition, role_id: int) -> Role:
    role = queries.role_at(db.session(), edition.id, role_id)
    if role is None:
        abort(404)
    if role.has_ended(now()):
        raise NoSuchRole
    return role


@blueprint.errorhandler(NoSuchRole)
def _ended(refusal: NoSuchRole) -> ResponseReturnValue:
    assert request.view_args is not None
    heading, text = _("This role has ended"), _("A colleague may have ended it, or its last day is over.")
    return gone(heading, text, url_for(".index", year=request.view_args["year"]), _("Go to the team"))


def _with_today(form: Any, edition: Edition) -> Any:
    form.today = in_zone(now(), edition.zone).date()
    form.edition_ends_on = edition.ends_on or edition.starts_on or date(edition.year, 12, 31)
    return form


def _ends_at(form: RoleEndForm, edition: Edition) -> datetime | None:
    return end_of_day(form.last_day.data, edition.zone) if form.last_day.data else None
