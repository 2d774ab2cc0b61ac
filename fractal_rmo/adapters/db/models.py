"""The tables, as SQLAlchemy models.  UTC everywhere; ids are UUIDv7 made by the writer.

The hot path (claim, finish) uses the statements of ``statements.py`` over
these same tables; the models are what Alembic compares the database with.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Moment = TIMESTAMP(timezone=True)
_DOLLARS = Numeric(20, 10)
"""Decimal: what is set aside and taken back leaves nothing behind."""


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can drop what another created."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        dict[str, Any]: JSONB,
        datetime: Moment,
    }


def _id() -> Mapped[str]:
    return mapped_column(Uuid(as_uuid=False), primary_key=True)


def _task(*, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(
        Uuid(as_uuid=False), ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=primary_key
    )


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


def _document() -> Mapped[dict[str, Any]]:
    return mapped_column(server_default=text("'{}'::jsonb"))


def _text() -> Mapped[str]:
    return mapped_column(server_default="")


def _count() -> Mapped[int]:
    return mapped_column(server_default="0")


class User(Base):
    """A person; access rules come later."""

    __tablename__ = "users"
    id: Mapped[str] = _id()
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(server_default="member")
    created_at: Mapped[datetime] = _now()


class ApiKey(Base):
    """A key, hashed and scoped."""

    __tablename__ = "api_keys"
    id: Mapped[str] = _id()
    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    key_sha256: Mapped[str] = mapped_column(unique=True)
    scope: Mapped[str] = mapped_column(server_default="submit")
    created_at: Mapped[datetime] = _now()
    revoked_at: Mapped[datetime | None]


class TaskRecord(Base):
    """A task.

    ``fan_in`` counts the analyzers of the round that have not ended,
    ``base_round`` the rounds before the latest retry by a person, which began
    at ``began_at``.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 6", name="level"),
        CheckConstraint(
            "(ending IS NULL) = (state NOT IN ('complete', 'failed'))", name="ending_with_terminal"
        ),
        Index("ix_tasks_live_deadline", "deadline", postgresql_where=text("ending IS NULL")),
        Index("ix_tasks_created_at", text("created_at DESC")),
        Index(
            "uq_tasks_idempotency_key",
            "owner_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
            postgresql_nulls_not_distinct=True,  # tasks of nobody share one name space
        ),
    )
    id: Mapped[str] = _id()
    owner_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("users.id", ondelete="SET NULL")
    )
    idempotency_key: Mapped[str | None]
    kind: Mapped[str]
    description: Mapped[str] = _text()
    level: Mapped[int]
    provider: Mapped[str]
    python: Mapped[str] = _text()
    budget: Mapped[dict[str, Any]] = _document()
    state: Mapped[str] = mapped_column(server_default="idle")
    ending: Mapped[str | None]
    summary: Mapped[str] = _text()
    round: Mapped[int] = mapped_column(server_default="1")
    base_round: Mapped[int] = _count()
    fan_in: Mapped[int] = mapped_column(server_default="5")
    proven_level: Mapped[int] = _count()
    content_sha256: Mapped[str] = _text()
    deadline: Mapped[datetime]
    created_at: Mapped[datetime] = _now()
    began_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = _count()


class FileRecord(Base):
    """A file of a task: submitted code or tests, a candidate, or the proven result."""

    __tablename__ = "files"
    task_id: Mapped[str] = _task(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
    sha256: Mapped[str]


class StepRecord(Base):
    """A step: work item and outbox row in one.

    ``evidence`` lists what became of each attempt that failed: ``attempt``,
    ``at`` (ISO 8601, UTC) and ``said``.
    """

    __tablename__ = "steps"
    __table_args__ = (
        UniqueConstraint("task_id", "round", "stage", "action"),
        CheckConstraint("attempts <= max_attempts", name="attempts"),
        Index("ix_steps_due", "publish_after", postgresql_where=text("state = 'queued'")),
        Index("ix_steps_leases", "lease_until", postgresql_where=text("state = 'running'")),
        Index("ix_steps_dead", "id", postgresql_where=text("state = 'dead'")),
    )
    id: Mapped[str] = _id()
    task_id: Mapped[str] = _task()
    round: Mapped[int]
    stage: Mapped[str]
    action: Mapped[str] = _text()
    state: Mapped[str]
    publish_after: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = _count()
    attempts: Mapped[int] = _count()
    max_attempts: Mapped[int] = mapped_column(server_default="3")
    progress: Mapped[dict[str, Any]] = _document()
    output: Mapped[dict[str, Any]] = _document()
    error: Mapped[str] = _text()
    evidence: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class VerdictRecord(Base):
    """What the validator said; append-only."""

    __tablename__ = "verdicts"
    __table_args__ = (Index("ix_verdicts_task_id_round", "task_id", "round"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task_id: Mapped[str] = _task()
    round: Mapped[int]
    level: Mapped[int]
    outcome: Mapped[str]
    summary: Mapped[str]
    evidence: Mapped[dict[str, Any]] = _document()
    duration_s: Mapped[float]
    tier: Mapped[str] = _text()
    tools: Mapped[dict[str, Any]] = _document()
    shared_process: Mapped[bool]
    created_at: Mapped[datetime] = _now()


class AgentStateRecord(Base):
    """An agent's state under optimistic locking: ``UPDATE ... WHERE version = n``."""

    __tablename__ = "agent_states"
    agent_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("tasks.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[dict[str, Any]] = _document()
    version: Mapped[int]
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class AgentStateHistory(Base):
    """Every version that an agent's state ever had; append-only."""

    __tablename__ = "agent_state_history"
    agent_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    task_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("tasks.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]


class MessageRecord(Base):
    """A message of one of the seven types: the outbox row of the router and of the audit log.

    Append-only but for its two flags: ``sealed`` into ``audit_log``, ``published`` to Redis.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # for the version before the router, until a migration contracts
        Index("ix_messages_unsealed", "id", postgresql_where=text("NOT sealed")),
        Index("ix_messages_open", "id", postgresql_where=text("NOT sealed OR NOT published")),
        Index("ix_messages_correlation_id", "correlation_id"),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    correlation_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    causation_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    type: Mapped[str]
    payload: Mapped[dict[str, Any]] = _document()
    created_at: Mapped[datetime] = _now()
    sealed: Mapped[bool] = mapped_column(server_default=text("false"))
    published: Mapped[bool] = mapped_column(server_default=text("false"))


class AuditRecord(Base):
    """The hash chain over all messages: ``hash = sha256(previous_hash + content_sha256)``."""

    __tablename__ = "audit_log"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    content_sha256: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]
    sealed_at: Mapped[datetime] = _now()


class ConsumerRecord(Base):
    """Who must not miss a message.

    ``position`` is of the audit log: everything up to it was delivered.
    ``gathered`` counts what was delivered since the consumer last acted on it.
    """

    __tablename__ = "consumers"
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    gathered: Mapped[int] = _count()


class DeliveryRecord(Base):
    """A message that a consumer has taken beyond its position: once, however often it comes."""

    __tablename__ = "deliveries"
    consumer: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ErrorLog(Base):
    """One error, partitioned by time."""

    __tablename__ = "error_logs"
    __table_args__ = (
        Index("idx_errors_time_type", text("time DESC"), "error_type"),
        Index("ix_error_logs_signature", "signature", postgresql_using="gin"),
        {"postgresql_partition_by": "RANGE (time)"},
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    time: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    task_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    submitter: Mapped[str] = _text()
    role: Mapped[str]
    level: Mapped[int] = _count()
    error_type: Mapped[str]
    message: Mapped[str]
    signature: Mapped[dict[str, Any]] = _document()
    tokens_used: Mapped[int] = _count()


class PatternRecord(Base):
    """What keeps coming back among errors."""

    __tablename__ = "patterns"
    __table_args__ = (
        Index("idx_patterns_signature", "error_signature", postgresql_using="gin"),
        UniqueConstraint("error_type", "signature_sha256"),
    )
    id: Mapped[str] = _id()
    error_type: Mapped[str]
    error_signature: Mapped[dict[str, Any]] = _document()
    signature_sha256: Mapped[str]
    support: Mapped[int]
    submitters: Mapped[int]
    lift: Mapped[float]
    confidence: Mapped[float]
    first_seen: Mapped[datetime] = _now()
    last_seen: Mapped[datetime] = _now()


class ProtocolRecord(Base):
    """An immutable protocol version made of small edits, each with its origin."""

    __tablename__ = "protocols"
    __table_args__ = (UniqueConstraint("name", "version"),)
    id: Mapped[str] = _id()
    name: Mapped[str]
    version: Mapped[int]
    parent_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False), ForeignKey("protocols.id"))
    edits: Mapped[dict[str, Any]] = _document()
    status: Mapped[str] = mapped_column(server_default="draft")
    created_at: Mapped[datetime] = _now()


class ExperimentRecord(Base):
    """A comparison of two protocol versions."""

    __tablename__ = "experiments"
    id: Mapped[str] = _id()
    control_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("protocols.id"))
    candidate_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("protocols.id"))
    status: Mapped[str] = mapped_column(server_default="running")
    state: Mapped[dict[str, Any]] = _document()
    started_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]


class LedgerRecord(Base):
    """What was charged to an account, and what is set aside on it for calls under way."""

    __tablename__ = "ledger"
    account: Mapped[str] = mapped_column(primary_key=True)
    tokens_spent: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tokens_reserved: Mapped[int] = mapped_column(BigInteger, server_default="0")
    dollars_spent: Mapped[Decimal] = mapped_column(_DOLLARS, server_default="0")
    dollars_reserved: Mapped[Decimal] = mapped_column(_DOLLARS, server_default="0")
    seconds_spent: Mapped[float] = mapped_column(server_default="0")
    updated_at: Mapped[datetime] = _now()


class ModelCall(Base):
    """One attempt to ask a language model, and the accounts that it is charged to.

    ``lost_after`` is when nobody can be waiting for it any more.
    """

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_open", "lost_after", postgresql_where=text("state = 'reserved'")),
    )
    id: Mapped[str] = _id()
    task_id: Mapped[str | None] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("tasks.id", ondelete="SET NULL"), index=True
    )
    accounts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    role: Mapped[str]
    purpose: Mapped[str] = _text()
    endpoint: Mapped[str]
    model: Mapped[str]
    attempt: Mapped[int]
    state: Mapped[str]
    tokens_reserved: Mapped[int]
    dollars_reserved: Mapped[Decimal] = mapped_column(_DOLLARS)
    lost_after: Mapped[datetime]
    tokens_in: Mapped[int] = _count()
    tokens_out: Mapped[int] = _count()
    tokens_cached: Mapped[int] = _count()
    is_estimated: Mapped[bool] = mapped_column(server_default=text("false"))
    dollars: Mapped[Decimal] = mapped_column(_DOLLARS, server_default="0")
    seconds: Mapped[float] = mapped_column(server_default="0")
    trouble: Mapped[str] = _text()
    created_at: Mapped[datetime] = _now()
    closed_at: Mapped[datetime | None]


class ReplayRecord(Base):
    """A stored task done again under two versions; without a difference it is being done."""

    __tablename__ = "replays"
    experiment_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("experiments.id"), primary_key=True
    )
    content_sha256: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    phase: Mapped[str]
    control: Mapped[int | None]
    candidate: Mapped[int | None]
    difference: Mapped[float | None]
    taken_at: Mapped[datetime] = _now()


class LookRecord(Base):
    """A look at an experiment and what it decided; append-only."""

    __tablename__ = "looks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    experiment_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("experiments.id"), index=True
    )
    phase: Mapped[str]
    pairs: Mapped[int]
    e_value: Mapped[float]
    mirror: Mapped[float]
    threshold: Mapped[float]
    decision: Mapped[str]
    created_at: Mapped[datetime] = _now()


class UsedLink(Base):
    """A one-time sign-in link that was opened."""

    __tablename__ = "used_links"
    nonce_sha256: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime] = _now()


class SchemaContract(Base):
    """A migration after which older code no longer works; code that does not know it refuses."""

    __tablename__ = "schema_contracts"
    revision: Mapped[str] = mapped_column(primary_key=True)
    needs_version: Mapped[str]
    created_at: Mapped[datetime] = _now()


class JobRecord(Base):
    """An hourly job that ran: the key lets it run once, whatever beat does."""

    __tablename__ = "jobs"
    name: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = _now()
    result: Mapped[dict[str, Any]] = _document()
