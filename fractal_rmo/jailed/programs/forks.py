"""Many small tasks, each in a fork of this process as it is now, some side by side.

What a fork says counts only as one whole marked frame and with exit code 0.
A fork that uses up its time is ended, by the kernel where only its processor
time is over, and by its parent where it sleeps.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import select
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

Task = Callable[[], dict[str, Any]]
MOST_SIDE_BY_SIDE = 4
_NONCE_BYTES = 16
_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True)
class Allowance:
    """What one fork may use: seconds of processor time and by the clock, and memory.

    ``held_back`` are bytes of the run's address space that others are to have.
    """

    cpu_s: float
    wall_s: float
    held_back: int = 0


@dataclass
class Ended:
    """How a fork ended: ``answered``, ``timed_out`` or ``crashed``, and what it said.

    ``cpu_s`` is its own processor time, with that of children it waited for.
    """

    how: str
    answer: dict[str, Any] = field(default_factory=dict)
    duration_s: float = 0.0
    cpu_s: float = 0.0


@dataclass
class _Fork:
    number: int
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
    """Each task's number with its ending, in order of ending; none is begun after ``until``.

    ``until`` is a moment of ``time.monotonic``.  A task's answer is a JSON object.
    """
    waiting = list(enumerate(tasks))[::-1]
    running: dict[int, _Fork] = {}
    while running or (waiting and time.monotonic() < until):
        while waiting and len(running) < side_by_side and time.monotonic() < until:
            number, task = waiting.pop()
            fork = _begin(number, task, allowance)
            running[fork.handle] = fork
        for handle in _listen(running, allowance):
            fork = running.pop(handle)
            yield fork.number, _end(fork, allowance)


def one_fork(task: Task, allowance: Allowance) -> Ended:
    """The ending of a single task."""
    return next(ended for _, ended in in_forks([task], allowance, 1, time.monotonic() + 1))


def _begin(number: int, task: Task, allowance: Allowance) -> _Fork:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_fork(task, writing, nonce, allowance)
    os.close(writing)
    os.set_blocking(reading, False)
    return _Fork(number, pid, os.pidfd_open(pid), reading, nonce, began)


def _be_fork(task: Task, pipe: int, nonce: bytes, allowance: Allowance) -> NoReturn:
    write, leave = os.write, os._exit  # what the code does to these names changes nothing here
    encode = json.JSONEncoder(ensure_ascii=True).encode
    try:
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(null, stream)
        # of its own, or forks that go side by side would meet each other's files
        os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_AS, (soft - allowance.held_back, hard))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, allowance.cpu_s)
        body = encode(task()).encode()
        frame = memoryview(nonce + len(body).to_bytes(8, "big") + body)
        while frame:
            frame = frame[write(pipe, frame) :]
        leave(0)
    finally:
        leave(70)


def _listen(running: dict[int, _Fork], allowance: Allowance) -> list[int]:
    """Hear the forks out until one has ended or is late; the handles of those."""
    poll = select.poll()
    pipes = {}
    for fork in running.values():
        poll.register(fork.handle, select.POLLIN)
        poll.register(fork.pipe, select.POLLIN)
        pipes[fork.pipe] = fork
    while True:
        next_s = min(f.began for f in running.values()) + allowance.wall_s - time.monotonic()
        ready = [fd for fd, _ in poll.poll(max(0, next_s) * 1000 + 1)]
        for fork in [pipes[fd] for fd in ready if fd in pipes]:
            if not _hear(fork):
                poll.unregister(fork.pipe)
        now = time.monotonic()
        done = [fd for fd in ready if fd in running]
        late = [f.handle for f in running.values() if now - f.began > allowance.wall_s]
        loud = [f.handle for f in running.values() if len(f.said) > _ANSWER_BYTES]
        if found := list(dict.fromkeys([*done, *late, *loud])):
            return found


def _hear(fork: _Fork) -> bool:
    """Read once; False when there is no more."""
    try:
        part = os.read(fork.pipe, 1 << 16)
    except BlockingIOError:
        return True
    fork.said += part
    return bool(part) and len(fork.said) <= _ANSWER_BYTES


def _end(fork: _Fork, allowance: Allowance) -> Ended:
    duration_s = time.monotonic() - fork.began
    with suppress(ProcessLookupError, PermissionError):  # its children, and itself when late
        os.killpg(fork.pid, signal.SIGKILL)
    _, status, usage = os.wait4(fork.pid, 0)
    cpu_s = usage.ru_utime + usage.ru_stime
    with suppress(BlockingIOError):
        while len(fork.said) <= _ANSWER_BYTES and (part := os.read(fork.pipe, 1 << 16)):
            fork.said += part
    os.close(fork.pipe)
    os.close(fork.handle)
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    late = killed in (signal.SIGPROF, signal.SIGXCPU) or duration_s > allowance.wall_s
    answer = _answer(fork) if status == 0 and not late else None
    how = "timed_out" if late else "crashed" if answer is None else "answered"
    return Ended(how, answer or {}, duration_s, cpu_s)


def _answer(fork: _Fork) -> dict[str, Any] | None:
    """The one marked object; None for anything else."""
    said = bytes(fork.said)
    body = said[_NONCE_BYTES + 8 :]
    length = int.from_bytes(said[_NONCE_BYTES : _NONCE_BYTES + 8], "big")
    if said[:_NONCE_BYTES] != fork.nonce or len(body) != length:
        return None
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
