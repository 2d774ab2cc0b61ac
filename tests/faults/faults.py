"""What can be done to a cluster, and schedules of it that follow from a seed alone."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import psutil
import redis

from fractal_rmo.adapters.embedded import postgres, valkey
from fractal_rmo.adapters.embedded.processes import Identity
from fractal_rmo.domain.errors import InfrastructureError, LifecycleError
from fractal_rmo.domain.step import Stage, StepRef
from tests.faults.rig import ROLES, Rig

_OPEN = "SELECT id FROM tasks WHERE ending IS NULL ORDER BY id"
_KNOWN = """
SELECT id, task_id, stage, action FROM steps WHERE state <> 'waiting' ORDER BY id DESC LIMIT 200
"""
_GROUP_WINDOW_S = 30.0
_GROUP_DEATHS = 3
"""Of one worker within the window: at five the supervisor gives it up, as it should."""


@dataclass(frozen=True)
class Fault:
    """One fault: when (seconds from the start), of which kind, on whom, for how long, and a number
    that picks among what there is then."""

    at: float
    kind: str
    role: str
    seconds: float
    pick: int

    def __str__(self) -> str:
        return f"{self.at:6.2f} s {self.kind} {self.role} {self.seconds:.1f} s #{self.pick}"


def kill_child(rig: Rig, fault: Fault) -> None:
    """SIGKILL one process of a pool."""
    if found := rig.children(fault.role):
        found[fault.pick % len(found)].kill()


def kill_worker(rig: Rig, fault: Fault) -> None:
    """SIGKILL a worker with its pool; the supervisor starts it again."""
    for process in rig.session(fault.role):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def freeze_worker(rig: Rig, fault: Fault) -> None:
    """SIGSTOP a worker for longer than a lease: it wakes up as a zombie."""
    _freeze([process.pid for process in rig.session(fault.role)], fault.seconds)


def end_worker(rig: Rig, fault: Fault) -> None:
    """SIGTERM a worker, as a deploy does."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(rig.pid(fault.role)).terminate()


def kill_broker(rig: Rig, _fault: Fault) -> None:
    """SIGKILL the broker; it is started again with what it had written down."""
    _kill(valkey.running(rig.paths))


def flush_broker(rig: Rig, _fault: Fault) -> None:
    """The broker forgets everything."""
    with contextlib.suppress(redis.RedisError):
        rig.broker.flushall()


def freeze_broker(rig: Rig, fault: Fault) -> None:
    """The broker accepts and answers nothing for some seconds."""
    if server := valkey.running(rig.paths):
        _freeze([server.pid], fault.seconds)


def kill_database(rig: Rig, _fault: Fault) -> None:
    """PostgreSQL's immediate shutdown: every connection breaks, nothing is written out."""
    if server := postgres.running(rig.paths):
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(server.pid).send_signal(signal.SIGQUIT)


def deliver_again(rig: Rig, fault: Fault) -> None:
    """Steps of any age are delivered twice more."""
    known = rig.ask(_KNOWN)
    chosen = random.Random(fault.pick).sample(known, min(10, len(known)))  # noqa: S311
    for row in chosen:
        step = StepRef(str(row.id), str(row.task_id), Stage(row.stage), row.action)
        for _ in range(2):
            with contextlib.suppress(InfrastructureError):
                rig.bell.ring(step)


def hold_back(rig: Rig, fault: Fault) -> None:
    """Messages on their way arrive only after some seconds."""
    keys = [f"fractal:{name}" for name in rig.queues]
    with contextlib.suppress(redis.RedisError):
        taken = [(key, message) for key in keys for message in rig.broker.rpop(key, 5) or ()]
        time.sleep(fault.seconds)
        for key, message in taken:
            rig.broker.lpush(key, message)


def cancel(rig: Rig, fault: Fault) -> None:
    """A person cancels a task."""
    if found := rig.ask(_OPEN):
        task = str(found[fault.pick % len(found)].id)
        rig.cancelled.add(task)
        with contextlib.suppress(LifecycleError, InfrastructureError):
            rig.tasks.cancel(task)


def suspend(rig: Rig) -> None:
    """SIGSTOP all workers."""
    _signal_all(rig, signal.SIGSTOP)


def resume(rig: Rig) -> None:
    """SIGCONT all workers."""
    _signal_all(rig, signal.SIGCONT)


def _signal_all(rig: Rig, number: signal.Signals) -> None:
    for role in ROLES:
        for process in rig.session(role):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def _kill(server: Identity | None) -> None:
    if server:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(server.pid).kill()


def _freeze(pids: list[int], seconds: float) -> None:
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        if number is signal.SIGSTOP:
            time.sleep(seconds)


KINDS: Mapping[str, tuple[Callable[[Rig, Fault], None], int, tuple[float, float]]] = (
    MappingProxyType(
        {
            "kill_child": (kill_child, 12, (0, 0)),
            "kill_worker": (kill_worker, 5, (0, 0)),
            "freeze_worker": (freeze_worker, 4, (1, 8)),
            "end_worker": (end_worker, 4, (0, 0)),
            "kill_broker": (kill_broker, 5, (0, 0)),
            "flush_broker": (flush_broker, 5, (0, 0)),
            "freeze_broker": (freeze_broker, 3, (1, 10)),
            "kill_database": (kill_database, 4, (0, 0)),
            "deliver_again": (deliver_again, 6, (0, 0)),
            "hold_back": (hold_back, 5, (0.5, 8)),
            "cancel": (cancel, 6, (0, 0)),
        }
    )
)
"""What is done, its weight in a schedule, and how long it may last in seconds."""


def schedule(seed: int, count: int, within_s: float) -> list[Fault]:
    """``count`` faults in order of time: a function of its arguments alone."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    weights = [weight for _, weight, _ in KINDS.values()]
    moments = sorted(rng.uniform(0, within_s) for _ in range(count))
    return _bearable(
        [
            Fault(
                at=at,
                kind=(kind := rng.choices(list(KINDS), weights)[0]),
                role=rng.choice(ROLES),
                seconds=round(rng.uniform(*KINDS[kind][2]), 1),
                pick=rng.randrange(1000),
            )
            for at in moments
        ]
    )


def _bearable(faults: list[Fault]) -> list[Fault]:
    """No worker dies more often than its supervisor bears: its pool's processes die instead."""
    deaths: dict[str, list[float]] = {}
    kept = []
    for fault in faults:
        if fault.kind in ("kill_worker", "end_worker"):
            recent = [at for at in deaths.get(fault.role, []) if fault.at - at < _GROUP_WINDOW_S]
            if len(recent) >= _GROUP_DEATHS:
                kept.append(Fault(fault.at, "kill_child", fault.role, 0.0, fault.pick))
                continue
            deaths[fault.role] = [*recent, fault.at]
        kept.append(fault)
    return kept


def perform(rig: Rig, faults: list[Fault], tell: Callable[[Fault], None]) -> list[threading.Thread]:
    """Perform a schedule from now on, each fault in a thread of its own; returns when all began."""
    began, threads = time.monotonic(), []
    for fault in faults:
        time.sleep(max(0.0, began + fault.at - time.monotonic()))
        tell(fault)
        thread = threading.Thread(target=KINDS[fault.kind][0], args=(rig, fault), daemon=True)
        thread.start()
        threads.append(thread)
    return threads
