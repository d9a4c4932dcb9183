"""photographs of editions, in the sizes they are served in, and what visitors want taken down

Follows: 0130
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0140"
down_revision: str | None = "0130"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "photographs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("fault", sa.String(length=30), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("taken_at", moment, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(length=300), nullable=False),
        sa.Column("alternative", sa.String(length=500), nullable=False),
        sa.Column("photographer", sa.String(length=200), nullable=False),
        sa.Column("licence", sa.String(length=20), nullable=False),
        sa.Column("people_agreed", sa.Boolean(), nullable=False),
        sa.Column("is_cover", sa.Boolean(), nullable=False),
        sa.Column("published_at", moment, nullable=True),
        sa.Column("hidden_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_photographs_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photographs")),
        sa.UniqueConstraint("edition_id", "source_hash", name=op.f("uq_photographs_edition_id_source_hash")),
    )
    op.create_index("ix_photographs_state", "photographs", ["state"])
    op.create_index(
        "uq_photographs_cover",
        "photographs",
        ["edition_id"],
        unique=True,
        sqlite_where=sa.text("is_cover"),
        postgresql_where=sa.text("is_cover"),
    )
    op.create_table(
        "photograph_renditions",
        sa.Column("photograph_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["photograph_id"],
            ["photographs.id"],
            name=op.f("fk_photograph_renditions_photograph_id_photographs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("photograph_id", "format", "width", name=op.f("pk_photograph_renditions")),
    )
    op.create_index(op.f("ix_photograph_renditions_content_hash"), "photograph_renditions", ["content_hash"])
    op.create_table(
        "photograph_objections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photograph_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("hides", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("settled_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["photograph_id"],
            ["photographs.id"],
            name=op.f("fk_photograph_objections_photograph_id_photographs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photograph_objections")),
    )
    op.create_index(op.f("ix_photograph_objections_photograph_id"), "photograph_objections", ["photograph_id"])


def downgrade() -> None:
    op.drop_table("photograph_objections")
    op.drop_table("photograph_renditions")
    op.drop_table("photographs")
