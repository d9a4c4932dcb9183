"""accompanying persons

Follows: 0170
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0171"
down_revision: str | None = "0170"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("companions", sa.Integer(), server_default="0", nullable=False))
        batch.add_column(sa.Column("companion_category", sa.String(80), server_default="", nullable=False))
    with op.batch_alter_table("trips") as batch:
        batch.add_column(sa.Column("takes_companions", sa.Boolean(), server_default=sa.true(), nullable=False))
    with op.batch_alter_table("editions") as batch:
        batch.alter_column("companions", server_default=None)
        batch.alter_column("companion_category", server_default=None)
    with op.batch_alter_table("trips") as batch:
        batch.alter_column("takes_companions", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("trips") as batch:
        batch.drop_column("takes_companions")
    with op.batch_alter_table("editions") as batch:
        batch.drop_column("companion_category")
        batch.drop_column("companions")
