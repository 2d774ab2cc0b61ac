"""Holding a step: the heartbeat that extends leases, and the token that says stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from fractal_rmo.domain.errors import FractalError, InfrastructureError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.step import Claim
from fractal_rmo.ports.stores import StepStore

_LOG = logging.getLogger(__name__)
_NOTE_EVERY_S = 0.5
_LOOK_EVERY_S = 1.0
"""A task that was cancelled is seen to be so within this."""


class Farewell:
    """When this worker was asked to end; ``asked_at`` tells it on the monotonic clock, 0 for not.

    What can be put aside is put aside at once; what cannot has ``grace_s`` seconds.
    """

    def __init__(self, asked_at: Callable[[], float] = lambda: 0.0, grace_s: float = 0.0) -> None:
        self._asked_at = asked_at
        self._grace_s = grace_s

    @property
    def begun(self) -> bool:
        """Whether this worker is to end."""
        return self._asked_at() > 0

    @property
    def over(self) -> bool:
        """Whether it should have ended by now."""
        return self.begun and time.monotonic() > self._asked_at() + self._grace_s


class Hold:
    """One claimed step while it is worked on.  ``lost`` is set when it is no longer ours."""

    def __init__(self, claim: Claim, steps: StepStore, farewell: Farewell) -> None:
        self.claim = claim
        self.lost = threading.Event()
        self._steps = steps
        self._farewell = farewell
        self._noted = 0.0

    def should_pause(self) -> bool:
        """Whether work that can be resumed elsewhere stops at its next good place."""
        return self.lost.is_set() or self._farewell.begun

    def must_stop(self) -> bool:
        """Whether what runs is ended in the middle: nobody wants it, or this worker has to go."""
        return self.lost.is_set() or self._farewell.over

    def note(self, progress: Mapping[str, Json]) -> None:
        """Record progress, at most twice a second; the answer tells whether to go on.

        A database that does not answer is no reason to stop: the lease decides.
        """
        now = time.monotonic()
        if now - self._noted < _NOTE_EVERY_S:
            return
        self._noted = now
        try:
            if not self._steps.note(self.claim.ref.step_id, self.claim.fence, progress):
                self.lost.set()
        except InfrastructureError as error:
            _LOG.warning("progress was not noted: %s", error)


class Heart:
    """Extends the leases of all steps this process holds, in one statement a beat.

    Between the beats it asks once a second which of them are still its own.
    One thread for the life of the process, started with the first step that
    is held: so after the fork of a worker's child, never before.
    """

    def __init__(
        self,
        steps: StepStore,
        *,
        every_s: float,
        lease_s: float,
        farewell: Farewell | None = None,
    ) -> None:
        self._steps = steps
        self._farewell = farewell or Farewell()
        self._every_s = every_s
        self._lease_s = lease_s
        self._holds: dict[str, Hold] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[Hold]:
        """Keep the claim's lease alive for as long as the block runs."""
        hold = Hold(claim, self._steps, self._farewell)
        with self._lock:
            self._holds[claim.ref.step_id] = hold
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield hold
        finally:
            with self._lock:
                del self._holds[claim.ref.step_id]

    def _beat(self) -> None:
        due = time.monotonic() + self._every_s
        while True:
            time.sleep(min(_LOOK_EVERY_S, self._every_s))
            with self._lock:
                holds = dict(self._holds)
            extend = time.monotonic() >= due
            if extend:
                due = time.monotonic() + self._every_s
            if holds:
                self._look(holds, extend=extend)

    def _look(self, holds: Mapping[str, Hold], *, extend: bool) -> None:
        fences = {step: hold.claim.fence for step, hold in holds.items()}
        try:
            kept = self._steps.extend(fences, self._lease_s) if extend else self._steps.held(fences)
        except FractalError as error:
            _LOG.warning("leases were not extended: %s", error)
        except Exception:  # noqa: BLE001 - without this thread every lease would be lost
            _LOG.exception("leases were not extended")
        else:
            for step in holds.keys() - kept:
                holds[step].lost.set()
