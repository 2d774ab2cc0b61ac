"""Many small tasks, each in a fork of this process as it is now, some side by side.

A fork tells objects, one after the other, each in a frame under a mark of its
own; what else comes over its pipe ends what is believed of it.  A fork that
uses up its time is ended, by the kernel where only its processor time is over,
and by its parent where it sleeps.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from fractal_rmo.jailed import kernel

Tell = Callable[[Mapping[str, Any]], None]
Task = Callable[[Tell], None]
MOST_SIDE_BY_SIDE = 4
MOST_BYTES = 16 << 20
"""What one fork may tell; the code can reach the pipe, and write what it likes."""
_ENCODE = json.JSONEncoder(ensure_ascii=True).encode
_NONCE_BYTES = 16
_HEAD_BYTES = _NONCE_BYTES + 8


@dataclass(frozen=True)
class Allowance:
    """What one fork may use: seconds of processor time and by the clock, and memory.

    ``held_back`` are bytes of the run's address space that others are to have.
    A fork that is ``shut_off`` holds no descriptor of the run but its own pipe.
    """

    cpu_s: float
    wall_s: float
    held_back: int = 0
    shut_off: bool = False


@dataclass
class Ended:
    """How a fork ended, and what it told: objects, in their order.

    ``how`` is "finished", "timed_out", "crashed" (with the exit code or signal
    in ``detail``), or "cut_off" at the end of the time for all.  ``cpu_s`` is
    its own processor time, with that of children it waited for.
    """

    how: str
    told: list[dict[str, Any]] = field(default_factory=list)
    detail: str = ""
    duration_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def answer(self) -> dict[str, Any]:
        """What a fork told that finished and told one thing; else {}."""
        is_one = self.how == "finished" and len(self.told) == 1
        return self.told[0] if is_one else {}


@dataclass
class _Fork:
    number: int
    folder: str
    pid: int
    handle: int
    pipe: int
    nonce: bytes
    began: float
    said: bytearray = field(default_factory=bytearray)


def cores() -> int:
    """How many forks may go side by side here."""
    return min(len(os.sched_getaffinity(0)), MOST_SIDE_BY_SIDE)


def in_forks(
    tasks: Sequence[Task], allowance: Allowance, side_by_side: int, until: float
) -> Iterator[tuple[int, Ended]]:
    """Each task's number with its ending, in order of ending.

    At ``until``, a moment of ``time.monotonic``, what still runs is cut off,
    and what has not begun never does: it is left out.
    """
    waiting = list(enumerate(tasks))[::-1]
    running: dict[int, _Fork] = {}
    empty: list[str] = []
    while running or (waiting and time.monotonic() < until):
        while waiting and len(running) < side_by_side and time.monotonic() < until:
            number, task = waiting.pop()
            fork = _begin(number, task, allowance, empty.pop() if empty else _new_folder())
            running[fork.handle] = fork
        for handle in _listen(running, allowance, until):
            fork = running.pop(handle)
            ended = _end(fork, allowance, until)
            if _is_empty(fork.folder):
                empty.append(fork.folder)
            yield fork.number, ended


def one_fork(task: Task, allowance: Allowance) -> Ended:
    """The ending of a single task."""
    until = time.monotonic() + allowance.wall_s + 1
    return next(ended for _, ended in in_forks([task], allowance, 1, until))


def _new_folder() -> str:
    folder = f"{tempfile.gettempdir()}/{os.urandom(8).hex()}"
    os.mkdir(folder, 0o700)  # noqa: PTH102 - there may be thousands
    return folder


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)  # noqa: PTH208 - as above
    except OSError:
        return False


def _begin(number: int, task: Task, allowance: Allowance, folder: str) -> _Fork:
    nonce = os.urandom(_NONCE_BYTES)
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _be_fork(task, writing, nonce, allowance, folder)
    os.close(writing)
    os.set_blocking(reading, False)
    return _Fork(number, folder, pid, os.pidfd_open(pid), reading, nonce, began)


def _be_fork(task: Task, pipe: int, nonce: bytes, allowance: Allowance, folder: str) -> NoReturn:
    """Few pages are written here: the kernel copies each, which is most of a small task's time."""
    write, leave = os.write, os._exit  # what the code does to these names changes nothing here
    encode = _ENCODE

    def tell(answer: Mapping[str, Any]) -> None:
        body = encode(answer).encode()
        frame = memoryview(nonce + len(body).to_bytes(8, "big") + body)
        while frame:
            frame = frame[write(pipe, frame) :]

    try:
        os.setpgid(0, 0)
        if allowance.shut_off:
            kernel.close_range(3, pipe - 1)
            kernel.close_range(pipe + 1, kernel.HIGHEST_FD)
        null = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(null, stream)
        # of its own and empty, or forks would meet each other's files
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_AS, (soft - allowance.held_back, hard))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, allowance.cpu_s)
        task(tell)
        leave(0)
    finally:
        leave(70)


def _listen(running: dict[int, _Fork], allowance: Allowance, until: float) -> list[int]:
    """Hear the forks out until one has ended or is late; the handles of those."""
    poll = select.poll()
    pipes = {}
    for fork in running.values():
        poll.register(fork.handle, select.POLLIN)
        poll.register(fork.pipe, select.POLLIN)
        pipes[fork.pipe] = fork
    while True:
        last = min(min(f.began for f in running.values()) + allowance.wall_s, until)
        ready = [fd for fd, _ in poll.poll(max(0, last - time.monotonic()) * 1000 + 1)]
        for fork in [pipes[fd] for fd in ready if fd in pipes]:
            if not _hear(fork):
                poll.unregister(fork.pipe)
        now = time.monotonic()
        done = [fd for fd in ready if fd in running]
        end = [f.handle for f in running.values() if now > min(f.began + allowance.wall_s, until)]
        loud = [f.handle for f in running.values() if len(f.said) > MOST_BYTES]
        if found := list(dict.fromkeys([*done, *end, *loud])):
            return found


def _hear(fork: _Fork) -> bool:
    """Read once; False when there is no more."""
    try:
        part = os.read(fork.pipe, 1 << 16)
    except BlockingIOError:
        return True
    fork.said += part
    return bool(part) and len(fork.said) <= MOST_BYTES


def _end(fork: _Fork, allowance: Allowance, until: float) -> Ended:
    now = time.monotonic()
    with suppress(ProcessLookupError, PermissionError):  # its children, and itself when late
        os.killpg(fork.pid, signal.SIGKILL)
    _, status, usage = os.wait4(fork.pid, 0)
    with suppress(BlockingIOError):
        while len(fork.said) <= MOST_BYTES and (part := os.read(fork.pipe, 1 << 16)):
            fork.said += part
    os.close(fork.pipe)
    os.close(fork.handle)
    told, is_sound = _frames(fork)
    how, detail = _how(status, is_sound)
    if how == "crashed" and now - fork.began > allowance.wall_s:
        how, detail = "timed_out", ""
    elif how == "crashed" and now > until:
        how, detail = "cut_off", ""
    return Ended(how, told, detail, now - fork.began, usage.ru_utime + usage.ru_stime)


def _how(status: int, is_sound: bool) -> tuple[str, str]:
    """(how it ended by itself, detail)."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGPROF, signal.SIGXCPU, signal.SIGALRM):
            return "timed_out", ""
        return "crashed", f"signal {number} ({_name(number)})"
    code = os.WEXITSTATUS(status)
    if not is_sound:
        return "crashed", "something else was written where answers are told"
    return ("crashed", f"exit code {code}") if code else ("finished", "")


def _name(number: int) -> str:
    known = {each.value: each.name for each in signal.Signals}
    return known.get(number, "unnamed")


def _frames(fork: _Fork) -> tuple[list[dict[str, Any]], bool]:
    """The marked objects up to the first thing that is none, and whether they are all."""
    said, told, at = bytes(fork.said), list[dict[str, Any]](), 0
    while said[at : at + _NONCE_BYTES] == fork.nonce:
        begin = at + _HEAD_BYTES
        end = begin + int.from_bytes(said[at + _NONCE_BYTES : begin], "big")
        if end > len(said):
            break
        try:
            answer = json.loads(said[begin:end])
        except (ValueError, RecursionError):
            break
        if not isinstance(answer, dict):
            break
        told.append(answer)
        at = end
    return told, at == len(said)
