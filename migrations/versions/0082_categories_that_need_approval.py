"""categories that need approval

Follows: 0081
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0082"
down_revision: str | None = "0081"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.add_column(sa.Column("needs_approval", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("categories") as batch:
        batch.alter_column("needs_approval", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.drop_column("needs_approval")
