"""The sandbox, as the services see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from fractal_rmo.domain.run import Runner, Runtime, Tier


class Sandbox(Protocol):
    """Opens jails.  Never raises for what a candidate does; that is a ``RunEnding``."""

    @property
    def tier(self) -> Tier:
        """The strongest tier that was probed to work here."""

    def session(
        self, python: str = "", stop: Callable[[], bool] | None = None
    ) -> AbstractContextManager[Runner]:
        """One task's jails: started on first use, shared by its runs, gone afterwards.

        ``stop`` is asked several times a second; once it says True, what runs
        is ended and the run raises ``RunCancelledError``.

        ``python`` is the path of an interpreter whose packages the runs may
        import; "" leaves them the standard library.  Raises ``InputError``
        (BAD_PYTHON) for one that cannot be used.
        A run after the end of the session raises ``RuntimeError``.  A jail
        that cannot be started yields ``RunEnding.UNAVAILABLE``.
        """

    def warm(self, *runtimes: Runtime, python: str = "", hash_seeds: Sequence[int] = (0,)) -> None:
        """Start what these runtimes need, ahead of their first run under each hash seed."""

    def close(self) -> None:
        """End the zygotes and everything below them."""
