"""``ports.cache.Cache``: a small level in memory before a larger one in Redis."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from fractal_rmo.domain.kept import KEPT_S, Category
from fractal_rmo.ports.cache import Make

if TYPE_CHECKING:
    from fractal_rmo.adapters.cache.far import Far

NEAR_CHARS = 16_000_000
LARGEST = 1_000_000
"""Characters of one value; a larger one is made each time."""
_LOOK_S = 0.1


class Near:
    """What this process used last, bounded by the length of its values."""

    def __init__(self, most: int = NEAR_CHARS) -> None:
        self._most, self._size, self._lock = most, 0, Lock()
        self._kept: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def get(self, name: str) -> str | None:
        """The value, unless its time is over."""
        with self._lock:
            value, until = self._kept.get(name, ("", 0.0))
            if until <= time.monotonic():
                self._drop(name)
                return None
            self._kept.move_to_end(name)
            return value

    def put(self, name: str, value: str, seconds: float) -> None:
        """Keep it; what was used longest ago makes room."""
        with self._lock:
            self._drop(name)
            self._kept[name] = (value, time.monotonic() + seconds)
            self._size += len(value)
            while self._size > self._most:
                self._drop(next(iter(self._kept)))

    def _drop(self, name: str) -> None:
        value, _ = self._kept.pop(name, ("", 0.0))
        self._size -= len(value)


class TwoLevelCache:
    """Memory, then ``far``; memory alone where that is None or does not answer."""

    def __init__(self, far: Far | None, near: Near | None = None) -> None:
        self._far, self._near = far, near or Near()
        self._making: set[str] = set()
        self._lock = Lock()

    def get_or_make(
        self,
        category: Category,
        key: str,
        make: Make,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[str, bool]:
        """See the port."""
        name = f"{category}:{hashlib.sha256(key.encode()).hexdigest()}"
        token = uuid.uuid4().hex
        while (found := self._find(name)) is None:
            if self._takes(name, token):
                return self._made(category, name, token, make)
            if cancelled():
                return make(lambda: None), False
            time.sleep(_LOOK_S)
        return found, True

    def _made(self, category: Category, name: str, token: str, make: Make) -> tuple[str, bool]:
        try:
            found = self._find(name)  # it may have come between the look and the hold
            if found is not None:
                return found, True
            value = make(lambda: self._far.hold_on(name, token) if self._far else None)
            self._keep(name, value, KEPT_S[category])
            return value, False
        finally:
            self._leave(name, token)

    def _find(self, name: str) -> str | None:
        near = self._near.get(name)
        if near is not None or self._far is None:
            return near
        found = self._far.get(name)
        if found is None:
            return None
        self._near.put(name, *found)
        return found[0]

    def _keep(self, name: str, value: str, seconds: int) -> None:
        if len(value) > LARGEST:
            return
        self._near.put(name, value, seconds)
        if self._far is not None:
            self._far.put(name, value, seconds)

    def _takes(self, name: str, token: str) -> bool:
        """Whether this caller is the one who makes the value, here and everywhere."""
        with self._lock:
            if name in self._making:
                return False
            self._making.add(name)
        if self._far is None or self._far.take(name, token):
            return True
        with self._lock:
            self._making.discard(name)
        return False

    def _leave(self, name: str, token: str) -> None:
        if self._far is not None:
            self._far.let_go(name, token)
        with self._lock:
            self._making.discard(name)
