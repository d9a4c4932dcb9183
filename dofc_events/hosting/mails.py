"""What we say about hosting. One function an event, named like its folder under templates/email/hosting/."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dofc_events.accounts.mails import INVITATION
from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Organisation
from dofc_events.hosting.models import CoHost, Decision, HostingCall, Proposal, Question, Voter
from dofc_events.hosting.queries import ballot_token, co_host_token, token_of
from dofc_events.hosting.rules import ProposalStatus, scope_of
from dofc_events.hosting.stages.rules import Act, Dates, Stage, changed_dates
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.render import link, render_message
from dofc_events.mail.rules import deliverable

DRAFT_REMINDER = "proposal-reminder"
SENDER = "Days of Clusters"
# The language of those who have an account: the site does not know another.
LANGUAGE_OF_ACCOUNTS = "en"


def invitation(account: Account, organisation: Organisation, role: RoleName, *, invited_by: str) -> Envelope:
    """To somebody who now represents a member. To sign in, they ask for a link."""
    return render_message(
        "hosting/invitation",
        kind=INVITATION,
        language=LANGUAGE_OF_ACCOUNTS,
        recipient=deliverable(account.email),
        recipient_name=account.name,
        sender_name=SENDER,
        email=account.email,
        member=organisation.name,
        role=role.value,
        invited_by=invited_by,
        url=link("accounts.sign_in"),
    )


def draft_saved(proposal: Proposal) -> Envelope:
    """The link to a draft, for its proposer."""
    return _to_proposer("draft_saved", "proposal-link", proposal)


def links(email: str, proposals: Sequence[Proposal]) -> Envelope:
    """The lost links to all proposals of an address; an unknown address has none."""
    newest = proposals[0] if proposals else None
    return render_message(
        "hosting/links",
        kind="proposal-link",
        language=newest.language if newest else LANGUAGE_OF_ACCOUNTS,
        recipient=deliverable(newest.contact_email if newest else email),
        recipient_name=newest.contact_name if newest else "",
        sender_name=SENDER,
        scope=scope_of(newest.call.year) if newest else "",
        about=newest.reference if newest else "",
        proposals=[(proposal, _own_page(proposal)) for proposal in proposals],
    )


def draft_reminder(proposal: Proposal) -> Envelope:
    """For a proposer who has not submitted a draft. It is no longer sent once the call has closed."""
    return _to_proposer("draft_reminder", DRAFT_REMINDER, proposal, expires_at=proposal.call.closes_at)


def draft_ends(proposal: Proposal, now: datetime) -> Envelope:
    """For who has not gone on with a draft: it is deleted soon."""
    can_keep = proposal.call.allows(Act.PROPOSE, now)
    return _to_proposer("draft_ends", DRAFT_REMINDER, proposal, ends_at=proposal.ends_at, can_keep=can_keep)


def received_for_chair(proposal: Proposal, chair: Account, *, represents: bool = False) -> Envelope:
    """For the chair; `represents`: the contact address is that of a representative of the member that proposes."""
    return _to_account(
        "received_for_chair",
        "proposal-received",
        chair,
        proposal.call,
        about=proposal.reference,
        proposal=proposal,
        represents=represents,
        page=link("organise.hosting.reviews.proposal", reference=proposal.reference),
    )


def proposed_by_another(proposal: Proposal, representative: Account) -> Envelope:
    """For a representative of the member in whose name somebody else proposes."""
    kind, about = "proposal-received", proposal.reference
    return _to_account("proposed_by_another", kind, representative, proposal.call, about=about, proposal=proposal)


def ballot_counted(call: HostingCall, chair: Account, roll: Sequence[Voter], votes: int) -> Envelope:
    """For the chair, who decides now."""
    page = link("organise.hosting.decisions.decision", year=call.year)
    return _to_account("ballot_counted", "ballot", chair, call, roll=roll, votes=votes, page=page)


def outcome(
    call: HostingCall,
    decision: Decision,
    email: str,
    name: str,
    *,
    co_hosts: Sequence[CoHost] = (),
    hands_over: bool = False,
) -> Envelope:
    """What was decided, for reviewers, voters, who speaks for `co_hosts`, and the last host, who `hands_over`."""
    return _about_call(
        "outcome",
        "proposal-status",
        call,
        email,
        name,
        decision=decision,
        co_hosts=co_hosts,
        host=decision.proposal,
        page=link("hosting.result", year=call.year),
        hand_over_page=link("organise.hosting.hand_over.index", year=call.year) if hands_over else "",
    )


def received(proposal: Proposal) -> Envelope:
    return _to_proposer("received", "proposal-received", proposal)


def address_changed(proposal: Proposal, old_address: str) -> Envelope:
    """For the address that no longer gets anything about a proposal."""
    return _to_proposer("address_changed", "address-changed", proposal, recipient=deliverable(old_address))


def co_host_asked(co_host: CoHost, email: str, name: str) -> Envelope:
    """The link by which an organisation confirms that it hosts with the proposer, for somebody who speaks for it."""
    return _to_co_host("co_host_asked", "proposal-link", co_host, email, name)


def withdrawn_for_co_host(co_host: CoHost, email: str, name: str) -> Envelope:
    """That the proposal has been withdrawn, for somebody who speaks for an organisation that would have hosted too."""
    return _to_co_host("withdrawn_for_co_host", "proposal-status", co_host, email, name)


def co_host_confirmed(co_host: CoHost) -> Envelope:
    return _to_proposer("co_host_confirmed", "proposal-status", co_host.proposal, co_host=co_host)


def membership_settled(proposal: Proposal) -> Envelope:
    """That the proposal counts as a member's, whatever name was typed."""
    return _status("membership_settled", proposal)


def question_asked(proposal: Proposal, question: Question) -> Envelope:
    return _to_proposer("question_asked", "proposal-question", proposal, question=question.text)


def question_answered(proposal: Proposal, answer: Question, reviewer: Account) -> Envelope:
    """For one of the reviewers who asked."""
    return _to_account(
        "question_answered",
        "proposal-question",
        reviewer,
        proposal.call,
        about=proposal.reference,
        proposal=proposal,
        answer=answer.text,
        page=link("organise.hosting.reviews.proposal", reference=proposal.reference),
    )


def under_review(proposal: Proposal, *, again: bool = False) -> Envelope:
    """The review begins; `again`: the proposal was on the shortlist, and no longer is."""
    return _status("under_review", proposal, again=again)


def review_begins(call: HostingCall, proposals: Sequence[Proposal], reviewer: Account) -> Envelope:
    """For a reviewer, that there are these to score. It is no longer sent once no scores are taken."""
    return _to_account(
        "review_begins",
        "proposal-status",
        reviewer,
        call,
        expires_at=call.review_closes_at,
        proposals=proposals,
        page=link("organise.hosting.reviews.compare", year=call.year),
    )


def dates_changed(proposal: Proposal, before: Dates) -> Envelope:
    """For a proposer, that dates of the call have changed from what they were `before`."""
    changed = changed_dates(before, proposal.call.dates)
    is_draft = proposal.status == ProposalStatus.DRAFT
    return _status("dates_changed", proposal, before=before, changed=changed, is_draft=is_draft)


def dates_changed_for_account(call: HostingCall, before: Dates, account: Account) -> Envelope:
    """For a reviewer or a representative, what `dates_changed` tells a proposer."""
    changed = changed_dates(before, call.dates)
    page = f"{link('organise.hosting.index')}#call-{call.year}"
    return _to_account(
        "dates_changed",
        "proposal-status",
        account,
        call,
        before=before,
        changed=changed,
        proposal=None,
        is_draft=False,
        own_page=page,
    )


def may_be_public(proposal: Proposal) -> Envelope:
    """Asks whether everyone may read a proposal that was submitted as one that is not public."""
    return _status("may_be_public", proposal)


def shortlisted(proposal: Proposal) -> Envelope:
    return _status("shortlisted", proposal)


def withdrawn(proposal: Proposal, now: datetime) -> Envelope:
    return _status("withdrawn", proposal, is_open=proposal.call.allows(Act.PROPOSE, now))


def withdrawal(
    proposal: Proposal, was: ProposalStatus, stage: Stage, account: Account, *, decides: bool = False
) -> Envelope:
    """For the chair, who `decides` at this `stage` of the call or not, and reviewers: it `was` something until now."""
    page = "organise.hosting.decisions.decision" if decides else "organise.hosting.calls.call"
    return _to_account(
        "withdrawal",
        "proposal-status",
        account,
        proposal.call,
        about=proposal.reference,
        proposal=proposal,
        was=was,
        stage=stage,
        decides=decides,
        page=link(page, year=proposal.call.year),
    )


def withdrawn_in_ballot(voter: Voter, proposal: Proposal, representative: Account) -> Envelope:
    """For a representative, that a proposal on the ballot was withdrawn, in the same words however the member voted."""
    until = voter.call.ballot_closes_at
    return _to_voter("withdrawn_in_ballot", voter, representative, proposal=proposal, expires_at=until)


def accepted(proposal: Proposal, decision: Decision, year: int) -> Envelope:
    """For the host of the edition of `year`, which is there as a draft."""
    return _status(
        "accepted",
        proposal,
        words=decision.words_to_host,
        edition_page=link("organise.editions.index", year=year),
        hand_over_page=link("organise.hosting.hand_over.index", year=year),
    )


def declined(proposal: Proposal, decision: Decision) -> Envelope:
    """For everybody else; it names the host, if there is one, and the chair's reason."""
    result = link("hosting.result", year=proposal.call.year)
    words = {"words": decision.words_to_others, "reason": decision.reason}
    return _status("declined", proposal, host=decision.proposal, result=result, **words)


def ballot_opened(
    voter: Voter, proposals: Sequence[Proposal], own: Sequence[Proposal], representative: Account
) -> Envelope:
    """The personal link to a member's ballot, with what can be ranked and what is its `own`.

    It is no longer sent once the ballot has closed.
    """
    until = voter.call.ballot_closes_at
    return _to_voter("ballot_opened", voter, representative, proposals=proposals, own=own, expires_at=until)


def representative_changed(
    voter: Voter, representative: Account, changed: Account, *, by: str, added: bool, is_chair: bool
) -> Envelope:
    """To a member's representatives: who votes for it has changed while the ballot is open, and who changed it."""
    who = {"name": changed.name, "by": by, "added": added, "is_chair": is_chair}
    return _to_voter("representative_changed", voter, representative, **who)


def member_struck(voter: Voter, representative: Account) -> Envelope:
    """For those who vote for a member, that it was made inactive while members vote, or is active again."""
    return _to_voter("member_struck", voter, representative, is_struck=voter.struck_at is not None)


def ballot_reminder(voter: Voter, representative: Account) -> Envelope:
    """For those who vote for a member that has not voted. It is no longer sent once the ballot has closed."""
    return _to_voter("ballot_reminder", voter, representative, expires_at=voter.call.ballot_closes_at)


def ballot_cast(voter: Voter, cast_by: Account, representative: Account, *, changed: bool) -> Envelope:
    """That a member has voted, or changed its ballot, for each of its representatives; never how."""
    by = None if cast_by.id == representative.id else cast_by.name
    return _to_voter("ballot_cast", voter, representative, by=by, changed=changed)


def _status(template: str, proposal: Proposal, **context: Any) -> Envelope:
    return _to_proposer(template, "proposal-status", proposal, **context)


def _to_proposer(
    template: str,
    kind: str,
    proposal: Proposal,
    recipient: str = "",
    *,
    expires_at: datetime | None = None,
    **context: Any,
) -> Envelope:
    return render_message(
        f"hosting/{template}",
        kind=kind,
        language=proposal.language,
        recipient=recipient or deliverable(proposal.contact_email),
        recipient_name=proposal.contact_name,
        sender_name=SENDER,
        scope=scope_of(proposal.call.year),
        about=proposal.reference,
        expires_at=expires_at,
        proposal=proposal,
        call=proposal.call,
        own_page=_own_page(proposal),
        **context,
    )


def _to_co_host(template: str, kind: str, co_host: CoHost, email: str, name: str) -> Envelope:
    proposal = co_host.proposal
    return render_message(
        f"hosting/{template}",
        kind=kind,
        language=proposal.language,
        recipient=deliverable(email),
        recipient_name=name,
        sender_name=SENDER,
        scope=scope_of(proposal.call.year),
        about=proposal.reference,
        co_host=co_host,
        proposal=proposal,
        call=proposal.call,
        url=link("hosting.co_hosts.confirm", token=co_host_token(co_host)),
    )


def _to_voter(template: str, voter: Voter, account: Account, **context: Any) -> Envelope:
    return _to_account(
        template,
        "ballot",
        account,
        voter.call,
        about=voter.reference,
        member=voter.organisation.name,
        vote_page=link("hosting.ballots.vote", token=ballot_token(voter, account.id)),
        result_page=link("hosting.result", year=voter.call.year),
        **context,
    )


def _to_account(
    template: str,
    kind: str,
    account: Account,
    call: HostingCall,
    *,
    about: str = "",
    expires_at: datetime | None = None,
    **context: Any,
) -> Envelope:
    """An email about a call to somebody with an account."""
    return _about_call(template, kind, call, account.email, account.name, about=about, expires_at=expires_at, **context)


def _about_call(template: str, kind: str, call: HostingCall, email: str, name: str, /, **context: Any) -> Envelope:
    return render_message(
        f"hosting/{template}",
        kind=kind,
        language=LANGUAGE_OF_ACCOUNTS,
        recipient=deliverable(email),
        recipient_name=name,
        sender_name=SENDER,
        scope=scope_of(call.year),
        call=call,
        **context,
    )


def _own_page(proposal: Proposal) -> str:
    return link("hosting.proposals.own", token=token_of(proposal))
