"""categories that are closed or removed

Follows: 0011
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.add_column(sa.Column("state", sa.String(length=10), server_default="open", nullable=False))
    with op.batch_alter_table("categories") as batch:
        batch.alter_column("state", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.drop_column("state")
