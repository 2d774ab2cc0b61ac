"""Agents' states keep a history, messages have a router, the audit log only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TRIGGERS = (
    ("messages", "content"),
    ("messages", "unseal"),
    ("messages", "removal"),
    ("audit_log", "any"),
    ("agent_state_history", "content"),
)


def upgrade() -> None:
    _history()
    _outbox()
    _consumers()
    op.execute("""
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    # the columns of a trigger cost nothing where a statement does not set them: the flags are free
    op.execute("""
        CREATE TRIGGER append_only_messages_content
        BEFORE UPDATE OF id, correlation_id, causation_id, type, payload, created_at ON messages
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER append_only_messages_unseal
        BEFORE UPDATE OF sealed ON messages
        FOR EACH ROW WHEN (OLD.sealed AND NOT NEW.sealed) EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER append_only_messages_removal
        BEFORE DELETE OR TRUNCATE ON messages
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER append_only_audit_log_any
        BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER append_only_agent_state_history_content
        BEFORE UPDATE ON agent_state_history
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def _history() -> None:
    op.create_table(
        "agent_state_history",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["tasks.id"],
            name=op.f("fk_agent_state_history_task_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("agent_id", "version", name=op.f("pk_agent_state_history")),
    )
    op.create_index("ix_agent_state_history_task_id", "agent_state_history", ["task_id"])
    op.execute("""
        INSERT INTO agent_state_history (agent_id, version, task_id, state, saved_at)
        SELECT agent_id, version, task_id, state, updated_at FROM agent_states
    """)


def _outbox() -> None:
    # what was sent before there was a router counts as published; new rows are not
    op.add_column(
        "messages",
        sa.Column("published", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.execute("ALTER TABLE messages ALTER COLUMN published SET DEFAULT false")
    op.create_index(
        "ix_messages_open",
        "messages",
        ["id"],
        postgresql_where=sa.text("NOT sealed OR NOT published"),
    )


def _consumers() -> None:
    op.create_table(
        "consumers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gathered", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_consumers")),
    )
    op.create_table(
        "deliveries",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "message_id", name=op.f("pk_deliveries")),
    )


def downgrade() -> None:
    for table, name in _TRIGGERS:
        op.execute(f"DROP TRIGGER append_only_{table}_{name} ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("deliveries")
    op.drop_table("consumers")
    op.drop_index("ix_messages_open", table_name="messages")
    op.drop_column("messages", "published")
    op.drop_table("agent_state_history")
