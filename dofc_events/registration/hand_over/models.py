"""The table of what was handed over and has not been opened yet."""

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.core.db import Base
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import full_name


class HandOver(Base):
    """The former delegate of a registration, who can take it back until the new one opens it.

    `link_version` is that of the former delegate's link; `before` has what was removed, by the names of columns. It is
    forgotten when the edition begins, if nobody opened it.
    """

    __tablename__ = "hand_overs"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    link_version: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)

    registration: Mapped[Registration] = relationship()

    @property
    def name(self) -> str:
        """The former delegate's."""
        return full_name(self.before["given_name"], self.before["family_name"], self.registration.country)
