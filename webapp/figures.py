"""Figures of what the agents say to one another, counted as it is told.

A counter begins with the process and misses what is told while Redis is away;
what really happened stands in the tables.
"""

from __future__ import annotations

import threading

from prometheus_client import Counter

from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.message import Envelope, MessageType
from fractal_rmo.services.route import watch
from webapp.tools import tools

_MESSAGES = Counter("messages_total", "Messages between agents.", ["type"])
_VALIDATIONS = Counter("validations_total", "Validations of a round.", ["proven"])
_AGAIN_S = 5.0


def register() -> None:
    """Listen from now on; servers that are down are waited for."""
    for kind in MessageType:
        _MESSAGES.labels(kind.value)
    threading.Thread(target=_listen, name="figures", daemon=True).start()


def count(told: Envelope) -> None:
    """One message more."""
    _MESSAGES.labels(told.message.type.value).inc()
    if told.message.type is MessageType.VALIDATION_RESULT:
        _VALIDATIONS.labels("yes" if told.message.payload["proven"] else "no").inc()


def _listen() -> None:
    waiting = threading.Event()
    while True:
        try:
            watch(tools().router, list(MessageType), count).join()
        except FractalError:
            waiting.wait(_AGAIN_S)
