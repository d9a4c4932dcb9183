"""Tables of calls for hosts, proposals, reviews, ballots, decisions and hand-overs. Members are in `conference`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Edition, Organisation
from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.hosting.rules import KEEP_DRAFTS, TELL_BEFORE_END, HandOverKind, ProposalStatus
from dofc_events.hosting.stages.rules import DATES, Act, Dates, Stage, allows, stage_of


class HostingCall(Base):
    """A call for hosts of one year's edition. All moments are meant, and shown, in `zone`; `text` is Markdown.

    Proposals come in from `opens_at` until just before `closes_at`, reviews and ballots in their own windows. The
    network takes the ballot for valid from `quorum` ballots on. `seed` decides ties; until the count only its hash is
    shown. `ballot_opened_at`: when the roll of voters was fixed. `counted_at`: when the ballots were counted, and what
    linked each to its member was deleted; `document` is the file that is published then, word for word. Of ballots,
    `empty_ballots` ranked only what was withdrawn, and are not in it.
    """

    __tablename__ = "hosting_calls"
    __table_args__ = (
        CheckConstraint(
            "opens_at < closes_at AND closes_at <= review_opens_at AND review_opens_at < review_closes_at"
            " AND review_closes_at <= ballot_opens_at AND ballot_opens_at < ballot_closes_at",
            name="one_after_the_other",
        ),
        CheckConstraint("quorum >= 0", name="quorum_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(String(60))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    review_opens_at: Mapped[datetime]
    review_closes_at: Mapped[datetime]
    ballot_opens_at: Mapped[datetime]
    ballot_closes_at: Mapped[datetime]
    quorum: Mapped[int]
    proposals_public: Mapped[bool] = mapped_column(default=False)
    seed: Mapped[str] = mapped_column(String(64))
    ballot_opened_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    document: Mapped[str | None] = mapped_column(Text)
    empty_ballots: Mapped[int] = mapped_column(default=0)

    criteria: Mapped[list["Criterion"]] = relationship(order_by="Criterion.position")
    decision: Mapped["Decision | None"] = relationship(back_populates="call")

    @property
    def name(self) -> str:
        return f"Days of Clusters {self.year}"

    @property
    def dates(self) -> Dates:
        return Dates(**{name: getattr(self, name) for name in DATES})

    def stage(self, now: datetime) -> Stage:
        return stage_of(
            self.dates,
            now,
            ballot_opened=self.ballot_opened_at is not None,
            counted=self.counted_at is not None,
            announced=self.decision is not None and self.decision.announced_at is not None,
        )

    def allows(self, act: Act, now: datetime) -> bool:
        return allows(act, self.stage(now))


class Criterion(Base):
    """What reviewers score, and its weight."""

    __tablename__ = "criteria"
    __table_args__ = (CheckConstraint("weight > 0", name="weighs_something"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("hosting_calls.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    weight: Mapped[int]
    position: Mapped[int]


class Proposal(Base):
    """Somebody's proposal to host the edition of a call's year; a draft may lack anything but the address.

    It comes from a member of the network (`proposed_by`), or from an `organisation` that is not yet one. `co_hosts` and
    `trip_ideas` are one a line. The proposer's link is signed with `link_version`, and ended by the next one.
    `form_key` is the one-time key of the form that made it. `settled_at`: when the chair said that an organisation
    whose name is like a member's is none. `public_agreed_at`: when the proposer agreed that everyone reads it, which
    they do while the call says so. `touched_at`: when its proposer last saved anything of it; `end_told_at`: when they
    were told that the draft ends unless they do.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("proposed_by_id IS NULL OR organisation = ''", name="one_proposer"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_are_a_pair"),
        Index("ix_proposals_call_status", "call_id", "status"),
        Index("ix_proposals_email", "email_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("hosting_calls.id"))
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    link_version: Mapped[int] = mapped_column(default=1)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[ProposalStatus] = mapped_column(String(20), default=ProposalStatus.DRAFT)
    language: Mapped[str] = mapped_column(String(12))
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    organisation: Mapped[str] = mapped_column(String(200), default="")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    city: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    venue: Mapped[str] = mapped_column(String(200), default="")
    venue_capacity: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    budget_eur: Mapped[int | None]
    funding: Mapped[str] = mapped_column(Text, default="")
    travel: Mapped[str] = mapped_column(Text, default="")
    team: Mapped[str] = mapped_column(Text, default="")
    supporters: Mapped[str] = mapped_column(Text, default="")
    co_hosts: Mapped[str] = mapped_column(Text, default="")
    trip_ideas: Mapped[str] = mapped_column(Text, default="")
    motivation: Mapped[str] = mapped_column(Text, default="")
    consent_text: Mapped[str] = mapped_column(Text, default="")
    consented_at: Mapped[datetime | None]
    public_agreed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    end_told_at: Mapped[datetime | None]

    call: Mapped[HostingCall] = relationship(lazy="joined")
    proposed_by: Mapped[Organisation | None] = relationship(lazy="joined")
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id")
    asked_co_hosts: Mapped[list["CoHost"]] = relationship(
        order_by="CoHost.id", lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def proposer(self) -> str:
        """The name of the organisation that proposes."""
        return self.proposed_by.name if self.proposed_by else self.organisation

    @property
    def ends_at(self) -> datetime:
        """When a draft that nobody saves again is deleted, not before its proposer knows."""
        ends_at = self.touched_at + KEEP_DRAFTS
        return max(ends_at, self.end_told_at + TELL_BEFORE_END) if self.end_told_at else ends_at

    @property
    def from_member(self) -> bool:
        return self.proposed_by_id is not None

    @property
    def cost_per_delegate(self) -> float | None:
        """The budget in euros per delegate, if the venue is full."""
        if self.budget_eur is None or not self.venue_capacity:
            return None
        return self.budget_eur / self.venue_capacity

    def is_of(self, organisation_id: int) -> bool:
        """Whether the proposal is an organisation's own, as its proposer or as a co-host that has confirmed it.

        What a proposer typed is not enough: by naming a member, nobody must be able to take its vote and review.
        """
        return organisation_id in (
            self.proposed_by_id,
            *(one.organisation_id for one in self.asked_co_hosts if one.confirmed_at),
        )


class CoHost(Base):
    """An organisation that hosts with the proposer, by the proposer's word until it confirms it by its own link.

    A member of the network (`organisation_id`) is asked through its representatives, others at the address that the
    proposer typed; without one, they cannot be asked.
    """

    __tablename__ = "co_hosts"
    __table_args__ = (UniqueConstraint("proposal_id", "name"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id"))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    asked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]

    proposal: Mapped[Proposal] = relationship(back_populates="asked_co_hosts")


class Conflict(Base):
    """A conflict of interest that a reviewer has declared."""

    __tablename__ = "conflicts"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    declared_at: Mapped[datetime]


class Attachment(Base):
    """A file that belongs to a proposal. Its bytes lie under `instance/files/` by `content_hash`."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("proposal_id", "content_hash"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id"))
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    added_at: Mapped[datetime]


class Question(Base):
    """One message between a reviewer and a proposer: a question by an account, or without one the proposer's answer."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship()


class Review(Base):
    """One reviewer's review of one proposal."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("proposal_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    written_at: Mapped[datetime]

    account: Mapped[Account] = relationship()
    scores: Mapped[list["Score"]] = relationship(cascade="all, delete-orphan")


class Score(Base):
    """A review's score on one criterion, from 1 to 5, with a note."""

    __tablename__ = "scores"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="from_one_to_five"),)

    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criteria.id"), primary_key=True)
    score: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")


class Voter(Base):
    """A member on the roll of one ballot, and whether and when it voted; never how.

    `told_at` and `reminded_at`: when its representatives were written to. `struck_at`: when the member was made
    inactive while members voted; its ballot does not count. `representatives_changed_at`: when who votes for it changed
    meanwhile. Personal links to the ballot are signed with `link_version`.
    """

    __tablename__ = "voters"
    __table_args__ = (UniqueConstraint("call_id", "organisation_id"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("hosting_calls.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    link_version: Mapped[int] = mapped_column(default=1)
    told_at: Mapped[datetime | None]
    voted_at: Mapped[datetime | None]
    struck_at: Mapped[datetime | None]
    representatives_changed_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]

    call: Mapped[HostingCall] = relationship(lazy="joined")
    organisation: Mapped[Organisation] = relationship(lazy="joined")

    @property
    def reference(self) -> str:
        """Its name in messages and the audit trail."""
        return f"voter-{self.id}"


class Ballot(Base):
    """How a member ranks the proposals: references, and `none`, best first. A member has one; the key is the voter.

    Only the account that cast it is shown it. People who become representatives while the ballot is open (the chair can
    make themselves one) must not be able to read it.

    When the ballots are counted, these rows are deleted, and with them the link between a ranking and its member.
    """

    __tablename__ = "ballots"

    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    ranking: Mapped[list[str]] = mapped_column(JSON)


class Decision(Base):
    """What the chair decided about a call: a proposal, or that none is accepted. Nobody knows before `announced_at`.

    `zone` is the time zone of the edition to come. What is written to the host, and to the others, is plain text;
    so is the `reason`, which is published with the decision.
    """

    __tablename__ = "decisions"

    call_id: Mapped[int] = mapped_column(ForeignKey("hosting_calls.id"), primary_key=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposals.id"))
    zone: Mapped[str] = mapped_column(String(60), default="")
    words_to_host: Mapped[str] = mapped_column(Text, default="")
    words_to_others: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    prepared_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))

    call: Mapped[HostingCall] = relationship(back_populates="decision")
    proposal: Mapped[Proposal | None] = relationship()
    edition: Mapped[Edition | None] = relationship()


class HandOverItem(Base):
    """One line of the list by which an edition goes from the last host to the next; each ticks it off for themselves.

    What the system puts there has a `topic`, which pages put into words with `details`, and `text` is what people write
    about it; what people add has `text` alone. `owner` is who sees to it, in their words, until `due_on`.
    """

    __tablename__ = "hand_over_items"
    __table_args__ = IDS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    kind: Mapped[HandOverKind] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(60), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    text: Mapped[str] = mapped_column(Text, default="")
    happened_at: Mapped[datetime | None]
    position: Mapped[int]
    owner: Mapped[str] = mapped_column(String(120), default="")
    due_on: Mapped[date | None]
    host_done_at: Mapped[datetime | None]
    last_host_done_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
    files: Mapped[list["HandOverFile"]] = relationship(order_by="HandOverFile.id")


class HandOverFile(Base):
    """A file that goes with an item of a hand-over list. Its bytes lie under its `content_hash`, once."""

    __tablename__ = "hand_over_files"
    __table_args__ = (UniqueConstraint("item_id", "content_hash"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("hand_over_items.id"))
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    added_at: Mapped[datetime]
