"""A bare Celery canvas of the pipeline's shape: no-ops under Celery's stock settings."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, chain, chord

app = Celery("bare", broker=os.environ["BENCH_REDIS"], backend=os.environ["BENCH_REDIS"])
app.conf.update(task_default_queue="bare", broker_connection_retry_on_startup=True)
ROLES = ("syntax", "logic", "dependency", "security", "performance")


@app.task  # type: ignore[untyped-decorator]
def analyze(role: str) -> str:
    """One of five."""
    return role


@app.task  # type: ignore[untyped-decorator]
def merge(reports: list[str]) -> int:
    """The chord's body."""
    return len(reports)


@app.task  # type: ignore[untyped-decorator]
def execute(count: int) -> int:
    """Hand on."""
    return count


@app.task  # type: ignore[untyped-decorator]
def validate(count: int) -> int:
    """Hand on."""
    return count


def canvas() -> Any:
    """chord(five analyzers -> merge) | execute | validate."""
    header = [analyze.s(role) for role in ROLES]
    return chord(header, chain(merge.s(), execute.s(), validate.s()))
