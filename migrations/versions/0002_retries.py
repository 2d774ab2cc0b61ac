"""A person's retry begins anew; a one-time link is used once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tasks", sa.Column("base_round", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "tasks",
        sa.Column(
            "began_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    op.execute("UPDATE tasks SET began_at = created_at")
    op.create_table(
        "used_links",
        sa.Column("nonce_sha256", sa.Text(), nullable=False),
        sa.Column(
            "used_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("nonce_sha256", name=op.f("pk_used_links")),
    )


def downgrade() -> None:
    op.drop_table("used_links")
    op.drop_column("tasks", "began_at")
    op.drop_column("tasks", "base_round")
