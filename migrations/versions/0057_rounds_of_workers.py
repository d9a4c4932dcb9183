"""how many rounds a worker has completed, and how long they took

Follows: 0056
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0057"
down_revision: str | None = "0056"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("worker_signs") as batch:
        batch.add_column(sa.Column("rounds", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("round_seconds", sa.Float(53), nullable=True))
    op.execute("UPDATE worker_signs SET rounds = 0, round_seconds = 0")
    with op.batch_alter_table("worker_signs") as batch:
        batch.alter_column("rounds", nullable=False)
        batch.alter_column("round_seconds", nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("worker_signs") as batch:
        batch.drop_column("round_seconds")
        batch.drop_column("rounds")
