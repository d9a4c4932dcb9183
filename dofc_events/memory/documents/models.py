"""The table of documents."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.memory.models import KeptFile


class EditionDocument(KeptFile, Base):
    """A document of an edition, in the order in which its organisers put it."""

    __tablename__ = "edition_documents"
    __table_args__ = (UniqueConstraint("edition_id", "content_hash"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    position: Mapped[int]
    is_published: Mapped[bool] = mapped_column(default=False)
