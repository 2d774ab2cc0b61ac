"""Figures of what the agents say to one another, counted as it is told.

A counter begins with the process and misses what is told while Redis is away;
what really happened stands in the tables.
"""

from __future__ import annotations

from prometheus_client import Counter

from fractal_rmo.bootstrap.tools import make_router
from fractal_rmo.domain.message import Envelope, MessageType
from fractal_rmo.services.route import watch

_MESSAGES = Counter("messages_total", "Messages between agents.", ["type"])
_VALIDATIONS = Counter("validations_total", "Validations of a round.", ["proven"])


def register() -> None:
    """Listen from now on; a broker that is down is waited for."""
    for kind in MessageType:
        _MESSAGES.labels(kind.value)
    watch(make_router(), list(MessageType), count)


def count(told: Envelope) -> None:
    """One message more."""
    _MESSAGES.labels(told.message.type.value).inc()
    if told.message.type is MessageType.VALIDATION_RESULT:
        _VALIDATIONS.labels("yes" if told.message.payload["proven"] else "no").inc()
