"""what a worker says of its steps and of the mail server; since when a message waits

Follows: 0023
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("worker_signs") as batch:
        batch.add_column(sa.Column("mail_taken_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("failed_step", sa.String(80), nullable=True))
        batch.add_column(sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE messages SET waits_since = queued_at")
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("waits_since", nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("waits_since")
    with op.batch_alter_table("worker_signs") as batch:
        for name in ("failed_at", "failed_step", "mail_taken_at"):
            batch.drop_column(name)
