"""categories by invitation

Follows: 0080
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0081"
down_revision: str | None = "0080"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("categories") as batch:
        batch.add_column(sa.Column("by_invitation", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("code", sa.String(60), server_default="", nullable=False))
    with op.batch_alter_table("categories") as batch:
        batch.alter_column("by_invitation", server_default=None)
        batch.alter_column("code", server_default=None)
    op.create_table(
        "invited_addresses",
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_invited_addresses_category_id_categories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("category_id", "email_key", name=op.f("pk_invited_addresses")),
    )


def downgrade() -> None:
    op.drop_table("invited_addresses")
    with op.batch_alter_table("categories") as batch:
        batch.drop_column("code")
        batch.drop_column("by_invitation")
