"""hand-overs that can be taken back

Follows: 0020
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "hand_overs",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_hand_overs_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_hand_overs")),
    )


def downgrade() -> None:
    op.drop_table("hand_overs")
