"""The chair decides: prepares the announcement, reads it, and makes it to all proposers at once."""

from collections.abc import Iterable, Sequence

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from dofc_events.accounts.factors.guards import fresh_factor_for_forms
from dofc_events.accounts.guards import acting, chair_only
from dofc_events.accounts.queries import roles_at
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.service import EditionExists
from dofc_events.core.clock import now, zones
from dofc_events.core.countries import country_name, zones_of
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.core.references import hash_secret
from dofc_events.hosting import mails
from dofc_events.hosting.ballots.queries import ballots_of, counted, roll, shortlist, withdrawn_since
from dofc_events.hosting.ballots.rules import NONE_OF_THESE
from dofc_events.hosting.decisions import service as decisions
from dofc_events.hosting.models import Decision, Proposal
from dofc_events.hosting.queries import edition_in_the_way, pending_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Act, WrongStage
from dofc_events.mail.envelope import Envelope
from dofc_events.organise.hosting.decisions.forms import AnnounceForm, DecisionForm
from dofc_events.organise.hosting.shared import CALL, around, call_of, withdrawn_names
from dofc_events.organise.shared import emailed
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("decisions", __name__)


@blueprint.route(f"{CALL}/decision", methods=["GET", "POST"])
@chair_only
def decision(year: int) -> ResponseReturnValue:
    """Prepare the decision; nobody is told."""
    call, page = call_of(year), "organise/hosting/decisions/decision.html"
    proposals, count = shortlist(db.session(), call.id), counted(call)
    if count and count.order:
        proposals.sort(key=lambda proposal: count.order.index(proposal.reference))
    choices = _zones(proposals)
    form = DecisionForm.of(call.decision, [p.reference for p in proposals], choices)
    form.gone = withdrawn_names(call)
    context = {"call": call, "proposals": proposals, "count": count, "zones": choices, "at": now(), **around()}
    context |= {"roll": roll(db.session(), call.id), "votes": len(ballots_of(call))}
    context |= {"withdrawn": withdrawn_since(db.session(), call)}
    if not call.allows(Act.DECIDE, now()):
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    accepted = None if form.accepted.data == NONE_OF_THESE else form.accepted.data
    words = {name: form[name].data for name in ("words_to_host", "words_to_others", "reason")}
    try:
        with unit_of_work() as session:
            decisions.prepare_decision(
                session,
                call.id,
                reference=accepted,
                zone=form.zone.data or "",
                **words,
                actor=acting(),
                now=now(),
                seen=decisions.prepared(call.decision),
            )
    except WrongStage:
        return make_response(render_template(page, form=form, **context | {"call": call_of(year)}), 403)
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    return redirect(url_for(".announce", year=year), 303)


@blueprint.route(f"{CALL}/announce", methods=["GET", "POST"])
@chair_only
@fresh_factor_for_forms
def announce(year: int) -> ResponseReturnValue:
    """Read every message before it is sent; then the button that announces."""
    call, form = call_of(year), AnnounceForm()
    if call.decision is None:
        abort(404)
    if not call.allows(Act.ANNOUNCE, now()):
        flash(_("There is nothing to announce now."), "warning")
        return redirect(url_for("organise.hosting.calls.call", year=year), 303)
    messages = _messages(call.decision)
    accepted = call.decision.proposal
    draft = edition_by_year(db.session(), year) if accepted else None
    context = {
        "call": call,
        "messages": messages,
        "withdrawn": accepted is not None and accepted.status == ProposalStatus.WITHDRAWN,
        "taken": edition_in_the_way(db.session(), year) if accepted else None,
        "draft": draft,
        "staying": _organisers_of(draft) if draft else [],
        **around(),
    }
    page, seen = "organise/hosting/decisions/announce.html", decisions.prepared(call.decision)
    digest = hash_secret(repr([seen, *((mail.recipient, mail.subject, mail.text) for _to, mail in messages)]))
    sent, form.digest.data = form.digest.data, digest
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    if sent != digest and not context["withdrawn"]:
        form.form_errors = [
            _("Nothing has been announced: this has been changed since you opened the page. Read the emails again.")
        ]
        return answer_errors(form, page, **context)
    try:
        with unit_of_work() as session:
            edition = decisions.announce_decision(session, call.id, acting(), now(), seen=seen)
    except WrongStage:
        flash(_("There is nothing to announce now."), "warning")
    except decisions.NotShortlisted:
        flash(_("The proposal has since been withdrawn. Nobody has been told anything. Decide again."), "warning")
        return redirect(url_for(".decision", year=year), 303)
    except EditionExists:
        return redirect(url_for(".announce", year=year), 303)
    else:
        _say_what_was_announced(len(messages), edition)
    return redirect(url_for("organise.hosting.calls.call", year=year), 303)


def _say_what_was_announced(told: int, edition: Edition | None) -> None:
    flash(_("The decision has been announced."), "success")
    words = ngettext("The proposer will be told by email.", "%(num)d proposers will be told by email.", told)
    flash(emailed(words), "success")
    if edition:
        words = _("%(edition)s is now a draft that its host can edit.", edition=edition.name)
        flash(words, "success")


def _organisers_of(draft: Edition) -> list[str]:
    roles, at = roles_at(db.session(), draft.id), now()
    return [role.account.name for role in roles if role.role == RoleName.ORGANISER and not role.has_ended(at)]


def _zones(proposals: Iterable[Proposal]) -> dict[str, Sequence[str]]:
    """The zones to choose from, by country name; none if each of these countries has only one."""
    language = str(get_locale())
    found = {country_name(p.country, language): zones_of(p.country) or zones() for p in proposals}
    return {name: own for name, own in found.items() if len(own) != 1}


def _messages(decision: Decision) -> list[tuple[Proposal, Envelope]]:
    """The emails that announcing sends, as they would be sent now; the host's comes first."""
    year = decision.call.year
    proposals = sorted(pending_of(db.session(), decision.call_id), key=lambda p: p.id != decision.proposal_id)
    return [
        (p, mails.accepted(p, decision, year) if p.id == decision.proposal_id else mails.declined(p, decision))
        for p in proposals
    ]
