"""columns that were added to 0001 and 0008 after these had landed, wherever they are missing

Follows: 0045
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0050"
down_revision: str | None = "0047"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A ballot, its act in the trail and the account in the act's actor were always written together.
CAST_BY = """
    UPDATE ballots SET account_id = (
        SELECT accounts.id FROM accounts JOIN audit_entries ON audit_entries.actor = 'account:' || accounts.email
        WHERE audit_entries.about = 'voter-' || ballots.voter_id AND act IN ('ballot_cast', 'ballot_changed')
        ORDER BY audit_entries.id DESC LIMIT 1
    )"""


def upgrade() -> None:
    if not has("worker_signs", "mail_error"):
        with op.batch_alter_table("worker_signs") as batch:
            batch.add_column(sa.Column("mail_tried_at", sa.DateTime(timezone=True), nullable=True))
            batch.add_column(sa.Column("mail_error", sa.Text(), nullable=True))
    if not has("ballots", "account_id"):
        with op.batch_alter_table("ballots") as batch:
            batch.add_column(sa.Column("account_id", sa.Integer(), nullable=True))
        op.execute(CAST_BY)
        with op.batch_alter_table("ballots") as batch:
            batch.alter_column("account_id", nullable=False)
            batch.create_foreign_key(op.f("fk_ballots_account_id_accounts"), "accounts", ["account_id"], ["id"])


def has(table: str, column: str) -> bool:
    return column in {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def downgrade() -> None:
    """Nobody knows where they were missing, and 0001 and 0008 are as if they had never been."""
