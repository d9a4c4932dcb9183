"""lists by name in the order of CLDR's root collation

Follows: 0012
"""

import unicodedata
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from alembic import op
from icu import Collator, Locale

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def binary(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


ORDERS = ("by_name", "by_organisation")
NAMES = sa.table(
    "registrations",
    *(sa.column(name) for name in ("id", "given_name", "family_name", "organisation", "called", *ORDERS)),
)
COLLATOR = Collator.createInstance(Locale.getRoot())
PLAIN = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def upgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("called", binary(240), nullable=False, server_default=""))
        for name in ORDERS:
            batch.alter_column(name, existing_type=binary(200), type_=binary(240), existing_nullable=False)
    write(
        {
            "of": row.id,
            "called": folded(f"{row.family_name or row.given_name} {row.given_name}")[:240],
            "by_name": key(f"{row.family_name or row.given_name}\ufffe{row.given_name}")[:240],
            "by_organisation": key(row.organisation)[:240],
        }
        for row in people()
    )
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("called", existing_type=binary(240), existing_nullable=False, server_default=None)


def downgrade() -> None:
    write(
        {
            "of": row.id,
            "called": "",
            "by_name": folded(f"{row.family_name or row.given_name} {row.given_name}")[:200],
            "by_organisation": folded(row.organisation)[:200],
        }
        for row in people()
    )
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("called")
        for name in ORDERS:
            batch.alter_column(name, existing_type=binary(240), type_=binary(200), existing_nullable=False)


def people() -> Sequence[sa.Row[tuple[int, str, str, str]]]:
    columns = NAMES.c
    query = sa.select(columns.id, columns.given_name, columns.family_name, columns.organisation)
    return op.get_bind().execute(query).all()


def write(values: Iterable[dict[str, object]]) -> None:
    rows = list(values)
    if rows:
        columns = {name: sa.bindparam(name) for name in ("called", *ORDERS)}
        statement = NAMES.update().where(NAMES.c.id == sa.bindparam("of")).values(columns)
        op.get_bind().execute(statement, rows)


def key(text: str) -> str:
    return str(COLLATOR.getSortKey(text).hex())


def folded(text: str) -> str:
    """Without case and marks, as the application put it when this was written."""
    plain = taken_apart(taken_apart(text).casefold()).translate(PLAIN)
    return unicodedata.normalize("NFKC", plain)


def taken_apart(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
