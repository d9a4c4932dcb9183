"""what was handed over is forgotten when the edition begins, by its own dates and not by a copy of them

Follows: 0240
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0250"
down_revision: str | None = "0240"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("hand_overs") as batch:
        batch.drop_column("forget_at")


def downgrade() -> None:
    with op.batch_alter_table("hand_overs") as batch:
        batch.add_column(sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True))
