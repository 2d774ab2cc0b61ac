from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from redis import Redis

from fractal_rmo.adapters.cache.far import Far
from fractal_rmo.adapters.cache.two_level import Near, TwoLevelCache
from fractal_rmo.domain.kept import KEPT_S, Category
from fractal_rmo.ports.cache import Cache

OTHER = Category.OTHER


def made(value: str) -> Callable[[Callable[[], None]], str]:
    return lambda _hold_on: value


def fail(_hold_on: Callable[[], None]) -> str:
    raise OSError("no luck")


@pytest.fixture(params=["near", "both"])
def cache(request: pytest.FixtureRequest) -> Cache:
    far = Far(request.getfixturevalue("redis")) if request.param == "both" else None
    return TwoLevelCache(far)


def test_a_value_is_made_once(cache: Cache) -> None:
    assert cache.get_or_make(OTHER, "key", made("one")) == ("one", False)
    assert cache.get_or_make(OTHER, "key", made("two")) == ("one", True)
    assert cache.get_or_make(Category.ANALYSIS, "key", made("three")) == ("three", False)


def test_a_failure_is_never_kept(cache: Cache) -> None:
    with pytest.raises(OSError, match="no luck"):
        cache.get_or_make(OTHER, "key", fail)
    assert cache.get_or_make(OTHER, "key", made("one")) == ("one", False)


def test_of_many_who_ask_one_makes_it(redis: Redis) -> None:
    processes = [TwoLevelCache(Far(redis)) for _ in range(2)]
    makers = 0

    def slowly(_hold_on: Callable[[], None]) -> str:
        nonlocal makers
        makers += 1
        time.sleep(0.3)
        return "value"

    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(processes[number % 2].get_or_make, OTHER, "key", slowly)
            for number in range(8)
        ]
        found = [each.result() for each in asked]
    assert makers == 1
    assert {value for value, _ in found} == {"value"}


def test_who_waits_makes_it_when_the_maker_died(redis: Redis) -> None:
    far = Far(redis, hold_s=1)
    name = f"model_replies:{hashlib.sha256(b'key').hexdigest()}"
    assert far.take(name, "a process that was killed")
    assert TwoLevelCache(far).get_or_make(OTHER, "key", made("one")) == ("one", False)


def test_a_living_maker_keeps_its_place(redis: Redis) -> None:
    far = Far(redis, hold_s=1)
    assert far.take("name", "maker")
    far.hold_on("name", "another")
    far.let_go("name", "another")
    assert not far.take("name", "another")
    far.hold_on("name", "maker")
    far.let_go("name", "maker")
    assert far.take("name", "another")


def test_who_does_not_want_to_wait_makes_it_himself(cache: Cache) -> None:
    begun, done = Event(), Event()

    def held(_hold_on: Callable[[], None]) -> str:
        begun.set()
        assert done.wait(20)
        return "one"

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(cache.get_or_make, OTHER, "key", held)
        assert begun.wait(20)
        second = cache.get_or_make(OTHER, "key", made("two"), lambda: True)
        done.set()
        assert (first.result(), second) == (("one", False), ("two", False))


def test_values_live_as_long_as_their_category(redis: Redis) -> None:
    cache = TwoLevelCache(Far(redis))
    for category in Category:
        cache.get_or_make(category, "key", made("value"))
        [name] = redis.keys(f"fractal:cache:{category}:*")
        assert KEPT_S[category] - 60 < redis.ttl(name) <= KEPT_S[category]
    assert [KEPT_S[c] for c in Category] == [3600, 86_400, 3600]


def test_both_levels_are_bounded(redis: Redis) -> None:
    cache = TwoLevelCache(Far(redis, entries=3), Near(10))
    for number in range(6):
        cache.get_or_make(OTHER, str(number), made("12345"))
    assert len(redis.keys("fractal:cache:other:*")) == 3
    apart = TwoLevelCache(None, Near(10))
    for number in range(3):
        apart.get_or_make(OTHER, str(number), made("12345"))
    assert [apart.get_or_make(OTHER, str(n), made("new"))[1] for n in (2, 1, 0)] == [
        True,
        True,
        False,
    ]


def test_a_damaged_value_is_made_again(redis: Redis) -> None:
    TwoLevelCache(Far(redis)).get_or_make(OTHER, "key", made("one"))
    [name] = redis.keys("fractal:cache:other:*")
    redis.set(name, "0123 one", ex=60)
    assert TwoLevelCache(Far(redis)).get_or_make(OTHER, "key", made("two")) == ("two", False)


def test_without_redis_memory_serves() -> None:
    cache = TwoLevelCache(Far(Redis.from_url("unix:///nowhere/at.all")))
    assert cache.get_or_make(OTHER, "key", made("one")) == ("one", False)
    assert cache.get_or_make(OTHER, "key", made("two")) == ("one", True)
