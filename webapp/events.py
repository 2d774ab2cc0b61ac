"""Server-sent events of tasks: one question to the database for all open pages together.

An event holds the whole status, and its id is the status' revision.  So a
stream that breaks loses nothing: the next one begins with the present status,
unless the client has seen just that, and a slow client skips what is outdated.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.views import TaskStatus
from fractal_rmo.services.documents import revision, status_document

LOOK_EVERY_S = 0.4
HEARTBEAT_S = 15.0
"""Proxies cut a connection that is silent for a minute."""
MOST_STREAMS = 96
"""Each holds a thread of the server; the others must stay free for pages."""
_LOG = logging.getLogger(__name__)
Look = Callable[[Collection[str]], Mapping[str, TaskStatus]]


class TooManyStreamsError(Exception):
    """No further stream is opened; the client asks from time to time instead."""


@dataclass(eq=False)
class Stream:
    """One open page: ``seen`` is the revision that it shows."""

    task_id: str
    seen: str
    news: threading.Event = field(default_factory=threading.Event)


class Watcher:
    """Looks at the tasks of all open streams while there are any."""

    def __init__(self, look: Look, *, every_s: float = LOOK_EVERY_S) -> None:
        self._look, self._every_s = look, every_s
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._latest: dict[str, tuple[str, dict[str, Json]]] = {}
        self._thread: threading.Thread | None = None

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def open(self, task_id: str, last_id: str) -> Stream:
        """A stream from behind ``last_id`` on; ``close`` it.  Raises ``TooManyStreamsError``."""
        with self._lock:
            if len(self._streams) >= MOST_STREAMS:
                raise TooManyStreamsError
            stream = Stream(task_id, last_id)
            self._streams.add(stream)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream; its last reader is gone."""
        with self._lock:
            self._streams.discard(stream)

    def events(self, stream: Stream) -> Iterator[str]:
        """The stream's text, to the task's end."""
        yield "retry: 2000\n\n"
        while True:
            fresh = stream.news.wait(HEARTBEAT_S)
            stream.news.clear()
            found = self._latest.get(stream.task_id)
            if not fresh or found is None:
                yield ": still here\n\n"
                continue
            number, document = found
            if number != stream.seen:
                stream.seen = number
                yield format_event("status", number, document)
            if document["ending"]:
                yield format_event("end", number, {"ending": document["ending"]})
                return

    def _watch(self) -> None:
        while True:
            with self._lock:
                if not self._streams:
                    self._thread = None
                    self._latest.clear()
                    return
                streams = list(self._streams)
            try:
                self._tell(streams)
            except FractalError as error:  # a database that is being started again
                _LOG.warning("open pages wait: %s", error)
            except Exception:  # noqa: BLE001 - the pages live on, and the log says why they wait
                _LOG.exception("looking at the tasks of open pages failed")
            time.sleep(self._every_s)

    def _tell(self, streams: Collection[Stream]) -> None:
        found = self._look({stream.task_id for stream in streams})
        documents = {task_id: status_document(status) for task_id, status in found.items()}
        self._latest = {name: (revision(d), d) for name, d in documents.items()}
        for stream in streams:
            number, document = self._latest.get(stream.task_id, ("", {}))
            if number and (number != stream.seen or document["ending"]):
                stream.news.set()


def format_event(name: str, number: str, document: Mapping[str, Json]) -> str:
    """One event of the stream's format; JSON holds no line break."""
    return f"event: {name}\nid: {number}\ndata: {json.dumps(document, default=dict)}\n\n"
