"""Both stores of the board: the same rules, kept by each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from fractal_rmo.adapters.llm.board import BoardStore, LocalBoard
from fractal_rmo.adapters.llm.redis_board import KEY, RedisBoard
from fractal_rmo.domain.model import Endpoint, ModelProvider
from fractal_rmo.operations.balance import Board, Chosen, release, take
from fractal_rmo.operations.breaker import FAILURES

ENDPOINTS = tuple(Endpoint(name, ModelProvider.OPENAI) for name in "abc")
TAKES = """
import sys, time, uuid
from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.llm.redis_board import RedisBoard
from fractal_rmo.config.settings import Redis
from fractal_rmo.domain.model import Endpoint, ModelProvider
from fractal_rmo.operations.balance import renew, take
store = RedisBoard(make_redis(sys.argv[1], Redis(), timeout_s=5.0))
endpoints = [Endpoint(name, ModelProvider.OPENAI) for name in "abc"]
names = [uuid.uuid4().hex[:12] for _ in range(30)]
for name in names:
    store.update(lambda board, now: take(board, endpoints, 1, name, now, now + 10))
print("taken", flush=True)
def all_renewed(board, now):
    for name in names:
        board = renew(board, name, now, now + 3)
    return board, None
while True:
    store.update(all_renewed)
    time.sleep(0.3)
"""


def taken(store: BoardStore, lease: str, lease_s: float = 15) -> str:
    def change(board: Board, now: float) -> tuple[Board, Chosen]:
        return take(board, ENDPOINTS, 1, lease, now, now + lease_s)

    return store.update(change).endpoint


def seen(store: BoardStore) -> Board:
    return store.update(lambda board, now: (board.alive(now), board.alive(now)))


@pytest.fixture(params=["local", "redis"])
def store(request: pytest.FixtureRequest) -> BoardStore:
    if request.param == "local":
        return LocalBoard()
    return RedisBoard(request.getfixturevalue("redis"))


def test_threads_share_the_load_evenly(store: BoardStore) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: taken(store, str(number)), range(60)))
    assert Counter(lease.endpoint for lease in seen(store).leases.values()) == dict.fromkeys(
        "abc", 20
    )


def test_failures_count_for_all_and_open_the_breaker(store: BoardStore) -> None:
    for _ in range(FAILURES):
        store.update(lambda board, now: (release(board, "", "a", succeeded=False, now=now), None))
    assert {taken(store, str(number)) for number in range(6)} == {"b", "c"}


@pytest.mark.thorough
def test_processes_share_the_load_and_a_dead_one_gives_back(redis: Redis, redis_url: str) -> None:
    command = [sys.executable, "-c", TAKES, redis_url]
    board = RedisBoard(redis)
    with _started(command) as living, _started(command) as dying:
        for process in (living, dying):
            assert process.stdout
            assert process.stdout.readline() == "taken\n"
        counts = Counter(lease.endpoint for lease in seen(board).leases.values())
        assert counts == dict.fromkeys("abc", 20)
        os.kill(dying.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while len(seen(board).leases) > 30:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert len(seen(board).leases) == 30  # the living one's are renewed
        living.kill()


def test_without_redis_each_process_goes_on_alone() -> None:
    board = RedisBoard(Redis.from_url("unix:///nowhere/at.all"))
    assert {taken(board, str(number)) for number in range(3)} == set("abc")


def test_a_damaged_board_begins_anew(redis: Redis) -> None:
    redis.set(KEY, '{"leases": 3}')
    assert taken(RedisBoard(redis), "one") == "a"


def _started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
