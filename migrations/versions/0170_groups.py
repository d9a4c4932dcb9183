"""several people with one contact, and places that are promised to a group

Follows: 0160
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0170"
down_revision: str | None = "0160"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = ("edition_id", "category_id", "trip_id", "option_id")
ONE_OWNER = " + ".join(f"CASE WHEN {kind} IS NULL THEN 0 ELSE 1 END" for kind in KINDS)
ONE_OF_FIVE = f"{ONE_OWNER} + CASE WHEN promise_id IS NULL THEN 0 ELSE 1 END = 1"
INDEXES = (
    ("ix_claims_party", ["pool_id", "party"], "party IS NOT NULL"),
    ("ix_claims_promise", ["promise_id"], "promise_id IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "promises",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_promises_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
    )
    op.create_index(op.f("ix_promises_edition_id"), "promises", ["edition_id"])
    with op.batch_alter_table("pools") as batch:
        batch.drop_constraint(op.f("ck_pools_has_one_owner"), type_="check")
        batch.add_column(sa.Column("promise_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("promised", sa.Integer(), server_default="0", nullable=False))
        batch.create_foreign_key(op.f("fk_pools_promise_id_promises"), "promises", ["promise_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_pools_promise_id"), ["promise_id"])
    with op.batch_alter_table("pools") as batch:
        batch.alter_column("promised", server_default=None)
        batch.create_check_constraint(op.f("ck_pools_has_one_owner"), ONE_OF_FIVE)
        batch.create_check_constraint(op.f("ck_pools_promised_is_taken"), "promised >= 0 AND promised <= taken")
    with op.batch_alter_table("claims") as batch:
        batch.add_column(sa.Column("party", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("promise_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_claims_promise_id_promises"), "promises", ["promise_id"], ["id"])
        batch.create_check_constraint(op.f("ck_claims_party_while_waiting"), "party IS NULL OR status = 'waitlisted'")
    for name, columns, where in INDEXES:
        op.create_index(name, "claims", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("email_key", existing_type=sa.String(254), nullable=True)
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(12), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(200), nullable=False),
        sa.Column("contact_name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("places", sa.Integer(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promise_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(places IS NULL) = (until IS NULL)", name=op.f("ck_groups_places_until")),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_groups_edition_id_editions")),
        sa.ForeignKeyConstraint(["promise_id"], ["promises.id"], name=op.f("fk_groups_promise_id_promises")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("promise_id", name=op.f("uq_groups_promise_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_groups_reference")),
    )
    op.create_index("ix_groups_contact", "groups", ["edition_id", "email_key"])
    op.create_table(
        "group_members",
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("is_contact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_group_members_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_group_members_group_id"), "group_members", ["group_id"])
    op.create_table(
        "group_invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registration_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_invitations_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_group_invitations_registration_id_registrations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_invitations")),
        sa.UniqueConstraint("group_id", "email_key", name=op.f("uq_group_invitations_group_id_email_key")),
    )
    op.create_index(op.f("ix_group_invitations_registration_id"), "group_invitations", ["registration_id"])


def downgrade() -> None:
    op.drop_table("group_invitations")
    op.drop_table("group_members")
    op.drop_table("groups")
    # Who had no address of their own is known by one that nobody has.
    op.execute("UPDATE registrations SET email_key = reference || '@invalid' WHERE email_key IS NULL")
    with op.batch_alter_table("registrations") as batch:
        batch.alter_column("email_key", existing_type=sa.String(254), nullable=False)
    # Promised places that nobody used become free.
    op.execute("UPDATE pools SET taken = taken - promised, promised = 0 WHERE edition_id IS NOT NULL")
    op.execute("DELETE FROM pools WHERE promise_id IS NOT NULL")
    for name, _, _ in INDEXES:
        op.drop_index(name, table_name="claims")
    with op.batch_alter_table("claims") as batch:
        batch.drop_constraint(op.f("ck_claims_party_while_waiting"), type_="check")
        batch.drop_constraint(op.f("fk_claims_promise_id_promises"), type_="foreignkey")
        batch.drop_column("promise_id")
        batch.drop_column("party")
    with op.batch_alter_table("pools") as batch:
        batch.drop_constraint(op.f("ck_pools_promised_is_taken"), type_="check")
        batch.drop_constraint(op.f("ck_pools_has_one_owner"), type_="check")
        batch.drop_constraint(op.f("uq_pools_promise_id"), type_="unique")
        batch.drop_constraint(op.f("fk_pools_promise_id_promises"), type_="foreignkey")
        batch.drop_column("promise_id")
        batch.drop_column("promised")
    with op.batch_alter_table("pools") as batch:
        batch.create_check_constraint(op.f("ck_pools_has_one_owner"), f"{ONE_OWNER} = 1")
    op.drop_table("promises")
