"""A step keeps what each attempt said; the tables say which code they no longer suit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "steps",
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.create_index(
        "ix_steps_dead", "steps", ["id"], unique=False, postgresql_where=sa.text("state = 'dead'")
    )
    op.create_table(
        "schema_contracts",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("needs_version", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_contracts")),
    )


def downgrade() -> None:
    op.drop_table("schema_contracts")
    op.drop_index("ix_steps_dead", table_name="steps", postgresql_where=sa.text("state = 'dead'"))
    op.drop_column("steps", "evidence")
