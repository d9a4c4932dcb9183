"""drafts of proposals end

Follows: 0023
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("proposals") as batch:
        batch.add_column(sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("end_told_at", sa.DateTime(timezone=True), nullable=True))
    # Nobody was told that drafts end: their time begins now.
    proposals = sa.table("proposals", sa.column("touched_at", sa.DateTime(timezone=True)))
    op.execute(proposals.update().values(touched_at=datetime.now(UTC)))
    with op.batch_alter_table("proposals") as batch:
        batch.alter_column("touched_at", nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("proposals") as batch:
        batch.drop_column("end_told_at")
        batch.drop_column("touched_at")
