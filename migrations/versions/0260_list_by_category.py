"""the list by category is found without reading every registration

Follows: 0250
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0260"
down_revision: str | None = "0250"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_registrations_category", "registrations", ["edition_id", "category_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_registrations_category", "registrations")
