"""people arrive anew on each day of an edition

Follows: 0057
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision: str = "0065"
down_revision: str | None = "0057"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLAIMS = sa.table("claims", sa.column("id"), sa.column("pool_id"), sa.column("used_at", sa.DateTime(timezone=True)))
POOLS = sa.table("pools", sa.column("id"), sa.column("edition_id"))
EDITIONS = sa.table("editions", sa.column("id"), sa.column("zone"))


def upgrade() -> None:
    arrivals = op.create_table(
        "arrivals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_arrivals_claim_id_claims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
        sa.UniqueConstraint("claim_id", "day", name=op.f("uq_arrivals_claim_id_day")),
    )
    op.create_index("ix_arrivals_day", "arrivals", ["day", "claim_id"])
    arrived = sa.select(CLAIMS.c.id, CLAIMS.c.used_at, EDITIONS.c.zone)
    arrived = arrived.join(POOLS, POOLS.c.id == CLAIMS.c.pool_id).join(EDITIONS, EDITIONS.c.id == POOLS.c.edition_id)
    rows = [
        {"claim_id": claim, "day": _day(at, zone), "at": at}
        for claim, at, zone in op.get_bind().execute(arrived.where(CLAIMS.c.used_at.is_not(None)))
    ]
    if rows:
        op.bulk_insert(arrivals, rows)


def downgrade() -> None:
    op.drop_table("arrivals")


def _day(at: datetime, zone: str) -> date:
    # SQLite keeps no offset: what it has is UTC.
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone)).date()
