"""when an edition was archived: one that was archived before it began never took place

Follows: 0262
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0263"
down_revision: str | None = "0262"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    # Its figures were frozen at that moment.
    op.execute(
        "UPDATE editions SET archived_at ="
        " (SELECT frozen_at FROM frozen_figures WHERE frozen_figures.edition_id = editions.id)"
        " WHERE status = 'archived'"
    )


def downgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.drop_column("archived_at")
