"""A task names the interpreter whose packages it needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("python", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("tasks", "python")
