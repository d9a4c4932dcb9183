"""one message may tell what has become of the places of several people

Follows: 0200
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0220"
down_revision: str | None = "0200"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "told_together",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_told_together_message_id_messages")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_told_together_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("message_id", "registration_id", name=op.f("pk_told_together")),
    )
    op.create_index(op.f("ix_told_together_registration_id"), "told_together", ["registration_id"])


def downgrade() -> None:
    op.drop_table("told_together")
