"""learning trips: sign-ups, the draw, who boarded

Follows: 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
POSITION = "ck_claims_position_while_waiting"
# New columns that hold something: for the rows that are there; the application gives a value itself.
FILLED = {
    "editions": (sa.Column("trip_mode", sa.String(length=20), nullable=False, server_default="first-come"),),
    "registrations": (sa.Column("any_trip", sa.Boolean(), nullable=False, server_default=sa.false()),),
    "trips": (
        sa.Column("hosts", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("minimum", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("bring", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("accessibility", sa.Text(), nullable=False, server_default=""),
        sa.Column("walking", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("needs_dietary", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("needs_access", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="0"),
    ),
    "untold_news": (sa.Column("news", sa.JSON(), nullable=False, server_default='{"place": true}'),),
}
EMPTY = {
    "editions": {"trips_open_at": MOMENT, "trips_close_at": MOMENT, "trips_drawn_at": MOMENT},
    "trips": {"cancelled_at": MOMENT},
    "claims": {"preference": sa.Integer(), "used_at": MOMENT},
}


def upgrade() -> None:
    for table in (*FILLED, "claims"):
        with op.batch_alter_table(table) as batch:
            for column in FILLED.get(table, ()):
                batch.add_column(column)
            for name, kind in EMPTY.get(table, {}).items():
                batch.add_column(sa.Column(name, kind, nullable=True))
    for table, columns in FILLED.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.alter_column(column.name, server_default=None)
    with op.batch_alter_table("claims") as batch:
        batch.drop_constraint(op.f(POSITION), type_="check")
        batch.create_check_constraint(
            op.f(POSITION), "(status IN ('waitlisted', 'requested')) = (position IS NOT NULL)"
        )
    op.create_table(
        "draws",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("fixed_at", MOMENT, nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_draws_edition_id_editions")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_draws")),
    )
    op.create_table(
        "drawn_delegates",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("trip_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_drawn_delegates_registration_id_registrations")
        ),
        sa.ForeignKeyConstraint(["trip_id"], ["trips.id"], name=op.f("fk_drawn_delegates_trip_id_trips")),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_drawn_delegates")),
    )


def downgrade() -> None:
    op.drop_table("drawn_delegates")
    op.drop_table("draws")
    # Before, nobody could ask for a seat: what was asked for goes, what is held stays.
    op.execute("DELETE FROM claims WHERE status = 'requested'")
    with op.batch_alter_table("claims") as batch:
        batch.drop_constraint(op.f(POSITION), type_="check")
        batch.create_check_constraint(op.f(POSITION), "(status = 'waitlisted') = (position IS NOT NULL)")
    for table in ("claims", *reversed(FILLED)):
        with op.batch_alter_table(table) as batch:
            for name in (*EMPTY.get(table, {}), *(column.name for column in FILLED.get(table, ()))):
                batch.drop_column(name)
