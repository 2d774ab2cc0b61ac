"""The cluster at this moment, as its workers and its broker tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from fractal_rmo.domain.views import WorkerRow


class ClusterView(Protocol):
    """Asks, and remembers nothing.

    An answer takes about a second at most.  Raises ``InfrastructureError``
    (BROKER_DOWN) when the broker does not answer, and nothing else.
    """

    def workers(self) -> Sequence[WorkerRow]:
        """Every worker that answers within a second, by name.

        A worker that is down, hung or too busy is missing.
        """

    def queue_depths(self) -> Mapping[str, int]:
        """Messages that wait in each queue; those that a worker holds are not counted."""
