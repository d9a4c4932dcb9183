"""what delegates ask about an edition

Follows: 0022
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LINES = ("cost", "languages", "dress")


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        for name in LINES:
            batch.add_column(sa.Column(name, sa.String(300), nullable=False, server_default=""))
        batch.add_column(sa.Column("faq", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("editions") as batch:
        for name in (*LINES, "faq"):
            batch.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        for name in (*LINES, "faq"):
            batch.drop_column(name)
