"""hosting: whether everyone may read a proposal is what its proposer agreed to

Follows: 0017
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("proposals") as batch:
        batch.add_column(sa.Column("public_agreed_at", sa.DateTime(timezone=True), nullable=True))
    # What was agreed to is kept word for word: until now only in English.
    op.execute(
        "UPDATE proposals SET public_agreed_at = consented_at"
        " WHERE consent_text LIKE '%Everybody can read it on this site%'"
    )


def downgrade() -> None:
    with op.batch_alter_table("proposals") as batch:
        batch.drop_column("public_agreed_at")
