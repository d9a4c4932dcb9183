"""the position that a claim had before it was offered, or closed

Follows: 0023
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("claims") as batch:
        batch.alter_column("closed_position", new_column_name="position_before")


def downgrade() -> None:
    # Where it means that a list was closed, an offer has none.
    op.execute("UPDATE claims SET position_before = NULL WHERE status <> 'expired'")
    with op.batch_alter_table("claims") as batch:
        batch.alter_column("position_before", new_column_name="closed_position")
