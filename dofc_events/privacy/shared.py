"""What the pages of people and those of organisers have in common."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.privacy import service
from dofc_events.privacy.queries import ACCOUNT, CONTACT, PROPOSAL, REGISTRATION, Found
from dofc_events.web.downloads import download

KINDS: dict[str, Any] = {
    PROPOSAL: _l("Proposal to host"),
    REGISTRATION: _l("Registration"),
    CONTACT: _l("Contact of a group"),
    ACCOUNT: _l("Account"),
}


def called(one: Found) -> str:
    """What has been found, without anybody's name."""
    year = one.where.removeprefix("hosting-")
    return f"{KINDS[one.kind]} ({year})" if year else str(KINDS[one.kind])


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
