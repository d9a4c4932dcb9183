"""The table of saved views."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import IDS_ONCE, Base

LONGEST_NAME = 60


class SavedView(Base):
    """What the list of registrations shows, and in which order; `query` says it as the list's address does."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("edition_id", "name"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    query: Mapped[str] = mapped_column(Text)
