"""hosting: calls for hosts, proposals, reviews, ballots, decisions, hand-over

Follows: 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
# Of members, empty for those that are there; the application gives a value itself.
ABOUT_MEMBERS = {"website": 300, "contact_name": 120, "contact_email": 254}


def upgrade() -> None:
    with op.batch_alter_table("members") as batch:
        for name, length in ABOUT_MEMBERS.items():
            batch.add_column(sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    with op.batch_alter_table("members") as batch:
        for name in ABOUT_MEMBERS:
            batch.alter_column(name, server_default=None)
    op.create_table(
        "hosting_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("review_opens_at", MOMENT, nullable=False),
        sa.Column("review_closes_at", MOMENT, nullable=False),
        sa.Column("ballot_opens_at", MOMENT, nullable=False),
        sa.Column("ballot_closes_at", MOMENT, nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("proposals_public", sa.Boolean(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("ballot_opened_at", MOMENT, nullable=True),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "opens_at < closes_at AND closes_at <= review_opens_at AND review_opens_at < review_closes_at AND review_closes_at <= ballot_opens_at AND ballot_opens_at < ballot_closes_at",
            name=op.f("ck_hosting_calls_one_after_the_other"),
        ),
        sa.CheckConstraint("quorum >= 0", name=op.f("ck_hosting_calls_quorum_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting_calls")),
        sa.UniqueConstraint("year", name=op.f("uq_hosting_calls_year")),
    )
    op.create_table(
        "criteria",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("ck_criteria_weighs_something")),
        sa.ForeignKeyConstraint(["call_id"], ["hosting_calls.id"], name=op.f("fk_criteria_call_id_hosting_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria")),
    )
    op.create_index(op.f("ix_criteria_call_id"), "criteria", ["call_id"])
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("contact_name", sa.String(length=120), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("venue", sa.String(length=200), nullable=False),
        sa.Column("venue_capacity", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("budget_eur", sa.Integer(), nullable=True),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("travel", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("supporters", sa.Text(), nullable=False),
        sa.Column("co_hosts", sa.Text(), nullable=False),
        sa.Column("trip_ideas", sa.Text(), nullable=False),
        sa.Column("motivation", sa.Text(), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        sa.Column("consented_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.CheckConstraint("proposed_by_id IS NULL OR organisation = ''", name=op.f("ck_proposals_one_proposer")),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_proposals_coordinates_are_a_pair")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["hosting_calls.id"], name=op.f("fk_proposals_call_id_hosting_calls")),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["organisations.id"], name=op.f("fk_proposals_proposed_by_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("form_key", name=op.f("uq_proposals_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_proposals_reference")),
    )
    op.create_index("ix_proposals_call_status", "proposals", ["call_id", "status"])
    op.create_index("ix_proposals_email", "proposals", ["email_key"])
    op.create_table(
        "voters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("voted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["hosting_calls.id"], name=op.f("fk_voters_call_id_hosting_calls")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_voters_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voters")),
        sa.UniqueConstraint("call_id", "organisation_id", name=op.f("uq_voters_call_id_organisation_id")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_attachments_proposal_id_proposals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("proposal_id", "content_hash", name=op.f("uq_attachments_proposal_id_content_hash")),
    )
    op.create_index(op.f("ix_attachments_content_hash"), "attachments", ["content_hash"])
    op.create_table(
        "ballots",
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["voter_id"], ["voters.id"], name=op.f("fk_ballots_voter_id_voters")),
        sa.PrimaryKeyConstraint("voter_id", name=op.f("pk_ballots")),
    )
    op.create_table(
        "decisions",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("words_to_host", sa.Text(), nullable=False),
        sa.Column("words_to_others", sa.Text(), nullable=False),
        sa.Column("prepared_at", MOMENT, nullable=False),
        sa.Column("announced_at", MOMENT, nullable=True),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["hosting_calls.id"], name=op.f("fk_decisions_call_id_hosting_calls")),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_decisions_edition_id_editions")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_decisions_proposal_id_proposals")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_decisions")),
    )
    op.create_table(
        "hand_over_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("host_done_at", MOMENT, nullable=True),
        sa.Column("last_host_done_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_hand_over_items_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_items")),
    )
    op.create_index(op.f("ix_hand_over_items_edition_id"), "hand_over_items", ["edition_id"])
    op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_questions_account_id_accounts")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_questions_proposal_id_proposals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_proposal_id"), "questions", ["proposal_id"])
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reviews_account_id_accounts")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_reviews_proposal_id_proposals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("proposal_id", "account_id", name=op.f("uq_reviews_proposal_id_account_id")),
    )
    op.create_table(
        "scores",
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("criterion_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_scores_from_one_to_five")),
        sa.ForeignKeyConstraint(["criterion_id"], ["criteria.id"], name=op.f("fk_scores_criterion_id_criteria")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_scores_review_id_reviews")),
        sa.PrimaryKeyConstraint("review_id", "criterion_id", name=op.f("pk_scores")),
    )


def downgrade() -> None:
    for table in (
        "scores",
        "reviews",
        "questions",
        "hand_over_items",
        "decisions",
        "ballots",
        "attachments",
        "voters",
        "proposals",
        "criteria",
        "hosting_calls",
    ):
        op.drop_table(table)
    with op.batch_alter_table("members") as batch:
        for name in reversed(ABOUT_MEMBERS):
            batch.drop_column(name)
