"""who is called what in what is published of a draw

Follows: 0036. Names were made with the secret key, and found again only as long as it stayed the same. Each draw gets a
key of its own; names that were published, or told to delegates, with the secret key of this moment are stored.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DELEGATES = sa.text("SELECT id, reference FROM registrations WHERE edition_id = :edition")
DRAWS = sa.text(
    "SELECT draws.edition_id, editions.year, draws.document FROM draws JOIN editions ON editions.id = draws.edition_id"
)


def upgrade() -> None:
    op.add_column("registrations", sa.Column("draw_name", sa.String(16), nullable=True))
    op.add_column("draws", sa.Column("names_key", sa.String(64), nullable=True))
    connection = op.get_bind()
    for edition_id, year, document in connection.execute(DRAWS).all():
        key = {"key": secrets.token_urlsafe(32), "edition": edition_id}
        connection.execute(sa.text("UPDATE draws SET names_key = :key WHERE edition_id = :edition"), key)
        published = {person["id"] for person in json.loads(document)["people"]} if document else None
        for registration_id, reference in connection.execute(DELEGATES, {"edition": edition_id}).all():
            name = called(year, reference)
            # Made with another key, it is not in what was published.
            if published is None or name in published:
                names = {"name": name, "id": registration_id}
                connection.execute(sa.text("UPDATE registrations SET draw_name = :name WHERE id = :id"), names)
    with op.batch_alter_table("draws") as batch:
        batch.alter_column("names_key", nullable=False)


def called(year: int, reference: str) -> str:
    """As the application called them until then."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"dofc.draw-{year}.{reference}".encode(), hashlib.sha256).hexdigest()[:16]


def downgrade() -> None:
    with op.batch_alter_table("draws") as batch:
        batch.drop_column("names_key")
    op.drop_column("registrations", "draw_name")
