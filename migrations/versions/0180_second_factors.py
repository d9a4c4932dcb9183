"""second factors of accounts, and what sessions await

Follows: 0171
"""

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0180"
down_revision: str | None = "0171"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "factors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("credential", sa.String(1400), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'app' AND secret IS NOT NULL AND credential IS NULL)"
            " OR (kind = 'passkey' AND secret IS NULL AND credential IS NOT NULL AND public_key IS NOT NULL)",
            name=op.f("ck_factors_has_what_its_kind_has"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_factors_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
        sa.UniqueConstraint("credential", name=op.f("uq_factors_credential")),
    )
    op.create_index(op.f("ix_factors_account_id"), "factors", ["account_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_account_id"), "recovery_codes", ["account_id"])
    op.create_table(
        "factor_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chair", sa.Boolean(), nullable=False),
        sa.Column("organiser", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_policy")),
    )
    with op.batch_alter_table("browser_sessions") as batch:
        batch.add_column(sa.Column("awaits", sa.String(20), nullable=True))
        batch.add_column(sa.Column("factor_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("challenge", sa.String(64), server_default="", nullable=False))
    with op.batch_alter_table("browser_sessions") as batch:
        batch.alter_column("challenge", server_default=None)
    rows = sa.table("browser_sessions", sa.column("id"), sa.column("challenge"))
    for (row_id,) in op.get_bind().execute(sa.select(rows.c.id)).all():
        op.execute(rows.update().where(rows.c.id == row_id).values(challenge=secrets.token_urlsafe(24)))


def downgrade() -> None:
    with op.batch_alter_table("browser_sessions") as batch:
        batch.drop_column("challenge")
        batch.drop_column("factor_at")
        batch.drop_column("awaits")
    op.drop_table("factor_policy")
    op.drop_table("recovery_codes")
    op.drop_table("factors")
