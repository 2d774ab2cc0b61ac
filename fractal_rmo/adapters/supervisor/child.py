"""One supervised process: started, seen to be dead, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fractal_rmo.adapters.embedded import launch, processes
from fractal_rmo.adapters.embedded.processes import Identity
from fractal_rmo.adapters.supervisor import launcher
from fractal_rmo.adapters.supervisor.procfile import shell_words


class ProcessState(StrEnum):
    """What a supervised process is at."""

    RUNNING = "running"
    WAITING = "waiting to be started again"
    GIVEN_UP = "given up"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process as it is now; ``pid`` is None when it does not run.

    ``last_exit`` is the exit code of its latest death, negative for a signal.
    """

    name: str
    state: ProcessState
    pid: int | None
    restarts: int
    last_exit: int | None


class Child:
    """A process of the Procfile, through all its lives."""

    def __init__(self, name: str, command: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.state = ProcessState.STOPPED
        self.deaths: list[float] = []
        self.started_at = 0.0
        self.restart_at = 0.0
        self.last_exit: int | None = None
        self.leader: Identity | None = None
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self, folder: Path, environment: Mapping[str, str], now: float) -> None:
        """Start it in a session of its own, its output appended to its log.

        The kernel's tie to the supervisor is to the calling *thread*, which
        must therefore live as long as the process should.
        """
        isolated = [sys.executable, "-I", "-S", launcher.__file__]  # ready in 15 ms
        words = [*isolated, str(os.getpid()), *shell_words(self._command)]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                words,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.leader = processes.identify(self._process.pid)
        self.state = ProcessState.RUNNING
        self.started_at = now

    def exit_code(self) -> int | None:
        """Return how it ended, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait() if self._process else 0

    def terminate(self) -> None:
        """Ask it to end.

        Only the first process of the session is asked: a Celery worker that is
        finishing its tasks needs its pool alive to do so.
        """
        if self._process and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def status(self) -> ProcessStatus:
        """Return it as it is now."""
        alive = self._process is not None and self.state is ProcessState.RUNNING
        return ProcessStatus(
            name=self.name,
            state=self.state,
            pid=self._process.pid if alive and self._process else None,
            restarts=len(self.deaths),
            last_exit=self.last_exit,
        )

    def last_words(self) -> str:
        """Return the end of its log, in one line."""
        return launch.last_words(self.log)
