"""The level in Redis, with a lock for whoever makes a value."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from fractal_rmo.adapters.bus.redis_client import PREFIX

ENTRIES = 10_000
HOLD_S = 15
"""A maker who is silent for so long is taken for dead."""
_INDEX = f"{PREFIX}cache:index"
_REST_S = 5.0
_LOG = logging.getLogger(__name__)
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
        self._rests_until = 0.0

    def get(self, name: str) -> tuple[str, float] | None:
        """The value and the seconds it is kept still; None also for a damaged one."""
        answer = self._ask(lambda: (self._redis.get(_key(name)), self._redis.pttl(_key(name))))
        text, left_ms = answer or (None, 0)
        value = _unpacked(text) if text else None
        return (value, left_ms / 1000) if value is not None and left_ms > 0 else None

    def put(self, name: str, value: str, seconds: int) -> None:
        """Keep it."""
        self._ask(lambda: self._store(_key(name), _packed(value), seconds))

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

    def _ask(self, question: Callable[[], Any]) -> Any:
        """The answer, or None where Redis does not give one."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            return question()
        except (RedisError, OSError) as error:
            self._rests_until = time.monotonic() + _REST_S
            _LOG.warning("the cache is each process's own for now: %s", error)
            return None


def _key(name: str) -> str:
    return f"{PREFIX}cache:{name}"


def _lock(name: str) -> str:
    return f"{PREFIX}cache:maker:{name}"


def _packed(value: str) -> str:
    return f"{hashlib.sha256(value.encode()).hexdigest()} {value}"


def _unpacked(text: str) -> str | None:
    digest, _, value = text.partition(" ")
    damaged = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest() != digest
    return None if damaged else value
