"""Where the board of calls and breakers lies: in this process, or elsewhere for all workers.

What is changed, and how, is ``operations.balance``'s in every store; a store
only makes each change whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Protocol, TypeVar

from fractal_rmo.operations.balance import Board

Result = TypeVar("Result")
Change = Callable[[Board, float], tuple[Board, Result]]
"""From the board and the store's time in seconds to the new board and what the caller wants."""


class BoardStore(Protocol):
    """Changes the board, one change at a time."""

    def update(self, change: Change[Result]) -> Result:
        """Apply ``change`` as a whole; it may be called more than once."""


class LocalBoard:
    """The board of one process."""

    def __init__(self) -> None:
        self._board, self._lock = Board(), Lock()

    def update(self, change: Change[Result]) -> Result:
        """See the protocol."""
        with self._lock:
            self._board, result = change(self._board, time.monotonic())
        return result
