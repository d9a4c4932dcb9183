"""which messages were asked for

Follows: 0010
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("asked_for", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("asked_for", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("asked_for")
