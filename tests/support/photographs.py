"""Photographs for tests: files that people could send, and such as have been made ready."""

import io
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.extensions import settings
from dofc_events.memory.photographs.models import Photograph, Rendition
from dofc_events.memory.photographs.rules import PhotographState
from tests.support.factories import NOW

SHOWN = {"caption": "The opening", "alternative": "People in a hall", "people_agreed": True, "published_at": NOW}


def packed(picture: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def make_photograph(session: Session, edition: Edition, **changes: Any) -> Photograph:
    """A photograph of an edition that is ready, in two sizes; its files are there. Each has another colour."""
    number = session.query(Photograph).count()
    values = {"edition_id": edition.id, "name": f"IMG_{number}.jpg", "size": 8, "added_at": NOW, "position": number + 1}
    photograph = Photograph(**(values | {"state": PhotographState.READY, "source_hash": f"{number:064}"} | changes))
    for form, kind in (("avif", "AVIF"), ("jpeg", "JPEG")):
        for width in (12, 24):
            content = packed(Image.new("RGB", (width, width * 2 // 3), (number * 9 % 256, 90, 40)), kind)
            files.store(settings().shared, content, NOW)
            made = {"width": width, "height": width * 2 // 3, "size": len(content), "format": form}
            photograph.renditions.append(Rendition(content_hash=files.hash_of(content), **made))
    session.add(photograph)
    session.flush()
    return photograph
