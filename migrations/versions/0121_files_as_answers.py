"""a question can be answered with a file

Follows: 0120
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0121"
down_revision: str | None = "0120"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

HAS_FILE = sa.text("content_hash IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("asks_files", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("editions") as batch:
        batch.alter_column("asks_files", server_default=None)
    with op.batch_alter_table("answers") as batch:
        batch.add_column(sa.Column("content_hash", sa.String(64), nullable=True))
        batch.add_column(sa.Column("media_type", sa.String(60), nullable=True))
        batch.add_column(sa.Column("size", sa.Integer(), nullable=True))
    where = {"sqlite_where": HAS_FILE, "postgresql_where": HAS_FILE}
    op.create_index("ix_answers_content_hash", "answers", ["content_hash"], **where)


def downgrade() -> None:
    op.execute("DELETE FROM answers WHERE content_hash IS NOT NULL")
    op.execute("DELETE FROM edition_questions WHERE kind = 'file'")
    op.drop_index("ix_answers_content_hash", "answers")
    with op.batch_alter_table("answers") as batch:
        for column in ("size", "media_type", "content_hash"):
            batch.drop_column(column)
    with op.batch_alter_table("editions") as batch:
        batch.drop_column("asks_files")
