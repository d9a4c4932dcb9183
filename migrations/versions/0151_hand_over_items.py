"""items of a hand-over have an owner, a date and files

Follows: 0150
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0151"
down_revision: str | None = "0150"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("hand_over_items") as batch:
        batch.add_column(sa.Column("owner", sa.String(length=120), server_default="", nullable=False))
        batch.add_column(sa.Column("due_on", sa.Date(), nullable=True))
    with op.batch_alter_table("hand_over_items") as batch:
        batch.alter_column("owner", server_default=None)
    op.create_table(
        "hand_over_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["hand_over_items.id"], name=op.f("fk_hand_over_files_item_id_hand_over_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_files")),
        sa.UniqueConstraint("item_id", "content_hash", name=op.f("uq_hand_over_files_item_id_content_hash")),
    )
    op.create_index(op.f("ix_hand_over_files_content_hash"), "hand_over_files", ["content_hash"])


def downgrade() -> None:
    op.drop_index(op.f("ix_hand_over_files_content_hash"), "hand_over_files")
    op.drop_table("hand_over_files")
    with op.batch_alter_table("hand_over_items") as batch:
        batch.drop_column("due_on")
        batch.drop_column("owner")
