"""likely doubles

Follows: 0006
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TO_COMPARE = sa.text("NOT compared AND ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "likely_doubles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("told_apart_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_likely_doubles_edition_id_editions")),
        sa.ForeignKeyConstraint(
            ["first_id"], ["registrations.id"], name=op.f("fk_likely_doubles_first_id_registrations")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["registrations.id"], name=op.f("fk_likely_doubles_second_id_registrations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_likely_doubles")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_likely_doubles_first_id_second_id")),
    )
    op.create_index("ix_likely_doubles_edition_id", "likely_doubles", ["edition_id"])
    op.create_index("ix_likely_doubles_second_id", "likely_doubles", ["second_id"])
    with op.batch_alter_table("registrations") as batch:
        # The worker compares everybody who is already registered.
        batch.add_column(sa.Column("compared", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("compared", server_default=None)
    op.create_index("ix_registrations_phone", "registrations", ["edition_id", "phone"])
    op.create_index(
        "ix_registrations_to_compare",
        "registrations",
        ["id"],
        sqlite_where=TO_COMPARE,
        postgresql_where=TO_COMPARE,
    )


def downgrade() -> None:
    op.drop_index("ix_registrations_to_compare", "registrations")
    op.drop_index("ix_registrations_phone", "registrations")
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("compared")
    op.drop_table("likely_doubles")
