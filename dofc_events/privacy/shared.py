"""What the pages of people and those of organisers have in common."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Response

from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.privacy import service
from dofc_events.privacy.queries import Found
from dofc_events.web.downloads import download


def erase_each(found: Sequence[Found], actor: Actor, *, because: str = "") -> None:
    """Erase these people, one after the other, and let what named them vanish from files.

    Raises StillHasRoles, and StillContact where others are reached by one of them alone: then nobody is erased.
    """
    service.refuse_erasing(db.session(), found, now())
    values: list[str] = []
    try:
        for one in found:
            with unit_of_work() as session:
                values += service.erase(session, one, actor, now(), because=because)
    finally:
        service.vanish(db.session(), values)


def handed_out(registration: Registration | None, content: Any) -> Response:
    """The file with all that is kept about a registration, or about all of an address."""
    year = f"-{registration.edition.year}" if registration else ""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return download(f"my-data{year}.json", "application/json; charset=utf-8", text)
