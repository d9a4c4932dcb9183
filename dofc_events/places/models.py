"""Tables of pools (of an edition, a category, a trip, an option of a question, a promise) and of the claims on them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.core.db import Base
from dofc_events.delegates.models import Registration
from dofc_events.places.rules import ClaimStatus

# One line for each kind of owner.
OWNERS = (
    "CASE WHEN edition_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN category_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN trip_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN option_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN promise_id IS NULL THEN 0 ELSE 1 END",
)


class Promise(Base):
    """Places at an edition that are kept for a group; its pool says how many. Deleted when the promise ends."""

    __tablename__ = "promises"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)


class Pool(Base):
    """Places at an edition, seats on a trip, places of an option of a question, or a category's limit.

    `taken` counts confirmed and offered claims.

    A category's limit has no claims of its own. Claims on its edition's pool count in it, too, if their delegates are
    in the category, so nobody can hold a place of one without the other. A promise's pool has no claims either: those
    on the edition's pool that name it count in it. The unused places of an edition's promises are `promised`; they
    count as taken, so that nobody else gets them. The CHECK constraint is the last word on overselling: whatever the
    code does, the database refuses taken > capacity.
    """

    __tablename__ = "pools"
    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken <= capacity", name="never_oversold"),
        CheckConstraint("promised >= 0 AND promised <= taken", name="promised_is_taken"),
        CheckConstraint(" + ".join(OWNERS) + " = 1", name="has_one_owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"), unique=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), unique=True)
    trip_id: Mapped[int | None] = mapped_column(ForeignKey("trips.id"), unique=True)
    option_id: Mapped[int | None] = mapped_column(ForeignKey("question_options.id"), unique=True)
    promise_id: Mapped[int | None] = mapped_column(ForeignKey("promises.id"), unique=True)
    capacity: Mapped[int]
    promised: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    next_position: Mapped[int] = mapped_column(default=1)


class Claim(Base):
    """What one registration holds of one pool.

    `position` orders those who wait or have requested. `offered_at` and `offered_until` are set while a place is
    offered, `remind_at` until its reminder is written. `changed_at` is when the status last changed. `position_before`
    is the position before the claim was offered, or before it ended because nothing more is given; anything else that
    happens to the claim clears it.

    Of seats, `preference` is the number of the wish (1: first choice), None for a seat given back, 0 for one that
    organisers took away. `used_at` is when the delegate boarded, or first arrived at the edition: see Arrival.

    `is_hold`: the place is, or was, held for HOLD until the delegate confirms it with the link in the email, and was
    not offered from the waiting list. `by_email`: only that link accepts the offer; it stays so, as the email said,
    whatever the edition asks for later. `untold`: organisers chose not to tell the delegate of the present status.
    `party` is one number shared by people who get their places together or not at all. `promise_id` is the promise
    whose place this is, or, for somebody who waits, would be.
    """

    __tablename__ = "claims"
    __table_args__ = (
        UniqueConstraint("registration_id", "pool_id"),
        UniqueConstraint("pool_id", "position"),
        CheckConstraint(
            "(status IN ('waitlisted', 'requested')) = (position IS NOT NULL)", name="position_while_waiting"
        ),
        CheckConstraint("(status = 'offered') = (offered_until IS NOT NULL)", name="deadline_while_offered"),
        CheckConstraint("NOT is_hold OR status IN ('offered', 'expired')", name="hold_is_an_offer"),
        CheckConstraint("NOT by_email OR status = 'offered'", name="by_email_while_offered"),
        CheckConstraint("party IS NULL OR status = 'waitlisted'", name="party_while_waiting"),
        Index("ix_claims_pool_status", "pool_id", "status", "position"),
        Index("ix_claims_pool_registration", "pool_id", "registration_id", "status"),
        Index("ix_claims_status_registration", "pool_id", "status", "registration_id"),
        Index("ix_claims_due", "status", "offered_until"),
        # These indexes are small: few claims have a party or a promise.
        *(
            Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
            for name, columns, where in (
                ("ix_claims_party", ("pool_id", "party"), "party IS NOT NULL"),
                ("ix_claims_promise", ("promise_id",), "promise_id IS NOT NULL"),
            )
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"))
    status: Mapped[ClaimStatus] = mapped_column(String(20))
    position: Mapped[int | None]
    offered_at: Mapped[datetime | None]
    offered_until: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    preference: Mapped[int | None]
    used_at: Mapped[datetime | None]
    position_before: Mapped[int | None]
    is_hold: Mapped[bool] = mapped_column(default=False)
    by_email: Mapped[bool] = mapped_column(default=False)
    untold: Mapped[bool] = mapped_column(default=False)
    party: Mapped[int | None]
    promise_id: Mapped[int | None] = mapped_column(ForeignKey("promises.id"))

    pool: Mapped[Pool] = relationship()
    registration: Mapped[Registration] = relationship()


class Arrival(Base):
    """A day of the edition, in its zone, on which somebody with a place arrived, and when they first did."""

    __tablename__ = "arrivals"
    __table_args__ = (UniqueConstraint("claim_id", "day"), Index("ix_arrivals_day", "day", "claim_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"))
    day: Mapped[date]
    at: Mapped[datetime]
