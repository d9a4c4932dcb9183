"""places that are held until the address is proved

Follows: 0046
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0047"
down_revision: str | None = "0046"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECK = "NOT is_hold OR status IN ('offered', 'expired')"


def upgrade() -> None:
    with op.batch_alter_table("editions") as batch:
        batch.add_column(sa.Column("confirms_places", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("editions") as batch:
        batch.alter_column("confirms_places", server_default=None)
    with op.batch_alter_table("claims") as batch:
        batch.add_column(sa.Column("is_hold", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("claims") as batch:
        batch.alter_column("is_hold", server_default=None)
        batch.create_check_constraint(op.f("ck_claims_hold_is_an_offer"), CHECK)


def downgrade() -> None:
    with op.batch_alter_table("claims") as batch:
        batch.drop_constraint(op.f("ck_claims_hold_is_an_offer"), type_="check")
        batch.drop_column("is_hold")
    with op.batch_alter_table("editions") as batch:
        batch.drop_column("confirms_places")
