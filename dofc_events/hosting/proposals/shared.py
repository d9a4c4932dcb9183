"""What the pages of proposers have in common, and with those of reviewers."""

from typing import Any

from flask.typing import ResponseReturnValue

from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.extensions import settings
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals import service
from dofc_events.hosting.proposals.forms import AnswerForm, ProposalFileForm, labels
from dofc_events.hosting.queries import came_by_mail, proposal_by_link, questions_of
from dofc_events.hosting.rules import MAX_ATTACHMENTS, PENDING, ProposalStatus, may_become
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.queries import latest_message
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import Form, answer_errors

OWN = "/hosting/proposals/<token>"


def mine(token: str) -> Proposal:
    """The proposal of a link, for its proposer. Raises LinkNotValid."""
    proposal = proposal_by_link(db.session(), token)
    if proposal is None:
        raise LinkNotValid
    return proposal


def refuse_unless_open(proposal: Proposal) -> None:
    """Refuse what the service would refuse, before somebody types."""
    if proposal.status not in (ProposalStatus.DRAFT, ProposalStatus.SUBMITTED):
        raise service.ProposalFixed(proposal.status)
    if not proposal.call.allows(Act.PROPOSE, now()):
        raise service.CallNotOpen(proposal.call)


def own_context(proposal: Proposal, token: str, **forms: Form) -> dict[str, Any]:
    """What the pages about one proposal show; of the `forms` one may be given that was not accepted."""
    questions = questions_of(db.session(), proposal.id)
    names = labels()
    return {
        "proposal": proposal,
        "call": proposal.call,
        "token": token,
        "at": now(),
        "is_open": proposal.status in (ProposalStatus.DRAFT, ProposalStatus.SUBMITTED)
        and proposal.call.allows(Act.PROPOSE, now()),
        "unsettled": proposal.status == ProposalStatus.SUBMITTED and bool(unsettled(db.session(), [proposal])),
        "can_withdraw": may_become(proposal.status, ProposalStatus.WITHDRAWN),
        "missing": [(name, names[name]) for name in service.missing_of(proposal)],
        "questions": questions,
        "can_answer": bool(questions) and proposal.status in PENDING,
        "message": latest_message(db.session(), proposal.reference, proposal.email_key),
        "by_mail": came_by_mail(token),
        "most_megabytes": settings().uploads_mb_per_proposal,
        "can_attach": len(proposal.attachments) < MAX_ATTACHMENTS,
        "attach": ProposalFileForm(formdata=None),
        "answer": AnswerForm(formdata=None),
        **forms,
    }


def own_errors(form: Form, proposal: Proposal, token: str, **place: Form) -> ResponseReturnValue:
    """The own page again, with what is wrong about a form that was sent from it."""
    return answer_errors(form, "hosting/proposals/own.html", **own_context(proposal, token, **place))
