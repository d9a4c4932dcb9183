"""names in Hebrew and Arabic letters are found by Latin ones, whenever they were registered

Follows: 0024
"""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

# Pure, and the one place that knows the spellings: a copy of its tables here would be another truth.
from dofc_events.delegates.spelling.rules import keys_of

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SEARCHED = ("given_name", "family_name", "badge_name", "organisation")
REGISTRATIONS = sa.table("registrations", *(sa.column(name) for name in ("id", *SEARCHED)))
WORDS = sa.table("search_words", sa.column("registration_id"), sa.column("word"))
WITHOUT_VOWELS = re.compile("[\u0590-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
BATCH = 500


def upgrade() -> None:
    connection, last = op.get_bind(), 0
    columns = [REGISTRATIONS.c[name] for name in ("id", *SEARCHED)]
    while rows := connection.execute(
        sa.select(*columns).where(REGISTRATIONS.c.id > last).order_by(REGISTRATIONS.c.id).limit(BATCH)
    ).all():
        last = rows[-1].id
        spelled = {row.id: keys_of(row[1:]) for row in rows if WITHOUT_VOWELS.search(" ".join(row[1:]))}
        known = connection.execute(sa.select(WORDS).where(WORDS.c.registration_id.in_(spelled))).all()
        there = {tuple(row) for row in known}
        new = [(id_, word) for id_, words in spelled.items() for word in words if (id_, word) not in there]
        if new:
            op.bulk_insert(WORDS, [{"registration_id": id_, "word": word} for id_, word in new])


def downgrade() -> None:
    """The words stay: the search of before does not mind them."""
