"""limited options may have a waiting list

Follows: 0117
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0120"
down_revision: str | None = "0117"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEW = (("question_options", "waiting_list"), ("answers", "waits"))


def upgrade() -> None:
    for table, column in NEW:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(column, sa.Boolean(), server_default=sa.false(), nullable=False))
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, server_default=None)
    op.drop_index("ix_answers_choice", "answers")
    op.create_index("ix_answers_choice", "answers", ["question_id", "choice", "waits", "registration_id"])


def downgrade() -> None:
    op.drop_index("ix_answers_choice", "answers")
    op.create_index("ix_answers_choice", "answers", ["question_id", "choice", "registration_id"])
    for table, column in NEW:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
