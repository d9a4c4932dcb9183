"""Tables of accounts, their roles, their sign-in links and where they are signed in."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.accounts.rules import Awaited, Grant, RoleName
from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.core.references import new_secret


class Account(UserMixin, Base):
    """Someone who signs in. Nobody has a password."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]

    roles: Mapped[list["Role"]] = relationship(lazy="selectin", back_populates="account")

    def grants(self, now: datetime) -> list[Grant]:
        """What the account may do at `now`: roles that have ended allow nothing."""
        return [role.grant for role in self.roles if not role.has_ended(now)]


class Role(Base):
    """One grant of an account. An account has each grant once: nulls differ from one another, hence three rules.

    From `ends_at` on, if there is one, it allows nothing.
    """

    __tablename__ = "roles"
    __table_args__ = (
        UniqueConstraint("account_id", "role", "edition_id"),
        UniqueConstraint("account_id", "role", "organisation_id"),
        Index(
            "uq_roles_chair",
            "account_id",
            unique=True,
            sqlite_where=text("role = 'chair'"),
            postgresql_where=text("role = 'chair'"),
        ),
        CheckConstraint(
            "(role = 'chair' AND edition_id IS NULL AND organisation_id IS NULL)"
            " OR (role IN ('organiser', 'desk') AND edition_id IS NOT NULL AND organisation_id IS NULL)"
            " OR (role IN ('member', 'board') AND edition_id IS NULL AND organisation_id IS NOT NULL)",
            name="belongs_to_what_it_is_for",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    role: Mapped[RoleName] = mapped_column(String(20))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    ends_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(back_populates="roles")

    @property
    def grant(self) -> Grant:
        return Grant(RoleName(self.role), self.edition_id, self.organisation_id)

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


class SignInLink(Base):
    """A single-use link. Only a hash of its secret is stored."""

    __tablename__ = "sign_in_links"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class BrowserSession(Base):
    """A browser in which an account is signed in, until the row is deleted or the session has lasted SESSION_LASTS.

    The browser's cookie has the secret, of which only a hash is stored. Until what the session `awaits` is done, nobody
    is signed in. `factor_at` is when a second factor was last given. A passkey signs the `challenge`, which is then
    replaced.
    """

    __tablename__ = "browser_sessions"
    __table_args__ = IDS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    browser: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime]
    awaits: Mapped[Awaited | None] = mapped_column(String(20))
    factor_at: Mapped[datetime | None]
    challenge: Mapped[str] = mapped_column(String(64), default=new_secret)

    account: Mapped[Account] = relationship()
