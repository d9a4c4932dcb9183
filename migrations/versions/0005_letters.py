"""letters to many delegates at once

Follows: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("anchor", sa.String(length=20), nullable=False),
        sa.Column("anchor_days", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.String(length=254), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_letters_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    op.create_index(op.f("ix_letters_edition_id"), "letters", ["edition_id"])
    op.create_table(
        "letter_recipients",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_letter_recipients_letter_id_letters")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_letter_recipients_message_id_messages")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_letter_recipients_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("letter_id", "registration_id", name=op.f("pk_letter_recipients")),
        sa.UniqueConstraint("letter_id", "email_key", name=op.f("uq_letter_recipients_letter_id_email_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_letter_recipients_message_id")),
    )
    op.create_index(
        "ix_letter_recipients_unwritten",
        "letter_recipients",
        ["letter_id", "registration_id"],
        sqlite_where=sa.text("message_id IS NULL"),
        postgresql_where=sa.text("message_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("letter_recipients")
    op.drop_table("letters")
