"""which mailbox a message is for

Follows: 0037. Limits count what follows a `+` as the same mailbox; nothing else asked for the key of the whole address
alone.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0045"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("mailbox_key", sa.String(254), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE messages SET mailbox_key = recipient_key"))
    tagged = connection.scalars(sa.text("SELECT DISTINCT recipient_key FROM messages WHERE recipient_key LIKE '%+%@%'"))
    for key in tagged.all():
        local, _, domain = key.rpartition("@")
        mailbox = f"{local.partition('+')[0] or local}@{domain}"
        said = {"mailbox": mailbox, "key": key}
        connection.execute(sa.text("UPDATE messages SET mailbox_key = :mailbox WHERE recipient_key = :key"), said)
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("mailbox_key", nullable=False)
        batch.drop_index("ix_messages_recipient")
        batch.create_index("ix_messages_mailbox", ["mailbox_key", "queued_at"])


def downgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.drop_index("ix_messages_mailbox")
        batch.create_index("ix_messages_recipient", ["recipient_key", "queued_at"])
        batch.drop_column("mailbox_key")
