"""how long what names a person is kept, what was removed, and who is to stay erased

Follows: 0151
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0160"
down_revision: str | None = "0151"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NETWORK = sa.text("edition_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "kept_for",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_kept_for_some_days")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_kept_for_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_for")),
        sa.UniqueConstraint("edition_id", "period", name=op.f("uq_kept_for_edition_id_period")),
    )
    op.create_index(
        "uq_kept_for_network", "kept_for", ["period"], unique=True, sqlite_where=NETWORK, postgresql_where=NETWORK
    )
    op.create_table(
        "removals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("kept_in", sa.String(length=60), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removals")),
        sa.UniqueConstraint("year", "period", "kept_in", "on", name=op.f("uq_removals_year_period_kept_in_on")),
    )
    op.create_table(
        "erasures",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_erasures")),
    )
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("known_before", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("known_before", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("known_before")
    op.drop_table("erasures")
    op.drop_table("removals")
    op.drop_index("uq_kept_for_network", table_name="kept_for")
    op.drop_table("kept_for")
