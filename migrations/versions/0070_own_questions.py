"""an edition's own questions, their options and answers

Follows: 0066
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0070"
down_revision: str | None = "0066"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEY = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
ONE_OWNER = "(edition_id IS NULL) != (trip_id IS NULL)"
ONE_OF_THREE = (
    "(edition_id IS NOT NULL AND trip_id IS NULL AND option_id IS NULL)"
    " OR (edition_id IS NULL AND trip_id IS NOT NULL AND option_id IS NULL)"
    " OR (edition_id IS NULL AND trip_id IS NULL AND option_id IS NOT NULL)"
)


def upgrade() -> None:
    op.create_table(
        "edition_questions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("edition_id", sa.Integer(), sa.ForeignKey("editions.id"), nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("caption", sa.String(200), nullable=False),
        sa.Column("hint", sa.String(400), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("shown_when", sa.String(40), nullable=False),
        sa.Column("shown_for", sa.JSON(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("required_from_on", sa.Date(), nullable=True),
        sa.Column("frozen_from_on", sa.Date(), nullable=True),
        sa.Column("organisers_only", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("edition_id", "key"),
    )
    op.create_table(
        "question_options",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("question_id", sa.Integer(), sa.ForeignKey("edition_questions.id"), nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("caption", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("question_id", "key"),
    )
    op.create_table(
        "answers",
        sa.Column("registration_id", sa.Integer(), sa.ForeignKey("registrations.id"), primary_key=True),
        sa.Column("question_id", sa.Integer(), sa.ForeignKey("edition_questions.id"), primary_key=True),
        sa.Column("choice", KEY, primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_index("ix_answers_choice", "answers", ["question_id", "choice", "registration_id"])
    with op.batch_alter_table("pools") as batch:
        batch.add_column(sa.Column("option_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_pools_option_id_question_options"), "question_options", ["option_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_pools_option_id"), ["option_id"])
        batch.drop_constraint(op.f("ck_pools_has_one_owner"), type_="check")
        batch.create_check_constraint(op.f("ck_pools_has_one_owner"), ONE_OF_THREE)


def downgrade() -> None:
    op.execute("DELETE FROM claims WHERE pool_id IN (SELECT id FROM pools WHERE option_id IS NOT NULL)")
    op.execute("DELETE FROM pools WHERE option_id IS NOT NULL")
    with op.batch_alter_table("pools") as batch:
        batch.drop_constraint(op.f("ck_pools_has_one_owner"), type_="check")
        batch.create_check_constraint(op.f("ck_pools_has_one_owner"), ONE_OWNER)
        batch.drop_constraint(op.f("uq_pools_option_id"), type_="unique")
        batch.drop_constraint(op.f("fk_pools_option_id_question_options"), type_="foreignkey")
        batch.drop_column("option_id")
    op.drop_table("answers")
    op.drop_table("question_options")
    op.drop_table("edition_questions")
