"""Tables of second factors, their recovery codes, and who needs one."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.accounts.factors.rules import LONGEST_NAME, FactorKind, Policy
from dofc_events.core.db import IDS_ONCE, Base


class Factor(Base):
    """One second factor of an account.

    For an app: its `secret`, masked with `nonce` and the site's key, and the time step of the last code that was
    accepted, so that no code works twice. For a passkey: its public data, which are its id, its public key and, if it
    has one, its counter of signatures.
    """

    __tablename__ = "factors"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'app' AND secret IS NOT NULL AND credential IS NULL)"
            " OR (kind = 'passkey' AND secret IS NULL AND credential IS NOT NULL AND public_key IS NOT NULL)",
            name="has_what_its_kind_has",
        ),
        IDS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[FactorKind] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    nonce: Mapped[str] = mapped_column(String(64), default="")
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(default=0)
    credential: Mapped[str | None] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code that has not been used yet. Only its hash is stored."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)


class FactorPolicy(Base):
    """Which roles the network wants to have a second factor, and from which day on; there is one row, or none yet."""

    __tablename__ = "factor_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    chair: Mapped[bool]
    organiser: Mapped[bool]
    starts_on: Mapped[date | None]

    @property
    def policy(self) -> Policy:
        return Policy(self.chair, self.organiser, self.starts_on)
