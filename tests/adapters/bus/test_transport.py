"""What connections of the application are made of."""

from __future__ import annotations

import pytest
from kombu.transport.redis import Channel
from redis import Redis

from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.adapters.bus.transport import KeptClient

pytestmark = [pytest.mark.cluster, pytest.mark.thorough]


def test_a_channel_sends_over_one_client(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    stock = Channel._create_client

    def counted(channel: Channel, asynchronous: bool = False) -> object:
        made.append(asynchronous)
        return stock(channel, asynchronous)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(Channel, "_create_client", counted)
    with make_app().connection_for_write(redis_url) as connection:
        pool = connection.Pool(1)
        with pool.acquire() as pooled:
            queue = pooled.SimpleQueue("heard")
            for number in range(3):
                queue.put(number)
            assert isinstance(pooled.default_channel, KeptClient)
        pool.force_close_all()
    assert made.count(False) == 1
    assert [key for key in redis.scan_iter("*heard*") if redis.type(key) == "list"]
