"""Redis where it only helps: what asks goes on without an answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import RedisError

REST_S = 5.0
"""Redis is left alone for so long after it failed: else each call would wait for its timeout."""
_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class BestEffort:
    """``without`` says in the log how things go on while Redis does not answer."""

    def __init__(self, without: str) -> None:
        self._without, self._rests_until = without, 0.0

    def ask(self, question: Callable[[], _Answer]) -> _Answer | None:
        """The answer, or None where Redis does not give one."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            return question()
        except (RedisError, OSError) as error:
            self._rests_until = time.monotonic() + REST_S
            _LOG.warning("%s: %s", self._without, error)
            return None
