"""figures of archived editions are kept as numbers

Follows: 0140
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0150"
down_revision: str | None = "0140"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "frozen_figures",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("came_before", sa.Integer(), nullable=False),
        sa.Column("second_time", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_frozen_figures_edition_id_editions")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_frozen_figures")),
    )
    op.create_table(
        "frozen_delegates",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_frozen_delegates_edition_id_editions")),
        sa.PrimaryKeyConstraint("edition_id", "pseudonym", name=op.f("pk_frozen_delegates")),
    )
    op.create_index(op.f("ix_frozen_delegates_pseudonym"), "frozen_delegates", ["pseudonym"])
    op.create_table(
        "pseudonym_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("locked", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pseudonym_keys")),
    )


def downgrade() -> None:
    op.drop_table("pseudonym_keys")
    op.drop_index(op.f("ix_frozen_delegates_pseudonym"), "frozen_delegates")
    op.drop_table("frozen_delegates")
    op.drop_table("frozen_figures")
