"""The chair's pages about the members of the network and their representatives and reviewers."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.factors.guards import fresh_factor_for_forms
from dofc_events.accounts.guards import acting, chair_only
from dofc_events.accounts.queries import account_by_id
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Member
from dofc_events.conference.queries import member_by_slug
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, ask_first
from dofc_events.hosting.members import service
from dofc_events.hosting.membership.queries import like_named
from dofc_events.hosting.queries import members_with_representatives
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.organise.hosting.members.forms import ChangeMemberForm, NewMemberForm, RemoveForm, RepresentativeForm
from dofc_events.organise.hosting.shared import DESK, around
from dofc_events.organise.shared import emailed
from dofc_events.web.asking import be_sure
from dofc_events.web.errors import gone
from dofc_events.web.forms import answer_errors, answer_too_many, form_page

blueprint = Blueprint("members", __name__)

MEMBERS = f"{DESK}/members"


@blueprint.get(MEMBERS)
@chair_only
def index() -> ResponseReturnValue:
    """The members of the network, with their representatives and reviewers."""
    rows = members_with_representatives(db.session(), now())
    return render_template("organise/hosting/members/index.html", rows=rows, **around())


@blueprint.route(f"{MEMBERS}/new", methods=["GET", "POST"])
@chair_only
def new() -> ResponseReturnValue:
    """Make an organisation a member."""
    form, page = NewMemberForm(data={"is_active": True}), "organise/hosting/members/settings.html"
    if not form.validate_on_submit():
        return form_page(form, page, member=None, **around())
    taken = [member.organisation.slug for member, _people in members_with_representatives(db.session(), now())]
    slug = form.slug_among(taken)
    try:
        ask_first(form.accepted.data or "", like_named(db.session(), form.name.data))
        with unit_of_work() as session:
            service.add_member(session, slug, form.to_details(), acting(), now())
    except service.MemberExists:
        form.slug.errors = [_("Another member already has this short name. Choose another one.")]
        return answer_errors(form, page, member=None, **around())
    except service.NameTaken:
        form.refuse_name()
        return answer_errors(form, page, member=None, **around())
    except NotAgreed as asked:
        return answer_errors(form, page, member=None, asked=asked, **around())
    flash(_("Member added. Add its representatives next."), "success")
    return redirect(url_for(".member", slug=slug), 303)


@blueprint.route(f"{MEMBERS}/<slug>/", methods=["GET", "POST"])
@chair_only
@fresh_factor_for_forms
def member(slug: str) -> ResponseReturnValue:
    """One member, with its representatives and reviewers, and buttons that remove them."""
    member, form = _member(slug), RemoveForm()
    if not form.validate_on_submit():
        rows = members_with_representatives(db.session(), now())
        people = next(people for row, people in rows if row.organisation_id == member.organisation_id)
        return form_page(form, "organise/hosting/members/member.html", member=member, people=people, **around())
    chosen = form.account_and_role() or abort(404)
    with unit_of_work() as session:
        ended = service.remove_representative(session, member.organisation_id, *chosen, acting(), now())
        if ended:
            _be_sure(member, *chosen)
    if not ended:
        heading, text = _("This role has ended"), _("Somebody else may have ended it.")
        abort(gone(heading, text, url_for(".member", slug=slug), _("Go to the member")))
    flash(_("Role ended. Votes and reviews are kept."), "success")
    return redirect(url_for(".member", slug=slug), 303)


@blueprint.route(f"{MEMBERS}/<slug>/settings", methods=["GET", "POST"])
@chair_only
def settings(slug: str) -> ResponseReturnValue:
    """Change what the network knows of a member; one that is not active cannot vote or propose."""
    member = _member(slug)
    form, page = ChangeMemberForm.of(member), "organise/hosting/members/settings.html"
    if not form.validate_on_submit():
        return form_page(form, page, member=member, **around())
    details, seen = form.to_details(), service.details_of(member)
    try:
        if details.name != seen.name:
            ask_first(form.accepted.data or "", like_named(db.session(), details.name, member.organisation_id))
        with unit_of_work() as session:
            service.change_member(session, member.organisation_id, details, acting(), now(), seen=seen)
    except service.NameTaken:
        form.refuse_name()
        return answer_errors(form, page, member=member, **around())
    except NotAgreed as asked:
        return answer_errors(form, page, member=member, asked=asked, **around())
    flash(_("Member saved."), "success")
    return redirect(url_for(".member", slug=slug), 303)


@blueprint.route(f"{MEMBERS}/<slug>/representatives/new", methods=["GET", "POST"])
@chair_only
@fresh_factor_for_forms
def add_representative(slug: str) -> ResponseReturnValue:
    """Make somebody a representative or reviewer of a member."""
    member, form, page = _member(slug), RepresentativeForm(), "organise/hosting/members/representative.html"
    if not form.validate_on_submit():
        return form_page(form, page, member=member, **around())
    email, role = form.email.data, RoleName(form.role.data)
    try:
        with unit_of_work() as session:
            account = service.add_representative(
                session, member.organisation_id, email, form.name.data, role, acting(), now()
            )
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, page, member=member, **around())
    names = {"name": account.name, "member": member.organisation.name}
    done = (
        _("%(name)s can now vote for %(member)s.", **names)
        if role == RoleName.MEMBER
        else _("%(name)s is now a reviewer for %(member)s.", **names)
    )
    flash(f"{done} {emailed(_('They will be told by email how to sign in.'))}", "success")
    return redirect(url_for(".member", slug=slug), 303)


def _be_sure(member: Member, account_id: int, role: RoleName) -> None:
    account = account_by_id(db.session(), account_id) or abort(404)
    names = {"name": account.name, "member": member.organisation.name}
    be_sure(
        _("End the role of %(name)s, who votes for %(member)s?", **names)
        if role is RoleName.MEMBER
        else _("End the role of %(name)s, who reviews for %(member)s?", **names),
        _("Votes and reviews are kept. If you add them again, they will be told by email."),
        _("End the role"),
        back=url_for(".member", slug=member.organisation.slug),
        around=around,
    )


def _member(slug: str) -> Member:
    return member_by_slug(db.session(), slug) or abort(404)
