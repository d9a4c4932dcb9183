"""the number of a deleted row is given to no other where links, addresses or forms have it

Follows: 0261
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0262"
down_revision: str | None = "0261"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    "attachments",
    "browser_sessions",
    "co_hosts",
    "criteria",
    "edition_documents",
    "factors",
    "group_invitations",
    "hand_over_files",
    "hand_over_items",
    "import_files",
    "letter_attachments",
    "letters",
    "likely_doubles",
    "outcome_files",
    "photographs",
    "saved_views",
    "voters",
)


def upgrade() -> None:
    _make_anew(given_once=True)


def downgrade() -> None:
    _make_anew(given_once=False)


def _make_anew(given_once: bool) -> None:
    # PostgreSQL never gives one again.
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in TABLES:
        with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": given_once}):
            pass
