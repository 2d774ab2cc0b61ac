"""``ports.messages.Router`` on Redis: a stream and a channel for each type of message."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from fractal_rmo.adapters.bus.redis_client import PREFIX
from fractal_rmo.domain.errors import ErrorCode, FractalError, InfrastructureError
from fractal_rmo.domain.message import Envelope, MessageType
from fractal_rmo.ports.messages import Delivery
from fractal_rmo.services.message_schemas import document, read

LONGEST = 10_000
"""Entries of a stream, about; what is cut off unread is found in Postgres."""
CLAIM_AFTER_S = 30.0
"""A member that has not settled an entry by then is taken for dead."""
_FORGET_AFTER_MS = 3_600_000
_AGAIN_S = 1.0
_FIELD = "message"
_LOG = logging.getLogger(__name__)


class RedisRouter:
    """``redis`` answers quickly or not at all; ``listener`` waits for what is told."""

    def __init__(
        self, redis: Redis, listener: Redis, *, claim_after_s: float = CLAIM_AFTER_S
    ) -> None:
        self._redis, self._listener = redis, listener
        self._claim_after_ms = int(claim_after_s * 1000)

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """See the port."""
        with _reached():
            asked = self._redis.pipeline(transaction=False)
            for envelope in envelopes:
                text = json.dumps(document(envelope), default=dict)
                kind = envelope.message.type
                asked.xadd(stream(kind), {_FIELD: text}, maxlen=LONGEST, approximate=True)
                asked.publish(channel(kind), text)
            asked.execute()

    def read(
        self, group: str, kinds: Collection[MessageType], limit: int
    ) -> tuple[Sequence[Delivery], bool]:
        """See the port."""
        with _reached():
            made = [self._make_group(group, kind) for kind in kinds]
            found = [delivery for kind in kinds for delivery in self._claimed(group, kind, limit)]
            streams: Any = dict.fromkeys(map(stream, kinds), ">")
            new: Any = self._redis.xreadgroup(group, member(), streams, count=limit)
            pairs = new.items() if isinstance(new, dict) else new or ()
            for name, entries in pairs:
                found += [_delivery(name, entry) for entry in _flat(entries)]
            return found, any(made)

    def settle(self, group: str, deliveries: Collection[Delivery]) -> None:
        """See the port."""
        with _reached():
            asked = self._redis.pipeline(transaction=False)
            for delivery in deliveries:
                name, entry = delivery.receipt
                asked.xack(name, group, entry)
            asked.execute()

    def watch(
        self,
        kinds: Collection[MessageType],
        heard: Callable[[Envelope], None],
        connected: Callable[[], None],
    ) -> None:
        """See the port."""
        while True:
            try:
                self._follow([channel(kind) for kind in kinds], heard, connected)
            except (RedisError, OSError) as error:
                _LOG.debug("listening again in a second: %s", error)
            time.sleep(_AGAIN_S)

    def _follow(
        self,
        channels: Sequence[str],
        heard: Callable[[Envelope], None],
        connected: Callable[[], None],
    ) -> None:
        with self._listener.pubsub() as told:  # type: ignore[no-untyped-call]
            told.subscribe(*channels)
            for event in told.listen():
                if event["type"] == "subscribe":
                    connected()
                elif event["type"] == "message" and (envelope := _envelope(event["data"])):
                    heard(envelope)

    def _make_group(self, group: str, kind: MessageType) -> bool:
        """Whether the group was missing; a new one begins at the stream's start."""
        try:
            self._redis.xgroup_create(stream(kind), group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
            return False
        return True

    def _claimed(self, group: str, kind: MessageType, limit: int) -> Iterator[Delivery]:
        """What dead members left; those that left nothing and are long gone are forgotten."""
        name = stream(kind)
        answer: Any = self._redis.xautoclaim(
            name, group, member(), self._claim_after_ms, "0-0", count=limit
        )
        yield from (_delivery(name, entry) for entry in answer[1])
        consumers: Any = self._redis.xinfo_consumers(name, group)
        for other in consumers:
            if other["pending"] == 0 and other["idle"] > _FORGET_AFTER_MS:
                self._redis.xgroup_delconsumer(name, group, other["name"])


def stream(kind: MessageType) -> str:
    """For those who must not miss any."""
    return f"{PREFIX}stream:{kind.value}"


def channel(kind: MessageType) -> str:
    """For those who only watch."""
    return f"{PREFIX}told:{kind.value}"


def member() -> str:
    """The name of this process among the members of a group."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _flat(entries: Any) -> Any:
    """Entries of one stream, which RESP3 gives in one more list."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _delivery(name: str, entry: Any) -> Delivery:
    number, values = entry
    return Delivery((name, number), _envelope((values or {}).get(_FIELD, "")))


def _envelope(text: str) -> Envelope | None:
    """The message, or None, with a line in the log that says where it does not fit."""
    try:
        return read(json.loads(text))
    except (ValueError, RecursionError) as error:
        _LOG.warning("what is no message is passed over: %s", error)
    except FractalError as error:
        _LOG.warning("a message is passed over: %s", error)
    return None


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise InfrastructureError(ErrorCode.BROKER_DOWN, str(error)) from error
