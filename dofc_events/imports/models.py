"""The tables of files that are being imported, and of which column was read as which field."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from dofc_events.accounts.models import Account
from dofc_events.core.db import IDS_ONCE, Base


class ImportFile(Base):
    """A file of people to register, kept for a day. Its bytes lie under `instance/files/` by `content_hash`.

    `table_hash` is that of the table it was read as, in JSON. `matching` says which field each column is ("" for none),
    `fallbacks` what is taken where a row has nothing of it; both are empty until somebody has said so. `done_at` is
    when its people were registered.
    """

    __tablename__ = "import_files"
    __table_args__ = IDS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    content_hash: Mapped[str] = mapped_column(String(64))
    table_hash: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(320))
    matching: Mapped[list[str]] = mapped_column(JSON, default=list)
    fallbacks: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    done_at: Mapped[datetime | None]

    sender: Mapped[Account | None] = relationship(
        primaryjoin=lambda: foreign(ImportFile.added_by) == "account:" + remote(Account.email), viewonly=True
    )


class KnownColumn(Base):
    """Which field a column was the last time, "" for none; `header` is as `rules.header_key` has it."""

    __tablename__ = "known_columns"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    header: Mapped[str] = mapped_column(String(200), primary_key=True)
    field: Mapped[str] = mapped_column(String(60))
