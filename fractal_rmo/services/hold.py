"""Holding a step: the heartbeat that extends leases, and the token that says stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.step import Claim
from fractal_rmo.ports.stores import StepStore

_LOG = logging.getLogger(__name__)
_NOTE_EVERY_S = 0.5


class Hold:
    """One claimed step while it is worked on.  ``lost`` is set when it is no longer ours."""

    def __init__(self, claim: Claim, steps: StepStore) -> None:
        self.claim = claim
        self.lost = threading.Event()
        self._steps = steps
        self._noted = 0.0

    def note(self, progress: Mapping[str, Json]) -> None:
        """Record progress, at most twice a second; the answer tells whether to go on."""
        now = time.monotonic()
        if now - self._noted >= _NOTE_EVERY_S:
            self._noted = now
            if not self._steps.note(self.claim.ref.step_id, self.claim.fence, progress):
                self.lost.set()


class Heart:
    """Extends the leases of all steps this process holds, in one statement a beat.

    One thread for the life of the process, started with the first step that
    is held: so after the fork of a worker's child, never before.
    """

    def __init__(self, steps: StepStore, *, every_s: float, lease_s: float) -> None:
        self._steps = steps
        self._every_s = every_s
        self._lease_s = lease_s
        self._holds: dict[str, Hold] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[Hold]:
        """Keep the claim's lease alive for as long as the block runs."""
        hold = Hold(claim, self._steps)
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
        while True:
            time.sleep(self._every_s)
            with self._lock:
                holds = dict(self._holds)
            if holds:
                self._extend(holds)

    def _extend(self, holds: Mapping[str, Hold]) -> None:
        fences = {step: hold.claim.fence for step, hold in holds.items()}
        try:
            kept = self._steps.extend(fences, self._lease_s)
        except FractalError as error:
            _LOG.warning("leases were not extended: %s", error)
            return
        for step in holds.keys() - kept:
            holds[step].lost.set()
