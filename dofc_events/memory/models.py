"""What every file of the memory has in its table. Its bytes are in `files/`, see core/files.py."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core import files
from dofc_events.memory.rules import Row


class KeptFile:
    """A file that somebody wrote up something with: what it is called, and which bytes it is."""

    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]

    def as_row(self) -> Row:
        """The file as the memory's files have it."""
        said = {"title": self.title, "name": self.name, "media_type": self.media_type, "size": self.size}
        return {"hash": self.content_hash, **said}

    @staticmethod
    def from_row(row: Row) -> dict[str, Any]:
        """The columns of a file that a row names."""
        return {"content_hash": row["hash"], **{name: row[name] for name in ("title", "name", "media_type", "size")}}


@dataclass(frozen=True)
class NewFile:
    """A file that was checked, and what it is called on the page."""

    title: str
    name: str
    media_type: str
    content: bytes

    def columns(self) -> dict[str, Any]:
        """What its row says of it."""
        return {
            "content_hash": files.hash_of(self.content),
            "title": self.title,
            "name": self.name,
            "media_type": self.media_type,
            "size": len(self.content),
        }
