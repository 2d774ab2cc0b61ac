"""Kombu's Redis transport with one client a channel, and connections that use it."""

from __future__ import annotations

# what the base classes leave open as well is nothing that a queue of ours needs
# pylint: disable=abstract-method
from typing import Any

from kombu.connection import Connection, ConnectionPool, PooledConnection
from kombu.transport import redis


class KeptClient(redis.Channel):
    """A channel that makes its client once.

    The stock one makes a client for each command that it sends, two for each
    message that is taken (measured: a quarter of what a worker's main process
    works).  Clients hold nothing: connections come from the channel's pool.
    """

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        """The client for commands; that which waits for messages owns a connection, and is new."""
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[no-untyped-call]
        return self._kept


class Transport(redis.Transport):
    """Opens such channels."""

    Channel = KeptClient


class OverRedis:
    """Connections of this application alone: kombu's table of transports is the process's."""

    def get_transport_cls(self) -> type[Transport]:
        """Whatever the address: there is no broker but Redis."""
        return Transport


class Pooled(OverRedis, PooledConnection):
    """One for those who publish."""


class Pool(ConnectionPool):
    """The stock one makes stock connections, whatever made it."""

    def new(self) -> Pooled:
        """As in the base class."""
        known = dict(self.connection._info(resolve=False))  # pylint: disable=protected-access
        return Pooled(self, **known)  # type: ignore[no-untyped-call]


class RedisConnection(OverRedis, Connection):
    """One for those who take, and the mother of a pool."""

    def Pool(self, limit: int | None = None, **kwargs: Any) -> Pool:  # noqa: N802 - kombu's name
        """As in the base class."""
        return Pool(self, limit, **kwargs)  # type: ignore[no-untyped-call]
