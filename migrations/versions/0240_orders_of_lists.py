"""lists by country and of one status, and who is new, are found without reading every registration

Follows: 0220
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0240"
down_revision: str | None = "0220"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index("ix_registrations_country", "registrations", ["edition_id", "country", "id"])
    op.create_index("ix_registrations_registered_at", "registrations", ["edition_id", "registered_at"])
    op.create_index(
        "ix_registrations_ended_at",
        "registrations",
        ["edition_id", "ended_at"],
        sqlite_where=ended,
        postgresql_where=ended,
    )
    op.create_index("ix_claims_status_registration", "claims", ["pool_id", "status", "registration_id"])


def downgrade() -> None:
    op.drop_index("ix_claims_status_registration", "claims")
    for name in ("ix_registrations_ended_at", "ix_registrations_registered_at", "ix_registrations_country"):
        op.drop_index(name, "registrations")
