"""lines end in one way, whatever browser sent them

Follows: 0014
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TYPED = {
    "registrations": ("dietary", "access_needs", "note"),
    "editions": ("summary", "programme"),
    "trips": ("description", "accessibility"),
    "letters": ("body",),
    "hosting_calls": ("text",),
    "proposals": ("funding", "travel", "team", "supporters", "co_hosts", "trip_ideas", "motivation"),
    "questions": ("text",),
    "scores": ("note",),
    "decisions": ("words_to_host", "words_to_others"),
    "hand_over_items": ("text",),
}


def upgrade() -> None:
    for name, columns in TYPED.items():
        table = sa.table(name, *map(sa.column, columns))
        for column in table.c:
            ended = sa.func.replace(sa.func.replace(column, "\r\n", "\n"), "\r", "\n")
            op.execute(table.update().where(column.contains("\r")).values({column.name: ended}))


def downgrade() -> None:
    """What browsers sent is read either way."""
