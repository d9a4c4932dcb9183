"""offers that only the link in the email accepts

Follows: 0110
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0115"
down_revision: str | None = "0110"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECK = "NOT by_email OR status = 'offered'"


def upgrade() -> None:
    with op.batch_alter_table("claims") as batch:
        batch.add_column(sa.Column("by_email", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Offers from the waiting list that are open now were sent with the own link.
    op.execute("UPDATE claims SET by_email = is_hold WHERE status = 'offered'")
    with op.batch_alter_table("claims") as batch:
        batch.alter_column("by_email", server_default=None)
        batch.create_check_constraint(op.f("ck_claims_by_email_while_offered"), CHECK)


def downgrade() -> None:
    with op.batch_alter_table("claims") as batch:
        batch.drop_constraint(op.f("ck_claims_by_email_while_offered"), type_="check")
        batch.drop_column("by_email")
