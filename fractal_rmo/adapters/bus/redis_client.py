"""Redis itself, beside Celery's own connections to it: the same address, the same trust."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fractal_rmo.adapters.bus.tls import tls_options
from fractal_rmo.config.settings import Redis as RedisSettings

PREFIX = "fractal:"
"""Before every key, as before Celery's."""


def make_redis(address: str, settings: RedisSettings, *, timeout_s: float | None) -> Redis:
    """A client that connects on first use; an answer takes ``timeout_s`` at most.

    None waits as long as it takes, for those who listen.
    """
    return Redis.from_url(
        plain_url(address),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s or 1.0,
        decode_responses=True,
        encoding_errors="replace",  # what is no text is no message either, and must not stop others
        # a second attempt is the caller's, who knows what it costs
        retry=Retry(NoBackoff(), 0),
        **tls_options(settings),
    )


def plain_url(address: str) -> str:
    """Celery's ``redis+socket://PATH?virtual_host=N`` as the client's ``unix://PATH?db=N``."""
    parts = urlsplit(address)
    if parts.scheme != "redis+socket":
        return address
    number = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    return f"unix://{parts.path}?db={number}"
