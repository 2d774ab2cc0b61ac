"""The router, as the services see it: an outbox and inboxes in Postgres, Redis between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from fractal_rmo.domain.message import Envelope, MessageType

Publish = Callable[[Sequence[Envelope]], None]


@dataclass(frozen=True, slots=True)
class Drained:
    """How many messages were taken up, and how many of them sealed and published."""

    found: int = 0
    sealed: int = 0
    published: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """An entry of a stream: ``receipt`` acknowledges it; None for what is no message."""

    receipt: tuple[str, str]
    envelope: Envelope | None


class Outbox(Protocol):
    """Messages that were stored with the effect they tell of."""

    def drain(self, publish: Publish | None, limit: int) -> Drained:
        """Seal the oldest open messages into the audit log and ``publish`` them, then mark both.

        None only seals.  What ``publish`` raises leaves nothing marked: the
        same messages come again, and consumers know them by their ids.
        """


class Inbox(Protocol):
    """What each consumer that must not miss any has taken, and what it has not acted on yet."""

    def take(
        self, consumer: str, kinds: Collection[MessageType], ids: Collection[int]
    ) -> Envelope | None:
        """Record messages as delivered, and gather each once; the last of them as it was stored.

        Ids that are no stored message of these kinds are passed over.  What a
        stream says of a message beside its id is not believed: it may be of
        the time before a restore, whose ids were given again since.
        """

    def gathered(self, consumer: str) -> int:
        """How many the consumer took since it last acted."""

    def acted(self, consumer: str, count: int) -> None:
        """The consumer has acted on the ``count`` gathered; nothing happens if more have come."""

    def missed(
        self, consumer: str, kinds: Collection[MessageType], older_s: float, limit: int
    ) -> Sequence[Envelope]:
        """Messages sealed longer ago than ``older_s`` that were never taken, oldest first."""

    def advance(self, consumer: str, kinds: Collection[MessageType]) -> int:
        """Move the consumer's position over all that was taken; returns it."""


class Router(Protocol):
    """Redis: streams for those who must not miss any, channels for those who only watch.

    All but ``watch`` raise ``InfrastructureError`` (BROKER_DOWN).
    """

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Append each to its type's stream, and tell who watches."""

    def read(
        self, group: str, kinds: Collection[MessageType], limit: int
    ) -> tuple[Sequence[Delivery], bool]:
        """What is new to the group, and what members that died had taken but not settled.

        True says that the group had to be made, as after a flush: some may be missing.
        """

    def settle(self, group: str, deliveries: Collection[Delivery]) -> None:
        """Acknowledge: these are not delivered to the group again."""

    def watch(
        self,
        kinds: Collection[MessageType],
        heard: Callable[[Envelope], None],
        connected: Callable[[], None],
    ) -> None:
        """Call ``heard`` for each message told from now on, for ever; never returns.

        ``connected`` is called after each connecting: what was told before it was missed.
        """
