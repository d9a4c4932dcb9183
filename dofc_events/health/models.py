"""The table behind the probe and the alert."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base


class SiteState(Base):
    """One row: when the database was last found to take what is written, and what trouble was last told of.

    `trouble` are values of `Trouble` with commas between; empty if all was well.
    """

    __tablename__ = "site_states"

    id: Mapped[int] = mapped_column(primary_key=True)
    probed_at: Mapped[datetime]
    trouble: Mapped[str] = mapped_column(Text, default="")
