"""which countries and languages there are at an edition is found without reading every registration

Follows: 0190
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0195"
down_revision: str | None = "0190"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    where = sa.text("edition_id > 0")
    columns = ["edition_id", "country", "language"]
    op.create_index("ix_registrations_present", "registrations", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_registrations_present", "registrations")
