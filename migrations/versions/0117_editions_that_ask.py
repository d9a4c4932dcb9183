"""editions know whether they have questions of their own

Follows: 0116
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0117"
down_revision: str | None = "0116"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("asks_questions", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("editions") as batch:
        batch.alter_column("asks_questions", server_default=None)
    questions = sa.table("edition_questions", sa.column("edition_id"))
    editions = sa.table("editions", sa.column("id"), sa.column("asks_questions", sa.Boolean()))
    asking = sa.select(questions.c.edition_id)
    op.execute(editions.update().where(editions.c.id.in_(asking)).values(asks_questions=sa.true()))


def downgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.drop_column("asks_questions")
