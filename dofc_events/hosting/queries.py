"""Reads about calls for hosts, proposals and their questions, and who has a part in them."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, lazyload, selectinload

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition, EditionOrganiser, Member
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.order import sort_key
from dofc_events.core.references import read_token, sign
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.extensions import settings
from dofc_events.hosting.models import (
    Attachment,
    CoHost,
    Conflict,
    Decision,
    HandOverFile,
    HostingCall,
    Proposal,
    Question,
    Voter,
)
from dofc_events.hosting.rules import (
    PENDING,
    RECEIVED,
    Interest,
    ProposalStatus,
)
from dofc_events.hosting.stages.rules import Act, Stage

_WHOLE_CALL = (selectinload(HostingCall.criteria), selectinload(HostingCall.decision))


def call_by_year(session: Session, year: int) -> HostingCall | None:
    """The call for hosts of a year's edition, with its criteria and its decision."""
    return session.scalar(select(HostingCall).where(HostingCall.year == year).options(*_WHOLE_CALL))


def edition_in_the_way(session: Session, year: int) -> Edition | None:
    """The edition of a year that an accepted proposal can no longer become: one that has been published, or archived.

    A draft is filled in with the proposal.
    """
    edition = edition_by_year(session, year)
    return edition if edition and edition.status != EditionStatus.DRAFT else None


def came_of_a_call(session: Session, edition: Edition) -> bool:
    """Whether a call for hosts was decided for an edition."""
    return bool(session.scalar(select(exists().where(Decision.edition_id == edition.id))))


def all_calls(session: Session) -> list[HostingCall]:
    """Every call, the latest year first."""
    return list(session.scalars(select(HostingCall).options(*_WHOLE_CALL).order_by(HostingCall.year.desc())))


def current_call(session: Session, now: datetime) -> HostingCall | None:
    """The call that people propose for or wait for: one that is open, else the last to have opened, else the next.

    None if every decision was announced.
    """
    calls = [call for call in all_calls(session) if call.stage(now) != Stage.ANNOUNCED]
    opened = [call for call in calls if call.opens_at <= now]
    by_opening = sorted(opened, key=lambda call: (call.allows(Act.PROPOSE, now), call.opens_at))
    return by_opening[-1] if by_opening else min(calls, key=lambda call: call.opens_at, default=None)


def call_asked_for(session: Session, year: str, now: datetime) -> HostingCall | None:
    """The call of the year that a form or an address names, else the current one."""
    if year:
        return call_by_year(session, int(year)) if year.isascii() and year.isdigit() and len(year) == 4 else None
    return current_call(session, now)


def next_host(session: Session, now: datetime) -> Proposal | None:
    """The proposal that was announced as accepted, while its edition, the nearest of those to come, has no page yet."""
    drafts = (
        select(Proposal, Edition)
        .join(Decision, Decision.proposal_id == Proposal.id)
        .join(Decision.edition)
        .where(Decision.announced_at.is_not(None), Edition.status == EditionStatus.DRAFT)
        .options(lazyload(Proposal.asked_co_hosts))
        .order_by(Edition.year)
    )
    return next((proposal for proposal, edition in session.execute(drafts) if not edition.is_past(now)), None)


def locked_call(session: Session, call_id: int, *, shared: bool = False) -> HostingCall:
    """The call's row, held until the unit of work ends; `shared` with all who only need it to stay what it is."""
    return session.scalars(
        select(HostingCall)
        .where(HostingCall.id == call_id)
        .options(*_WHOLE_CALL)
        .with_for_update(read=shared, of=HostingCall)
        .execution_options(populate_existing=True)
    ).one()


def locked_proposal(session: Session, proposal_id: int) -> Proposal:
    """The proposal's row, held until the unit of work ends, and its call's before it: its stage and criteria stay."""
    locked_call(session, session.scalars(select(Proposal.call_id).where(Proposal.id == proposal_id)).one(), shared=True)
    return session.scalars(
        select(Proposal)
        .where(Proposal.id == proposal_id)
        .with_for_update(of=Proposal)
        .execution_options(populate_existing=True)
    ).one()


def locked_proposals(session: Session, call_id: int) -> list[Proposal]:
    """All proposals of a call, held until the unit of work ends, in the one order in which everyone locks them."""
    return list(
        session.scalars(
            select(Proposal)
            .where(Proposal.call_id == call_id)
            .order_by(Proposal.id)
            .with_for_update(of=Proposal)
            .execution_options(populate_existing=True)
        )
    )


def proposal_by_link(session: Session, token: str) -> Proposal | None:
    """The proposal that a proposer's link leads to, if that is the link that is valid now."""
    read = read_proposal_link(token)
    proposal = proposal_by_reference(session, read[0]) if read else None
    return proposal if proposal and read and proposal.link_version == read[1] else None


def leads_to_erased(session: Session, token: str) -> bool:
    """Whether a proposer's link led to a proposal whose proposer has been erased since."""
    read = read_proposal_link(token)
    proposal = proposal_by_reference(session, read[0]) if read else None
    return proposal is not None and proposal.email_key.startswith(GONE_KEY)


def proposal_by_reference(session: Session, reference: str) -> Proposal | None:
    """One proposal, in whatever status, with its attachments."""
    query = select(Proposal).where(Proposal.reference == reference)
    return session.scalar(query.options(selectinload(Proposal.attachments)))


def proposals_of(session: Session, call_id: int, statuses: Collection[ProposalStatus] = RECEIVED) -> list[Proposal]:
    """A call's proposals with one of these statuses, and their attachments, in the order in which they were begun."""
    return list(
        session.scalars(
            select(Proposal)
            .where(Proposal.call_id == call_id, Proposal.status.in_(statuses))
            .options(selectinload(Proposal.attachments))
            .order_by(Proposal.id)
        )
    )


def proposals_of_address(session: Session, email_key: str) -> list[Proposal]:
    """The proposals of an address that are not withdrawn, the latest first; without co-hosts, which takes a query."""
    query = select(Proposal).where(Proposal.email_key == email_key, Proposal.status != ProposalStatus.WITHDRAWN)
    return list(session.scalars(query.options(lazyload(Proposal.asked_co_hosts)).order_by(Proposal.id.desc())))


def attachment_of(session: Session, proposal_id: int, attachment_id: int) -> Attachment | None:
    """One attachment of this proposal, and of no other."""
    query = select(Attachment).where(Attachment.id == attachment_id, Attachment.proposal_id == proposal_id)
    return session.scalar(query)


def attached_hashes(session: Session) -> set[str]:
    """The hashes of all files that are attached to proposals, or go with what is handed over."""
    return {*session.scalars(select(Attachment.content_hash)), *session.scalars(select(HandOverFile.content_hash))}


def questions_of(session: Session, proposal_id: int) -> list[Question]:
    """What reviewers asked and the proposer answered, oldest first, with who asked."""
    query = select(Question).where(Question.proposal_id == proposal_id).options(selectinload(Question.account))
    return list(session.scalars(query.order_by(Question.id)))


def years_hosted(session: Session, organisation_ids: Iterable[int], now: datetime) -> dict[int, list[int]]:
    """Of each organisation, the years of the editions that it organised and that have taken place."""
    hosted: dict[int, list[int]] = {organisation_id: [] for organisation_id in organisation_ids}
    query = select(EditionOrganiser.organisation_id, Edition).join(Edition)
    query = query.where(EditionOrganiser.organisation_id.in_(hosted), Edition.status != EditionStatus.DRAFT)
    for organisation_id, edition in session.execute(query.order_by(Edition.year)):
        if edition.is_past(now):
            hosted[organisation_id].append(edition.year)
    return hosted


def holds_now(now: datetime) -> ColumnElement[bool]:
    """Whether a role still allows something at `now`."""
    return or_(Role.ends_at.is_(None), Role.ends_at > now)


def organisations_of(session: Session, account_id: int, now: datetime, *roles: RoleName) -> set[int]:
    """The ids of the organisations for which an account has one of these roles."""
    query = select(Role.organisation_id).where(Role.account_id == account_id, Role.role.in_(roles), holds_now(now))
    return {organisation_id for organisation_id in session.scalars(query) if organisation_id is not None}


def is_reviewer(session: Session, account_id: int, now: datetime) -> bool:
    """Whether an account is on the board, for any organisation."""
    return bool(organisations_of(session, account_id, now, RoleName.BOARD))


def reviewers(session: Session, now: datetime) -> list[Account]:
    """The accounts on the board, for any organisation."""
    role = select(Role.account_id).where(Role.role == RoleName.BOARD, holds_now(now))
    return list(session.scalars(select(Account).where(Account.id.in_(role)).order_by(Account.id)))


def representatives_of(session: Session, organisation_id: int, now: datetime) -> list[Account]:
    """The accounts that can vote for a member."""
    role = select(Role.account_id).where(
        Role.organisation_id == organisation_id, Role.role == RoleName.MEMBER, holds_now(now)
    )
    return list(session.scalars(select(Account).where(Account.id.in_(role)).order_by(Account.id)))


def contact_represents(session: Session, proposal: Proposal, now: datetime) -> bool:
    """Whether a member's proposal has the address of one of the member's representatives as its contact."""
    assert proposal.proposed_by_id is not None
    people = representatives_of(session, proposal.proposed_by_id, now)
    return proposal.email_key in [account.email_key for account in people]


def acting_chairs(session: Session, now: datetime) -> list[Account]:
    """The accounts that chair the network."""
    role = select(Role.account_id).where(Role.role == RoleName.CHAIR, holds_now(now))
    return list(session.scalars(select(Account).where(Account.id.in_(role)).order_by(Account.id)))


def representatives_of_members(session: Session, now: datetime) -> list[Account]:
    """The accounts that vote for an active member."""
    role = select(Role.account_id).join(Member, Member.organisation_id == Role.organisation_id)
    role = role.where(Role.role == RoleName.MEMBER, Member.is_active, holds_now(now))
    return list(session.scalars(select(Account).where(Account.id.in_(role)).order_by(Account.id)))


def concerned_by(
    session: Session, call_id: int, changed: Collection[str], now: datetime
) -> tuple[list[Proposal], list[Account]]:
    """Those concerned by new dates of a call: proposers, then reviewers and representatives; `changed` are their names.

    A draft's proposer has only the close to think of.
    """
    drafts = (ProposalStatus.DRAFT,) if "closes_at" in changed else ()
    accounts = reviewers(session, now) if {"review_opens_at", "review_closes_at"} & {*changed} else []
    if {"ballot_opens_at", "ballot_closes_at"} & {*changed}:
        accounts += representatives_of_members(session, now)
    return proposals_of(session, call_id, (*drafts, *PENDING)), list(dict.fromkeys(accounts))


def members_with_representatives(
    session: Session, now: datetime
) -> list[tuple[Member, list[tuple[Account, RoleName]]]]:
    """Every member by name, active or not, each with the accounts that speak for it, and as what."""
    members = sorted(session.scalars(select(Member)), key=lambda member: sort_key(member.organisation.name))
    speaking: dict[int | None, list[tuple[Account, RoleName]]] = {}
    query = select(Account, Role).join(Role, Role.account_id == Account.id).where(holds_now(now))
    pairs = session.execute(query.where(Role.organisation_id.is_not(None)).order_by(Role.id)).all()
    for account, role in sorted(pairs, key=lambda pair: sort_key(pair[0].name)):
        speaking.setdefault(role.organisation_id, []).append((account, RoleName(role.role)))
    return [(member, speaking.get(member.organisation_id, [])) for member in members]


def pending_of(session: Session, call_id: int) -> list[Proposal]:
    """A call's proposals that nobody has decided about."""
    return proposals_of(session, call_id, PENDING)


def interests(
    session: Session, proposals: Iterable[Proposal], accounts: Iterable[Account], now: datetime
) -> dict[tuple[int, int], Interest]:
    """Which accounts do not judge which proposals, and why, by the ids of both; one query."""
    given, asked = list(proposals), list(accounts)
    ids = [proposal.id for proposal in given]
    found: dict[tuple[int, int], Interest] = {
        (conflict.account_id, conflict.proposal_id): Interest.DECLARED
        for conflict in session.scalars(select(Conflict).where(Conflict.proposal_id.in_(ids)))
    }
    for account in asked:
        speaks_for = [grant.organisation_id for grant in account.grants(now) if grant.organisation_id is not None]
        for proposal in given:
            if proposal.email_key == account.email_key:
                found[account.id, proposal.id] = Interest.ADDRESS
            if any(proposal.is_of(organisation_id) for organisation_id in speaks_for):
                found[account.id, proposal.id] = Interest.MEMBER
    return found


def own_among(session: Session, proposals: Iterable[Proposal], account_id: int, now: datetime) -> dict[int, Interest]:
    """The ids of those proposals that an account does not judge, and why."""
    found = interests(session, proposals, [session.get_one(Account, account_id)], now)
    return {proposal_id: interest for (whose, proposal_id), interest in found.items() if whose == account_id}


def who_reviews(
    session: Session, call: HostingCall, proposals: Collection[Proposal], now: datetime
) -> list[tuple[Account, list[Proposal]]]:
    """Who can score any of these proposals of a call, each with those that they can; nobody once reviews have ended."""
    board = reviewers(session, now) if now < call.review_closes_at else []
    found = interests(session, proposals, board, now)
    theirs = [(account, [p for p in proposals if (account.id, p.id) not in found]) for account in board]
    return [(account, some) for account, some in theirs if some]


PROPOSAL, TYPED, BALLOT, CO_HOST = "proposal", "proposal-typed", "ballot", "co-host"


def token_of(proposal: Proposal) -> str:
    """The token of the proposer's link that is valid now, for the contact address alone: it proves who holds it."""
    return sign(settings().keys, PROPOSAL, proposal.reference, proposal.link_version)


def typed_token_of(proposal: Proposal) -> str:
    """The token for a browser in which the contact address was typed: whether it is theirs, nobody knows."""
    return sign(settings().keys, TYPED, proposal.reference, proposal.link_version)


def came_by_mail(token: str) -> bool:
    """Whether who holds a proposal's token can read what is sent to its contact address."""
    return read_token(settings().keys, PROPOSAL, token) is not None


def read_proposal_link(token: str) -> tuple[str, int] | None:
    """The reference and version that a token was made for, or None if it was not made here."""
    return read_token(settings().keys, PROPOSAL, token) or read_token(settings().keys, TYPED, token)


def co_host_token(co_host: CoHost) -> str:
    """The token of a co-host's link."""
    return sign(settings().keys, CO_HOST, str(co_host.id), 1)


def ballot_token(voter: Voter, account_id: int) -> str:
    """The token of one representative's link to their member's ballot."""
    return sign(settings().keys, BALLOT, f"{voter.id}-{account_id}", voter.link_version)


def read_ballot_link(token: str) -> tuple[int, int, int] | None:
    """The ids of the voter and the account, and the version, that a token was made for, or None."""
    read = read_token(settings().keys, BALLOT, token)
    if read is None:
        return None
    voter_id, _, account_id = read[0].partition("-")
    return int(voter_id), int(account_id), read[1]
