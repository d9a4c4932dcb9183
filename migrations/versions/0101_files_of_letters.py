"""files that travel with a letter

Follows: 0100
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0101"
down_revision: str | None = "0100"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "letter_attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_letter_attachments_letter_id_letters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_attachments")),
        sa.UniqueConstraint("letter_id", "content_hash", name=op.f("uq_letter_attachments_letter_id_content_hash")),
    )
    op.create_index(op.f("ix_letter_attachments_content_hash"), "letter_attachments", ["content_hash"])


def downgrade() -> None:
    op.drop_table("letter_attachments")
