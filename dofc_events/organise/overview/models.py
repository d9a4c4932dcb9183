"""Tables of what organisers are told, and of what they want to see later."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base
from dofc_events.organise.overview.rules import Often


class Digest(Base):
    """How often an account is told what needs attention; without a row, daily.

    `looked_at`: when that was last looked for. `told` are the keys of what was found then.
    """

    __tablename__ = "digests"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    often: Mapped[Often] = mapped_column(String(10), default=Often.DAILY)
    looked_at: Mapped[datetime]
    told: Mapped[list[str]] = mapped_column(JSON, default=list)


class PutOff(Base):
    """What an account does not want to be reminded of before a day: a line's `key`, of an edition or of none."""

    __tablename__ = "put_off"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(120))
    until: Mapped[date]
