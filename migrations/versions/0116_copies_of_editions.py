"""which edition another one was copied from

Follows: 0115
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0116"
down_revision: str | None = "0115"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = "fk_editions_copied_from_id_editions"


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("copied_from_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f(KEY), "editions", ["copied_from_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.drop_constraint(op.f(KEY), type_="foreignkey")
        batch.drop_column("copied_from_id")
