"""limits of categories

Follows: 0070
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0080"
down_revision: str | None = "0070"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ONE_OF_THREE = (
    "(edition_id IS NOT NULL AND trip_id IS NULL AND option_id IS NULL)"
    " OR (edition_id IS NULL AND trip_id IS NOT NULL AND option_id IS NULL)"
    " OR (edition_id IS NULL AND trip_id IS NULL AND option_id IS NOT NULL)"
)
# One line for each kind of owner.
OWNERS = (
    "CASE WHEN edition_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN category_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN trip_id IS NULL THEN 0 ELSE 1 END",
    "CASE WHEN option_id IS NULL THEN 0 ELSE 1 END",
)


def upgrade() -> None:
    with op.batch_alter_table("pools") as batch:
        batch.add_column(sa.Column("category_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_pools_category_id_categories"), "categories", ["category_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_pools_category_id"), ["category_id"])
        batch.drop_constraint(op.f("ck_pools_has_one_owner"), type_="check")
        batch.create_check_constraint(op.f("ck_pools_has_one_owner"), " + ".join(OWNERS) + " = 1")


def downgrade() -> None:
    op.execute("DELETE FROM pools WHERE category_id IS NOT NULL")
    with op.batch_alter_table("pools") as batch:
        batch.drop_constraint(op.f("ck_pools_has_one_owner"), type_="check")
        batch.create_check_constraint(op.f("ck_pools_has_one_owner"), ONE_OF_THREE)
        batch.drop_constraint(op.f("uq_pools_category_id"), type_="unique")
        batch.drop_constraint(op.f("fk_pools_category_id_categories"), type_="foreignkey")
        batch.drop_column("category_id")
