"""A zygote: a warm interpreter, started by exec, from which every jail is forked.

It preloads the tools of its runtime, says that it is ready, and then opens a
session for every descriptor it is sent.  It ends when the host does.

    zygote ──fork──> keeper ──fork──> session (process 1 of its namespaces) ──fork──> run
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from fractal_rmo.jailed import channel, confine, jail, kernel, places, sweep
from fractal_rmo.jailed.confine import Confinement, Tier
from fractal_rmo.jailed.run_child import Bounds, Program
from fractal_rmo.jailed.runtimes import preload
from fractal_rmo.jailed.session import Session

_WARM_UP_S = 90
_SPARE_UIDS = (61184, 4336)


@dataclass(frozen=True)
class Setup:
    """What the host says at start, as the first message on the control socket.

    ``tier`` says how to isolate; ``visible`` are the paths shown in its jails.
    The programs import their tools from ``tools`` before any run; runs import
    packages from ``site``, from which nothing is imported here.  ``cache`` is
    a folder for what the static tools prepare.
    """

    runtime: str
    host_pid: int
    tier: str
    visible: Sequence[str]
    tools: Sequence[str]
    site: Sequence[str]
    ruff: str
    cache: str

    @property
    def namespaces(self) -> bool:
        """Whether sessions get namespaces of their own."""
        return self.tier == Tier.NAMESPACES.value


@dataclass(frozen=True)
class Warm:
    """What every session of a zygote starts from."""

    setup: Setup
    programs: Mapping[str, Program]
    confinement: Confinement


def main(control_fd: str) -> None:
    """Run a zygote until its host closes the control socket or dies."""
    control = socket.socket(fileno=int(control_fd))
    told = channel.receive_frame(control)
    if told is None:
        return
    setup = Setup(**json.loads(told))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the host's to handle
    host = os.pidfd_open(setup.host_pid)
    if os.getppid() != setup.host_pid:  # it died, and its number may be another's by now
        return
    signal.alarm(_WARM_UP_S)  # one that hangs here would not notice that its host is gone
    try:
        warm = _warm_up(setup)
    except OSError as error:
        channel.send_json(control, {"error": str(error)})
        return
    signal.alarm(0)
    channel.send_json(control, {"ready": True})
    while (sock := _next_session(control, host)) is not None:
        _open_session(sock, warm, (control, host))
        sock.close()
    os._exit(0)  # nothing is left to tidy, and the host waits


def _warm_up(setup: Setup) -> Warm:
    """Everything that forks find in memory; raises ``OSError`` where the tier cannot be had."""
    gc.disable()  # all that is imported now stays
    sys.argv[:] = ["pytest"]  # as whatever tests run finds it elsewhere
    sys.path[:] = [*standard_library(), *setup.tools]
    own_user = os.geteuid() == 0  # real root gives runs a user of their own
    confinement = confine.confinement(setup.tier, setup.visible, own_user=own_user)
    if not setup.namespaces:
        places.remove_stale_folders()
    programs = preload(setup.runtime, setup.ruff, setup.cache)
    sys.path[:] = [*standard_library(), *setup.site]
    gc.collect()
    gc.enable()
    gc.freeze()  # pages of preloaded objects stay shared with every fork
    return Warm(setup, programs, confinement)


def standard_library() -> list[str]:
    """The entries of ``sys.path`` that are the interpreter's own."""
    own = Path(os.__file__).parent
    return [p for p in sys.path if p.endswith(".zip") or own == Path(p) or own in Path(p).parents]


def _next_session(control: socket.socket, host: int) -> socket.socket | None:
    """The socket of the session to open next; None when the host is gone."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(host, select.POLLIN)
    ready = {fd for fd, _ in poll.poll()}
    if host in ready:
        return None
    received = channel.receive_fd(control)
    return None if received is None else socket.socket(fileno=received[1])


def _open_session(sock: socket.socket, warm: Warm, inherited: tuple[socket.socket, int]) -> None:
    """Fork the keeper of a new session and give its user namespace its ids."""
    waiting, telling = socket.socketpair()
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        waiting.close()
        inherited[0].close()
        os.close(inherited[1])
        _keep(sock, warm, telling, zygote)
    telling.close()
    with waiting:
        if warm.setup.namespaces and waiting.recv(1):
            with suppress(OSError):
                own_uid = jail.write_identity_maps(pid)
                waiting.sendall(b"o" if own_uid else b"s")


def _keep(sock: socket.socket, warm: Warm, telling: socket.socket, parent: int) -> NoReturn:
    """The keeper: prepare, fork the session, wait for it, clean up behind it, leave."""
    folder = None
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if warm.setup.namespaces:
            _die_with(parent)
            identity = _unshare(telling)
        else:
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)  # inherits what a session leaves
            identity, folder = identity_on_host(), places.make_folder()
        telling.close()
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_session(sock, warm, identity, folder, keeper)
        _die_with(parent)  # from here on the session would clean up behind this process
        sock.close()
        os.waitpid(pid, 0)
    except BaseException as error:  # noqa: BLE001 - told to the host, then the process ends
        _tell_failure(sock, error)
    if folder is not None:
        sweep.sweep_descendants()
        places.remove(folder)
    os._exit(0)


def _unshare(telling: socket.socket) -> jail.Identity:
    kernel.unshare(kernel.NEW_NAMESPACES)
    telling.sendall(b"?")
    answer = telling.recv(1)
    if not answer:
        raise PermissionError("the ids of the new user namespace could not be mapped")
    if answer == b"o":
        return jail.Identity(jail.INNER_UID)
    return jail.Identity(0, counted_before=2)  # the keeper and the session have the same user


def _become_session(
    sock: socket.socket, warm: Warm, identity: jail.Identity, folder: Path | None, keeper: int
) -> NoReturn:
    watched = -1
    try:
        if folder is None:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
            place = places.in_namespace()
        else:
            watched = _open_parent(keeper)
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
            place = places.in_folder(folder)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        os.umask(0o022)
        if folder is None:
            jail.build_root(warm.setup.visible)
        channel.send_json(sock, {"ready": True})
        bounds = Bounds(identity, warm.confinement)
        Session(sock, warm.programs, bounds, place, watched).serve()
    except BaseException as error:  # noqa: BLE001 - told to the host, then the process ends
        _tell_failure(sock, error)
    if folder is not None:
        sweep.sweep_descendants()
        places.remove(folder)
    os._exit(0)


def _die_with(parent: int) -> None:
    """Be killed when the parent is."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _open_parent(parent: int) -> int:
    """A descriptor that becomes readable when the parent ends.

    No signal ends this process: without namespaces it must clean up behind its run.
    """
    handle = os.pidfd_open(parent)
    if os.getppid() != parent:  # it died, and its number may be another's by now
        raise ProcessLookupError("the keeper of this session is gone")
    return handle


def identity_on_host() -> jail.Identity:
    """Without namespaces: an own uid where possible, with the right to read what root may read."""
    if os.geteuid() == 0:
        uid = _spare_uid()
        return jail.Identity(uid, (kernel.CAP_DAC_READ_SEARCH,), _processes_of(uid))
    return jail.Identity(os.geteuid(), (), _processes_of(os.geteuid()))


def _spare_uid() -> int:
    """A user for this session alone, so that two sessions cannot reach each other's files.

    From the range that systemd hands to services for as long as they run;
    containers that know fewer users share one.
    """
    first, count = _SPARE_UIDS
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        inside, _, length = map(int, line.split())
        if inside <= first and first + count <= inside + length:
            return first + os.getpid() % count
    return jail.OUTER_UID


def _processes_of(uid: int) -> int:
    """Processes and threads that RLIMIT_NPROC counts for ``uid`` now."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid == uid:
                total += len(list((process / "task").iterdir()))
    return total


def _tell_failure(sock: socket.socket, error: BaseException) -> None:
    message: dict[str, Any] = {"error": f"{type(error).__name__}: {error}"}
    with suppress(OSError):
        channel.send_json(sock, message)
