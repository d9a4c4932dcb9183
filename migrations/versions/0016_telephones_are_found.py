"""telephone numbers among the words of the search

Follows: 0015
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PEOPLE = sa.table("registrations", sa.column("id"), sa.column("phone"))
WORDS = sa.table("search_words", sa.column("registration_id"), sa.column("word"))


def upgrade() -> None:
    query = sa.select(PEOPLE.c.id, PEOPLE.c.phone).where(PEOPLE.c.phone != "")
    rows = [
        {"registration_id": id_, "word": word}
        for id_, phone in op.get_bind().execute(query).all()
        for word in sorted(keys_of_number(phone))
    ]
    if rows:
        op.get_bind().execute(WORDS.insert(), rows)


def downgrade() -> None:
    op.execute(WORDS.delete().where(WORDS.c.word.startswith("#")))


def keys_of_number(phone: str) -> set[str]:
    """With the country's code and without, as the application put it when this was written."""
    numbers = ("".join(filter(str.isdigit, number)).lstrip("0") for number in (phone, phone.partition(" ")[2]))
    return {f"#{number}" for number in numbers if number}
