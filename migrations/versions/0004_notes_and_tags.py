"""organisers' notes and tags on registrations

Follows: 0003
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_tags_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("registration_id", "word", name=op.f("pk_tags")),
    )
    op.create_index("ix_tags_word", "tags", ["word", "registration_id"])
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("note", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("note")
    op.drop_table("tags")
