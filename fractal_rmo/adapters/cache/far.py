"""The level in Redis, with a lock for whoever makes a value."""

from __future__ import annotations

import time
from typing import Any

from redis import Redis

from fractal_rmo.adapters.bus.best_effort import BestEffort
from fractal_rmo.adapters.bus.redis_client import PREFIX
from fractal_rmo.adapters.cache.sealed import seal, unseal

ENTRIES = 10_000
HOLD_S = 15
"""A maker who is silent for so long is taken for dead."""
_INDEX = f"{PREFIX}cache:index"
_LET_GO = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_HOLD_ON = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return 0
"""


class Far:
    """Shared by all processes, bounded by the number of its values; the oldest go first.

    Where Redis does not answer, nothing is found or kept, and every lock is had.
    """

    def __init__(self, redis: Redis, entries: int = ENTRIES, hold_s: int = HOLD_S) -> None:
        self._redis, self._entries, self._hold_s = redis, entries, hold_s
        self._let_go, self._hold_on = map(redis.register_script, (_LET_GO, _HOLD_ON))
        self._ask = BestEffort("the cache is each process's own for now").ask

    def get(self, name: str) -> tuple[str, float] | None:
        """The value and the seconds it is kept still; None also for a damaged one."""
        answer: Any = self._ask(lambda: (self._redis.get(_key(name)), self._redis.pttl(_key(name))))
        text, left_ms = answer or (None, 0)
        value = unseal(text) if text else None
        return (value, left_ms / 1000) if value is not None and left_ms > 0 else None

    def put(self, name: str, value: str, seconds: int) -> None:
        """Keep it."""
        self._ask(lambda: self._store(_key(name), seal(value), seconds))

    def take(self, name: str, token: str) -> bool:
        """Become the one who makes the value; False where another is."""
        answer = self._ask(lambda: [self._redis.set(_lock(name), token, nx=True, ex=self._hold_s)])
        return answer is None or bool(answer[0])

    def hold_on(self, name: str, token: str) -> None:
        """The maker lives."""
        self._ask(lambda: self._hold_on(keys=[_lock(name)], args=[token, self._hold_s]))

    def let_go(self, name: str, token: str) -> None:
        """The maker is done; nothing happens where it is another by now."""
        self._ask(lambda: self._let_go(keys=[_lock(name)], args=[token]))

    def _store(self, key: str, text: str, seconds: int) -> None:
        pipe = self._redis.pipeline(transaction=False)
        pipe.set(key, text, ex=seconds)
        pipe.zadd(_INDEX, {key: time.time()})
        pipe.zcard(_INDEX)
        over = pipe.execute()[-1] - self._entries
        if over > 0:
            oldest: Any = self._redis.zpopmin(_INDEX, over)
            self._redis.delete(*(entry for entry, _ in oldest))


def _key(name: str) -> str:
    return f"{PREFIX}cache:{name}"


def _lock(name: str) -> str:
    return f"{PREFIX}cache:maker:{name}"
