"""reminders of drafts of proposals are not those that organisers write

Follows: 0180
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0190"
down_revision: str | None = "0180"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("UPDATE messages SET kind = 'proposal-reminder' WHERE kind = 'reminder' AND scope LIKE 'hosting-%'")


def downgrade() -> None:
    op.execute("UPDATE messages SET kind = 'reminder' WHERE kind = 'proposal-reminder'")
