"""claims whose delegates were deliberately not told

Follows: 0102
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0110"
down_revision: str | None = "0102"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("claims") as batch:
        batch.add_column(sa.Column("untold", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("claims") as batch:
        batch.alter_column("untold", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("claims") as batch:
        batch.drop_column("untold")
