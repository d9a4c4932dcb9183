"""texts of messages sent long ago go; messages are counted by scope and state without reading them

Follows: 0051
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0055"
down_revision: str | None = "0051"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("text_removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_messages_states", "messages", ["scope", "state", "id"])


def downgrade() -> None:
    op.drop_index("ix_messages_states", "messages")
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("text_removed_at")
