"""Random faults under load: whether a task is lost, an effect committed twice, or anything stuck.

Real embedded servers, real workers under the real supervisor, real tasks.  A
schedule of faults follows from its seed alone and is shown before it runs:
processes of pools and whole workers are killed, frozen and asked to end, the
broker is killed, emptied and frozen, the database crashes, messages come twice,
late or not at all, and people cancel.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.config.load import CHECKOUT
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from tests.faults.faults import Fault, perform, schedule
from tests.faults.invariants import TWICE
from tests.faults.rig import Rig

_WITHIN_S = 60.0
"""In which the faults happen."""
_DIGEST_S = 100.0
"""In which everything that was accepted must have ended afterwards."""
_IN_FLIGHT = 60


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the schedule")
    parser.add_argument("--seeds", default="", help="A-B: several, one after the other")
    parser.add_argument("--faults", type=int, default=50, help="faults of a schedule")
    parser.add_argument("--tasks", type=int, default=200, help="tasks at least")
    return parser.parse_args(argv)


def workload() -> list[tuple[Task, str]]:
    """Twenty tasks, real but cheap, each with the ending it must come to."""
    good = SourceTree({"solution.py": "def f(x):\n    return x\n"})
    bad = SourceTree({"solution.py": "def f(x):\n    return x +\n"})
    tests = SourceTree({"test_solution.py": "from solution import f\ndef test():\n    f(1)\n"})
    folder = CHECKOUT / "examples" / "off_by_one"
    names = ("solution.py", "test_solution.py")
    code, its_tests = (SourceTree({name: (folder / name).read_text()}) for name in names)
    proven = Task("good", good, tests, TaskKind.VALIDATE, Level.SYNTAX)
    not_proven = Task("bad", bad, tests, TaskKind.VALIDATE, Level.SYNTAX)
    delivered = Task("look", code, its_tests, TaskKind.ANALYZE)
    fixed = Task("mend", code, its_tests, TaskKind.FIX, Level.UNIT)
    kinds = [*[(proven, "proven")] * 10, *[(not_proven, "not_proven")] * 4]
    return [*kinds, *[(delivered, "delivered")] * 4, *[(fixed, "proven")] * 2]


class Feeder(threading.Thread):
    """Keeps tasks in flight until there were enough and the faults are over."""

    def __init__(self, rig: Rig, least: int) -> None:
        super().__init__(daemon=True)
        self.enough = threading.Event()
        self.expected: dict[str, str] = {}
        self._rig, self._least = rig, least

    def run(self) -> None:
        """Submit."""
        tasks = workload()
        while len(self.expected) < self._least or not self.enough.is_set():
            ((open_tasks,),) = self._rig.ask("SELECT count(*) FROM tasks WHERE ending IS NULL")
            if open_tasks < _IN_FLIGHT:
                task, ending = tasks[(len(self.expected) * 7) % len(tasks)]
                self.expected[self._rig.submit(task)] = ending
            else:
                time.sleep(0.1)


def chaos(seed: int, faults: int, least: int) -> dict[str, object]:
    """One schedule on a cluster of its own."""
    planned = schedule(seed, faults, _WITHIN_S)
    say(f"seed {seed}: {faults} faults")
    for fault in planned:
        say(f"  {fault}")
    with tempfile.TemporaryDirectory() as name, Rig(Path(name)) as rig:
        began = time.monotonic()
        feeder = Feeder(rig, least)
        feeder.start()
        for thread in perform(rig, planned, lambda fault: _tell(began, fault)):
            thread.join(60)
        feeder.enough.set()
        feeder.join(120)
        say(f"{time.monotonic() - began:6.1f} s the faults are over, {len(rig.accepted)} tasks")
        broken = rig.digested(_DIGEST_S)
        say(f"{time.monotonic() - began:6.1f} s digested; broken: {broken or 'nothing'}")
        return {"seed": seed, **judge(rig, feeder.expected, broken, len(planned))} | {
            "seconds": round(time.monotonic() - began, 1)
        }


def judge(
    rig: Rig, expected: dict[str, str], broken: dict[str, list[str]], faults: int
) -> dict[str, object]:
    """The figures of one schedule."""
    endings = {str(row.id): row.ending for row in rig.ask("SELECT id, ending FROM tasks")}
    gave_up = sum(ending == "infrastructure" for ending in endings.values())
    honest = {"infrastructure", None}
    wrong = [
        f"{task}: {endings.get(task)}, not {ending}"
        for task, ending in expected.items()
        if endings.get(task) not in {ending, *honest}
        and not (task in rig.cancelled and endings.get(task) == "cancelled")
    ]
    for sentence in wrong:
        say(f"  wrong: {sentence}")
    return {
        "tasks": len(rig.accepted),
        "faults": faults,
        "lost": len(set(rig.accepted) - set(endings)),
        "duplicate_effects": sum(len(ids) for rule, ids in broken.items() if rule in TWICE),
        "stuck": len({i for rule, ids in broken.items() if rule not in TWICE for i in ids}),
        "wrong": len(wrong),
        "gave_up": gave_up,
        "endings": dict(Counter(map(str, endings.values()))),
        "broken": {rule: len(ids) for rule, ids in broken.items()},
    }


def total(runs: list[dict[str, object]], seeds: str) -> dict[str, object]:
    """One result of several schedules."""
    if len(runs) == 1:
        return runs[0]
    names = ("tasks", "faults", "lost", "duplicate_effects", "stuck", "wrong", "gave_up")
    sums: dict[str, object] = {name: sum(int(str(run[name])) for run in runs) for name in names}
    return {"seed": seeds, **sums, "runs": runs}


def _tell(began: float, fault: Fault) -> None:
    say(f"{time.monotonic() - began:6.1f} s {fault.kind} {fault.role}")


def say(sentence: str) -> None:
    """Progress."""
    print(sentence, file=sys.stderr, flush=True)


def main(argv: list[str]) -> int:
    """Run the benchmark."""
    chosen = arguments(argv)
    first, _, last = (chosen.seeds or str(chosen.seed)).partition("-")
    seeds = range(int(first), int(last or first) + 1)
    runs = []
    for seed in seeds:
        runs.append(chaos(seed, chosen.faults, chosen.tasks))
        say(json.dumps(runs[-1]))
    print(json.dumps(total(runs, chosen.seeds)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
