"""The supervisor: starts a Procfile's processes, restarts them, ends them all.

Three nets keep processes from outliving it: the kernel kills its direct
children, a watchdog ends their sessions the moment it is gone, and the next
start ends what both have missed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import fractal_rmo
from fractal_rmo.adapters.embedded import launch, processes
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.supervisor import control, ports, procfile, record, restarts
from fractal_rmo.adapters.supervisor.child import Child, ProcessState, ProcessStatus
from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

_POLL_SECONDS = 0.1
_SPAWN_AGAIN_SECONDS = 10.0
_STEADY_SECONDS = 1.0  # a process that cannot start at all has ended by then


def _silent(_sentence: str) -> None:
    """Report to nobody but the log."""


class Supervisor:
    """The processes of one Procfile, kept running by a thread of its own.

    ``environment`` is all that the processes get, completed by PATH, PORT and
    FLOWER_PORT.  ``report`` receives one sentence for each death and each
    process given up, from the supervisor's thread.  Use as a context manager,
    or call ``start`` and ``stop``.
    """

    def __init__(
        self,
        procfile_path: Path,
        paths: StatePaths,
        environment: Mapping[str, str],
        *,
        grace_seconds: float = 10.0,
        report: Callable[[str], None] = _silent,
    ) -> None:
        self._folder = procfile_path.resolve().parent
        self._paths = paths
        self._environment = procfile.complete(environment)
        self._grace_seconds = grace_seconds
        self._report = report
        commands = procfile.read(procfile_path)
        self._release = commands.pop(procfile.RELEASE, None)
        self._children = [self._child(name, command) for name, command in commands.items()]
        self._place: int | None = None
        self._record: Path | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._failure: OSError | None = None
        self._spawned = threading.Event()
        self._stopping = threading.Event()

    def _child(self, name: str, command: str) -> Child:
        return Child(name, command, self._paths.logs / f"{name}.log")

    def start(self) -> None:
        """Start everything; returns once each process has been started, not yet when it is ready.

        Raises ``InfrastructureError``: ALREADY_RUNNING, PORT_TAKEN, or
        SERVER_FAILED when the release step fails; nothing is left running then.
        """
        self._paths.create()
        self._place = control.claim(self._paths)
        try:
            record.sweep_all(self._paths.locks)  # first: a leftover may hold a port
            ports.require_free([child.name for child in self._children], self._environment)
            self._begin_record()
            self._run_release()
        except BaseException:
            self.stop()
            raise
        self._stopping.clear()
        self._thread = threading.Thread(target=self._keep_running, name="supervisor", daemon=True)
        self._thread.start()
        self._spawned.wait()
        if self._failure:
            self.stop()
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED, f"A process cannot be started: {self._failure}."
            ) from self._failure

    def _begin_record(self) -> None:
        me = processes.identify(os.getpid())
        if me is None:
            raise InfrastructureError(ErrorCode.SERVER_FAILED, "/proc is not mounted here.")
        self._record = record.record_path(self._paths.locks, me)
        record.write(self._record, [])
        project = str(Path(fractal_rmo.__file__).parent.parent)
        with (self._paths.logs / "supervisor.log").open("ab") as output:
            self._watchdog = subprocess.Popen(  # pylint: disable=consider-using-with
                [sys.executable, "-m", "fractal_rmo.adapters.supervisor.watchdog", self._record],
                env={**self._environment, "PYTHONPATH": project},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _run_release(self) -> None:
        if self._release is None:
            return
        step = self._child(procfile.RELEASE, self._release)
        self._spawn(step)
        try:
            code = step.wait()
        finally:
            if step.leader:
                record.end_sessions([step.leader])
        if code != 0:
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED,
                f"The step 'release' ended with {code}; {step.log} ends with: {step.last_words()}.",
            )

    def _keep_running(self) -> None:
        """Do all the starting in this one thread: the kernel ties each child to it."""
        try:
            for child in self._children:
                self._spawn(child)
        except OSError as error:
            self._failure = error
        self._spawned.set()
        while not self._stopping.wait(_POLL_SECONDS):
            for child in self._children:
                self._look_after(child)
        self._end_all()

    def _spawn(self, child: Child) -> None:
        launch.rotate(child.log)
        child.spawn(self._folder, self._environment, time.monotonic())
        if self._record:
            # the release step is not among the children
            leaders = {each.leader for each in (*self._children, child)}
            record.write(self._record, filter(None, leaders))

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        code = child.exit_code()
        if child.state is ProcessState.RUNNING and code is not None:
            self._bury(child, code, now)
        elif child.state is ProcessState.WAITING and now >= child.restart_at:
            child.restart_at = now + _SPAWN_AGAIN_SECONDS  # should the machine refuse this one
            try:
                self._spawn(child)
            except OSError as error:
                self._tell(f"'{child.name}' cannot be started: {error}.")

    def _bury(self, child: Child, code: int, now: float) -> None:
        """Clear away what a dead process left in its session, and decide what follows."""
        if child.leader:
            record.end_sessions([child.leader])
        child.last_exit = code
        child.deaths.append(now)
        delay = restarts.delay_seconds(child.deaths, now)
        if delay is None:
            child.state = ProcessState.GIVEN_UP
            self._tell(f"{self._given_up(child)}; it is left down.")
        else:
            child.state = ProcessState.WAITING
            child.restart_at = now + delay
            self._tell(f"'{child.name}' ended with {code}; it is started again in {delay:g} s.")

    def _given_up(self, child: Child) -> str:
        return (
            f"'{child.name}' died {restarts.DEATHS_TO_GIVE_UP} times within "
            f"{restarts.WINDOW_SECONDS:.0f} s, last with {child.last_exit}; "
            f"{child.log} ends with: {child.last_words()}"
        )

    def _tell(self, sentence: str) -> None:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # a full disk must not end the thread, and with it the processes
        with (
            contextlib.suppress(OSError),
            (self._paths.logs / "supervisor.log").open("a") as output,
        ):
            output.write(f"{stamp} {sentence}\n")
        self._report(sentence)

    def poll(self) -> tuple[ProcessStatus, ...]:
        """Return every process as it is now, in the Procfile's order."""
        return tuple(child.status() for child in self._children)

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Wait until every process has run for a second and the web port accepts connections.

        Raises ``InfrastructureError`` (SERVER_FAILED) when one is given up, or
        when this takes longer than ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while waiting := [child for child in self._children if not self._is_ready(child)]:
            for child in waiting:
                if child.state is ProcessState.GIVEN_UP:
                    raise InfrastructureError(ErrorCode.SERVER_FAILED, self._given_up(child) + ".")
            if time.monotonic() > deadline:
                names = ", ".join(f"{child.name} ({child.log})" for child in waiting)
                raise InfrastructureError(
                    ErrorCode.SERVER_FAILED, f"Not ready within {seconds:.0f} s: {names}."
                )
            time.sleep(_POLL_SECONDS)

    def _is_ready(self, child: Child) -> bool:
        steady = time.monotonic() - child.started_at >= _STEADY_SECONDS
        if child.state is not ProcessState.RUNNING or not steady:
            return False
        setting = ports.PORT_OF.get(child.name)
        return setting is None or ports.accepts(ports.port_number(self._environment, setting))

    def stop(self) -> None:
        """End every process: SIGTERM, then after the grace SIGKILL to whatever is left.

        May be called twice, and after a ``start`` that raised.
        """
        self._stopping.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._record:
            self._record.unlink(missing_ok=True)
            self._record = None
        self._dismiss_watchdog()
        if self._place is not None:
            os.close(self._place)
            self._place = None

    def _dismiss_watchdog(self) -> None:
        if self._watchdog and self._watchdog.stdin:
            self._watchdog.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._watchdog.wait(5)
            self._watchdog = None

    def _end_all(self) -> None:
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + self._grace_seconds
        while time.monotonic() < deadline and self._any_alive():
            time.sleep(_POLL_SECONDS / 2)
        record.end_sessions(child.leader for child in self._children if child.leader)
        for child in self._children:
            child.last_exit = child.wait()
            child.state = ProcessState.STOPPED

    def _any_alive(self) -> bool:
        return any(child.leader and child.exit_code() is None for child in self._children)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
