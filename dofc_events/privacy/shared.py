"""What the pages of people and those of organisers have in common."""

import json
from typing import Any

from flask import Response

from dofc_events.delegates.models import Registration
from dofc_events.web.downloads import download


def handed_out(registration: Registration | None, content: Any) -> Response:
    """The file with all that is kept about a registration, or about all of an address."""
    year = f"-{registration.edition.year}" if registration else ""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return download(f"my-data{year}.json", "application/json; charset=utf-8", text)
