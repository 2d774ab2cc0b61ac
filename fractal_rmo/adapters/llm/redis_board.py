"""The board in Redis: all workers see one.

Each change is a compare-and-set: the board is read, changed here by
``operations.balance``, and written if nobody wrote since.
"""

from __future__ import annotations

import json
import logging
from threading import Lock

from redis import Redis

from fractal_rmo.adapters.bus.best_effort import BestEffort
from fractal_rmo.adapters.bus.redis_client import PREFIX
from fractal_rmo.adapters.llm.board import Change, LocalBoard, Result
from fractal_rmo.operations.balance import Board, Lease
from fractal_rmo.operations.breaker import Breaker

KEY = f"{PREFIX}models:board"
_KEPT_S = 3600
"""A board that nobody changes for so long holds no call and no open breaker."""
_LOG = logging.getLogger(__name__)
_SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class RedisBoard:
    """The board of all processes; this one's own while Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._local = redis, LocalBoard()
        self._swap = redis.register_script(_SWAP)
        self._lock = Lock()
        self._ask = BestEffort("the load of models is balanced in this process only").ask

    def update(self, change: Change[Result]) -> Result:
        """See ``BoardStore``."""
        shared = self._ask(lambda: self._shared(change))
        return shared[0] if shared else self._local.update(change)

    def _shared(self, change: Change[Result]) -> tuple[Result]:
        with self._lock:  # threads of one process need not compete in Redis as well
            return (self._swapped(change),)

    def _swapped(self, change: Change[Result]) -> Result:
        while True:
            text, now = self._read()
            board, result = change(unpacked(text), now)
            new = packed(board)
            if new == text or self._swap(keys=[KEY], args=[text, new, _KEPT_S]):
                return result

    def _read(self) -> tuple[str, float]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(KEY)
        pipe.time()
        text, (seconds, micros) = pipe.execute()
        return text or "", seconds + micros / 1e6


def packed(board: Board) -> str:
    """The board as text."""
    leases, breakers = board.leases.items(), board.breakers.items()
    parts = {
        "leases": {id_: (held.endpoint, held.load, held.until) for id_, held in leases},
        "breakers": {name: (b.failures, b.opened_at, b.probe) for name, b in breakers},
    }
    return json.dumps(parts, separators=(",", ":"))


def unpacked(text: str) -> Board:
    """The board in the text; an empty one where it cannot be read, which costs a little balance."""
    try:
        parts = json.loads(text) if text else {"leases": {}, "breakers": {}}
        leases = {name: Lease(*lease) for name, lease in parts["leases"].items()}
        breakers = {name: Breaker(*breaker) for name, breaker in parts["breakers"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        _LOG.warning("the board of models' load was damaged and begins anew")
        return Board()
    return Board(leases, breakers)
