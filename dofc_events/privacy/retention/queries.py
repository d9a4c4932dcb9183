"""Which entries of the trail still say something that is due to be removed."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Text, cast, not_, or_

from dofc_events.core.audit import AuditEntry
from dofc_events.privacy.erasing.rules import NAMELESS


def entries_with(scope: str, fields: Collection[str]) -> list[ColumnElement[bool]]:
    """The conditions for entries of the trail that quote one of these fields."""
    said = cast(AuditEntry.details, Text)
    return [AuditEntry.scope == scope, or_(*(said.contains(f'"{name}": ') for name in fields))]


def entries_with_names() -> ColumnElement[bool]:
    """The condition for entries of the trail that may still name somebody."""
    return not_(cast(AuditEntry.details, Text).contains(f'"{NAMELESS}": true'))
