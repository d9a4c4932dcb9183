"""outcomes with pages of their own, parties, follow-up and files; write-ups, documents and sources of editions

Follows: 0121
"""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from anyascii import anyascii

revision: str = "0130"
down_revision: str | None = "0121"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FILE = (
    ("content_hash", sa.String(64)),
    ("title", sa.String(200)),
    ("name", sa.String(120)),
    ("media_type", sa.String(40)),
    ("size", sa.Integer()),
)


def upgrade() -> None:
    _add_columns()
    op.create_table(
        "outcome_parties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(2), nullable=True),
        sa.Column("has_signed", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(120), nullable=False),
        sa.Column("role", sa.String(120), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(organisation_id IS NULL) != (country IS NULL)", name=op.f("ck_outcome_parties_organisation_or_country")
        ),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_outcome_parties_outcome_id_outcomes")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_outcome_parties_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_parties")),
    )
    for column in ("country", "organisation_id", "outcome_id"):
        op.create_index(op.f(f"ix_outcome_parties_{column}"), "outcome_parties", [column])
    _move_parties()
    op.drop_table("signatories")
    op.drop_table("outcome_countries")
    op.create_table(
        "outcome_follow_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(20), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_outcome_follow_up_outcome_id_outcomes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_follow_up")),
    )
    op.create_index(op.f("ix_outcome_follow_up_outcome_id"), "outcome_follow_up", ["outcome_id"])
    _create_table_of_files("outcome_files", "outcome_id", "outcomes")
    _create_table_of_files(
        "edition_documents", "edition_id", "editions", sa.Column("is_published", sa.Boolean(), nullable=False)
    )
    op.create_table(
        "write_ups",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_write_ups_edition_id_editions")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_write_ups")),
    )
    op.create_table(
        "fact_sources",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("fact", sa.String(40), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_fact_sources_edition_id_editions")),
        sa.PrimaryKeyConstraint("edition_id", "fact", name=op.f("pk_fact_sources")),
    )


def downgrade() -> None:
    for table in ("fact_sources", "write_ups", "edition_documents", "outcome_files", "outcome_follow_up"):
        op.drop_table(table)
    _move_parties_back()
    op.drop_table("outcome_parties")
    with op.batch_alter_table("outcomes") as batch:
        batch.drop_constraint(op.f("uq_outcomes_slug"), type_="unique")
        batch.drop_index(op.f("ix_outcomes_year"))
        for column in ("changed_at", "is_published", "source", "first_status", "text", "agreed_on", "year", "slug"):
            batch.drop_column(column)


def _create_table_of_files(name: str, owner: str, owners: str, *more: sa.Column) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(owner, sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *more,
        *(sa.Column(column, type_, nullable=False) for column, type_ in FILE),
        sa.ForeignKeyConstraint([owner], [f"{owners}.id"], name=op.f(f"fk_{name}_{owner}_{owners}")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(owner, "content_hash", name=op.f(f"uq_{name}_{owner}_content_hash")),
    )
    op.create_index(op.f(f"ix_{name}_content_hash"), name, ["content_hash"])


def _add_columns() -> None:
    """Everything that was there is published: it has been on the editions' pages."""
    with op.batch_alter_table("outcomes") as batch:
        batch.add_column(sa.Column("slug", sa.String(80), nullable=True))
        batch.add_column(sa.Column("year", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("agreed_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("text", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("first_status", sa.String(20), nullable=True))
        batch.add_column(sa.Column("source", sa.String(500), server_default="", nullable=False))
        batch.add_column(sa.Column("is_published", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch.add_column(
            sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        )
    outcomes = sa.table("outcomes", *map(sa.column, ("id", "edition_id", "title", "slug", "year")))
    editions = sa.table("editions", *map(sa.column, ("id", "year")))
    rows = op.get_bind().execute(
        sa.select(outcomes.c.id, editions.c.year, outcomes.c.title)
        .join_from(outcomes, editions, editions.c.id == outcomes.c.edition_id)
        .order_by(outcomes.c.id)
    )
    taken: set[str] = set()
    for outcome_id, year, title in rows.all():
        slug = _slug(year, title, taken)
        taken.add(slug)
        op.execute(outcomes.update().where(outcomes.c.id == outcome_id).values(slug=slug, year=year))
    with op.batch_alter_table("outcomes") as batch:
        batch.alter_column("slug", existing_type=sa.String(80), nullable=False)
        batch.alter_column("year", existing_type=sa.Integer(), nullable=False)
        for column in ("text", "source", "is_published", "changed_at"):
            batch.alter_column(column, server_default=None)
        batch.create_unique_constraint(op.f("uq_outcomes_slug"), ["slug"])
        batch.create_index(op.f("ix_outcomes_year"), ["year"])


def _slug(year: int, title: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", anyascii(f"{year} {title}").lower()).strip("-")[:56].strip("-")
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def _tables() -> tuple[sa.TableClause, sa.TableClause, sa.TableClause]:
    parties = sa.table(
        "outcome_parties",
        *map(sa.column, ("id", "outcome_id", "position", "organisation_id", "country", "person", "role")),
        sa.column("has_signed", sa.Boolean()),
    )
    signatories = sa.table("signatories", sa.column("outcome_id"), sa.column("organisation_id"))
    countries = sa.table("outcome_countries", sa.column("outcome_id"), sa.column("country"))
    return parties, signatories, countries


def _move_parties() -> None:
    parties, signatories, countries = _tables()
    connection = op.get_bind()
    positions: dict[int, int] = {}

    def add(outcome_id: int, **said: object) -> None:
        positions[outcome_id] = position = positions.get(outcome_id, -1) + 1
        connection.execute(
            parties.insert().values(outcome_id=outcome_id, position=position, person="", role="", **said)
        )

    signed = sa.select(signatories.c.outcome_id, signatories.c.organisation_id)
    for outcome_id, organisation_id in connection.execute(signed.order_by(*signed.selected_columns)).all():
        add(outcome_id, organisation_id=organisation_id, has_signed=True)
    involved = sa.select(countries.c.outcome_id, countries.c.country)
    for outcome_id, country in connection.execute(involved.order_by(*involved.selected_columns)).all():
        add(outcome_id, country=country, has_signed=False)


def _move_parties_back() -> None:
    parties, signatories, countries = _tables()
    op.create_table(
        "signatories",
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_signatories_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_signatories_outcome_id_outcomes")),
        sa.PrimaryKeyConstraint("outcome_id", "organisation_id", name=op.f("pk_signatories")),
    )
    op.create_table(
        "outcome_countries",
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_outcome_countries_outcome_id_outcomes")),
        sa.PrimaryKeyConstraint("outcome_id", "country", name=op.f("pk_outcome_countries")),
    )
    for table, column in ((signatories, "organisation_id"), (countries, "country")):
        named = sa.select(parties.c.outcome_id, parties.c[column]).where(parties.c[column].is_not(None)).distinct()
        op.execute(table.insert().from_select(["outcome_id", column], named))
