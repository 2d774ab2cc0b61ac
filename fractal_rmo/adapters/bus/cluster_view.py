"""``ports.cluster.ClusterView``: workers' own answers, the broker's own lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from celery import Celery
from kombu.connection import Connection
from kombu.pidbox import Mailbox

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError
from fractal_rmo.domain.views import WorkerRow, WorkNow

_ANSWER_S = 0.8
"""How long after the last answer another is waited for."""
_SOCKET_S = 0.5
_BOUNDED = {"socket_timeout": _SOCKET_S, "socket_connect_timeout": _SOCKET_S}


class CeleryClusterView:
    """Asks over a connection of its own: those of the pools wait for a lost broker for ever."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def workers(self) -> Sequence[WorkerRow]:
        """See the port."""
        with self._connected() as connection:
            found = self._mailbox(connection).multi_call("about", timeout=_ANSWER_S)
        answers = {name: answer for reply in found for name, answer in reply.items()}
        return [_row(name, answers[name]) for name in sorted(answers)]

    def queue_depths(self) -> Mapping[str, int]:
        """See the port."""
        names = [queue.name for queue in self._app.conf.task_queues]
        with self._connected() as connection:
            redis: Any = connection.default_channel
            asked = redis.client.pipeline(transaction=False)
            for name in names:
                asked.llen(name)  # the client adds our prefix
            return dict(zip(names, asked.execute(), strict=True))

    def _mailbox(self, connection: Connection) -> Any:
        conf, make = self._app.conf, cast("Callable[..., Any]", Mailbox)
        return make(conf.control_exchange, type="fanout", accept=conf.accept_content)(connection)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._app.connection_for_write(transport_options=_BOUNDED) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=_SOCKET_S)
                yield connection
        except Exception as error:  # the transport and its client each raise their own
            raise InfrastructureError(ErrorCode.BROKER_DOWN, str(error)) from error


def _row(name: str, answer: Mapping[str, Any]) -> WorkerRow:
    if "version" not in answer:
        return WorkerRow(name)
    return WorkerRow(
        name=name,
        role=answer["role"],
        queues=tuple(answer["queues"]),
        size=answer["size"],
        sandbox=answer["sandbox"],
        python=answer["python"],
        version=answer["version"],
        doing=tuple(WorkNow(now["task"], now["step"]) for now in answer["doing"]),
    )
