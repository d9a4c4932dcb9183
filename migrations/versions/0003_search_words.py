"""search by the spellings of words; the orders of lists

Follows: 0002
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def binary(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


ORDERS = ("by_name", "by_organisation")
FILTERED = ["category_id", "country", "language", "visa_letter", "registered_at"]
INDEXES = {
    "ix_registrations_filters": ["edition_id", "id", *FILTERED],
    "ix_registrations_by_name": ["edition_id", "by_name", "id"],
    "ix_registrations_by_organisation": ["edition_id", "by_organisation", "id"],
}
REGISTRATIONS = sa.table("registrations", *(sa.column(name) for name in ("id", "search_text", *ORDERS)))
NAMES = sa.table(
    "registrations", *(sa.column(name) for name in ("id", "given_name", "family_name", "organisation", "email"))
)
PLAIN = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
WORDS = sa.table("search_words", sa.column("registration_id"), sa.column("word"))


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("word", binary(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_search_words_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("registration_id", "word", name=op.f("pk_search_words")),
    )
    with op.batch_alter_table("registrations") as batch:
        for name in ORDERS:
            batch.add_column(sa.Column(name, binary(200), nullable=False, server_default=""))
    fill()
    with op.batch_alter_table("registrations") as batch:
        for name in ORDERS:
            batch.alter_column(name, server_default=None)
        batch.drop_column("search_text")
        batch.drop_index("ix_registrations_edition")
        for index, columns in INDEXES.items():
            batch.create_index(index, columns)
    op.create_index("ix_claims_pool_registration", "claims", ["pool_id", "registration_id", "status"])
    op.create_index("ix_search_words_word", "search_words", ["word", "registration_id"])


def downgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
        for index in INDEXES:
            batch.drop_index(index)
        batch.create_index("ix_registrations_edition", ["edition_id", "id"])
    words: dict[int, list[str]] = {}
    for registration_id, word in op.get_bind().execute(sa.select(WORDS.c.registration_id, WORDS.c.word)):
        words.setdefault(registration_id, []).append(word)
    texts = [
        {"of": row.id, "search_text": "\n".join([folded(row.email), *words.get(row.id, ())])} for row in people(NAMES)
    ]
    write(REGISTRATIONS, ["search_text"], texts)
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("search_text", server_default=None)
        for name in ORDERS:
            batch.drop_column(name)
    op.drop_index("ix_claims_pool_registration", "claims")
    op.drop_table("search_words")


def fill() -> None:
    """Registered people are found by the same words as before; other spellings come with the next change."""
    orders = []
    for row in people(NAMES):
        name = f"{folded(row.family_name or row.given_name)} {folded(row.given_name)}"
        orders.append({"of": row.id, "by_name": name[:200], "by_organisation": folded(row.organisation)[:200]})
    write(REGISTRATIONS, ORDERS, orders)
    words = []
    for row in people(REGISTRATIONS.c.id, REGISTRATIONS.c.search_text):
        found = {word[:60] for word in re.findall(r"\w+", row.search_text.replace("_", " "))}
        words += [{"registration_id": row.id, "word": word} for word in sorted(found)]
    if words:
        op.get_bind().execute(WORDS.insert(), words)


def people(*what: Any) -> Sequence[sa.Row[Any]]:
    return op.get_bind().execute(sa.select(*what)).all()


def write(table: sa.TableClause, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    values = {column: sa.bindparam(column) for column in columns}
    if rows:
        op.get_bind().execute(table.update().where(table.c.id == sa.bindparam("of")).values(values), rows)


def folded(text: str) -> str:
    """Without case and marks, as the application put it when this was written."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return unicodedata.normalize("NFKC", plain.translate(PLAIN))
