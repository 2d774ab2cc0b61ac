"""Messages from where they were stored to those who act on them.

Postgres holds the truth; Redis rings.  A message may arrive twice or by
another way than it was sent, and is acted on once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from functools import partial

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError
from fractal_rmo.domain.message import Envelope, MessageType
from fractal_rmo.ports.messages import Router
from fractal_rmo.services.learn import ENOUGH_NEW_ERRORS, extract_patterns
from fractal_rmo.services.tools import Tools

LEARNER = "learner"
LEARNER_HEARS = (MessageType.ERROR_REPORT,)
_BATCH = 500
_MISSED_S = 30.0
"""The stream has this long to deliver before the tables are searched for what it lost."""
_LOG = logging.getLogger(__name__)


def relay(tools: Tools) -> tuple[int, int]:
    """Seal and publish all that is open: (sealed, published).

    Without the broker the audit log goes on; what could not be published waits.
    """
    sealed = published = 0
    publish = tools.router.publish
    try:
        while True:
            drained = tools.outbox.drain(publish, _BATCH)
            sealed, published = sealed + drained.sealed, published + drained.published
            if drained.found < _BATCH:
                return sealed, published
    except InfrastructureError as error:
        if error.code is not ErrorCode.BROKER_DOWN:
            raise
        _LOG.warning("messages wait for the broker: %s", error)
    while (drained := tools.outbox.drain(None, _BATCH)).found:
        sealed += drained.sealed
    return sealed, published


def deliver(tools: Tools) -> int:
    """Give the learner what it has not had; returns how many new patterns came of it."""
    last = _from_stream(tools)
    last = _from_tables(tools, _MISSED_S) or last
    tools.inbox.advance(LEARNER, LEARNER_HEARS)
    gathered = tools.inbox.gathered(LEARNER)
    if gathered < ENOUGH_NEW_ERRORS:
        return 0
    found = extract_patterns(tools, last.consequence if last else None)
    tools.inbox.acted(LEARNER, gathered)  # after it: a crash between the two extracts once more
    return found


def _from_stream(tools: Tools) -> Envelope | None:
    """Take what the stream holds, and from the tables what a flush took from it."""
    last = None
    try:
        while True:
            deliveries, fresh = tools.router.read(LEARNER, LEARNER_HEARS, _BATCH)
            arrived = [d.envelope for d in deliveries if d.envelope]
            if arrived:
                taken = tools.inbox.take(LEARNER, LEARNER_HEARS, [e.id for e in arrived])
                last = taken or last
            if deliveries:
                tools.router.settle(LEARNER, deliveries)  # what is no message will never be one
            if fresh:
                last = _from_tables(tools, 0.0) or last
            if not deliveries:
                return last
    except InfrastructureError as error:
        if error.code is not ErrorCode.BROKER_DOWN:
            raise
        _LOG.warning("the learner reads from the tables: %s", error)
        return last


def _from_tables(tools: Tools, older_s: float) -> Envelope | None:
    last = None
    while missed := tools.inbox.missed(LEARNER, LEARNER_HEARS, older_s, _BATCH):
        taken = tools.inbox.take(LEARNER, LEARNER_HEARS, [envelope.id for envelope in missed])
        last = taken or last
    return last


def watch(
    router: Router,
    kinds: Collection[MessageType],
    heard: Callable[[Envelope], None],
    connected: Callable[[], None] = lambda: None,
) -> threading.Thread:
    """Hear messages of these kinds in a thread, for the life of the process."""
    work = partial(router.watch, kinds, heard, connected)
    thread = threading.Thread(target=work, name="messages", daemon=True)
    thread.start()
    return thread


class Courier:
    """Relays every so often, and delivers what it relayed, in a thread of its own.

    What others relayed, and what was lost on the way, the maintenance job delivers.
    """

    def __init__(self, tools: Tools, every_s: float) -> None:
        self._tools, self._every_s = tools, every_s
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin; after the fork of a worker's child, never before."""
        threading.Thread(target=self._run, name="courier", daemon=True).start()

    def stop(self) -> None:
        """Do not begin another turn."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                if relay(self._tools)[1]:
                    deliver(self._tools)
            except Exception:  # noqa: BLE001 - messages wait, and the next turn tries again
                _LOG.exception("messages were not carried")
