"""hosting: a decision's published reason; how many ballots counted for nothing

Follows: 0018
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("decisions") as batch:
        batch.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("decisions") as batch:
        batch.alter_column("reason", server_default=None)
    with op.batch_alter_table("hosting_calls") as batch:
        batch.add_column(sa.Column("empty_ballots", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("hosting_calls") as batch:
        batch.alter_column("empty_ballots", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("hosting_calls") as batch:
        batch.drop_column("empty_ballots")
    with op.batch_alter_table("decisions") as batch:
        batch.drop_column("reason")
