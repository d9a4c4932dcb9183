"""the desk may register people at the door

Follows: 0065
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0066"
down_revision: str | None = "0065"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("registers_at_door", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("editions") as batch:
        batch.alter_column("registers_at_door", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.drop_column("registers_at_door")
