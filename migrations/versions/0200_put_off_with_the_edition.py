"""what was put off goes with its edition

Follows: 0195
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0200"
down_revision: str | None = "0195"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FOREIGN_KEY = "fk_put_off_edition_id_editions"


def upgrade() -> None:
    _refer_to_editions(ondelete="CASCADE")


def downgrade() -> None:
    _refer_to_editions()


def _refer_to_editions(**options: str) -> None:
    with op.batch_alter_table("put_off") as batch:
        batch.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        batch.create_foreign_key(op.f(FOREIGN_KEY), "editions", ["edition_id"], ["id"], **options)
