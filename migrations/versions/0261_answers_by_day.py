"""who answered with a day is found without reading every answer

Follows: 0260
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0261"
down_revision: str | None = "0260"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    is_day = sa.text("choice = '' AND length(text) = 10")
    columns = ["question_id", "text", "registration_id"]
    op.create_index("ix_answers_day", "answers", columns, sqlite_where=is_day, postgresql_where=is_day)


def downgrade() -> None:
    op.drop_index("ix_answers_day", "answers")
