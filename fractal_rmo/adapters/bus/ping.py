"""Whether the broker answers."""

from __future__ import annotations

from celery import Celery


def broker_trouble(app: Celery) -> str:
    """One sentence, or "" when the broker answers."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except Exception as error:  # noqa: BLE001 - each transport raises its own
        return f"the broker does not answer: {error}"
    return ""


def workers(app: Celery, seconds: float = 1.0) -> dict[str, list[str]]:
    """The queues of each worker that answers a ping, by worker name."""
    answered = app.control.inspect(timeout=seconds).active_queues() or {}
    return {name: sorted(q["name"] for q in queues) for name, queues in answered.items()}
