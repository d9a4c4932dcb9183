"""letters on a day and at an hour of one's choice

Follows: 0095
"""

from collections.abc import Sequence
from datetime import time

import sqlalchemy as sa
from alembic import op

revision: str = "0100"
down_revision: str | None = "0095"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("letters") as batch:
        batch.add_column(sa.Column("sent_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("hour", sa.Time(), nullable=True))
    letters = sa.table("letters", sa.column("hour", sa.Time()))
    op.execute(letters.update().values(hour=time(9)))
    with op.batch_alter_table("letters") as batch:
        batch.alter_column("hour", existing_type=sa.Time(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("letters") as batch:
        batch.drop_column("hour")
        batch.drop_column("sent_on")
