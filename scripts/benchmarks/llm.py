"""Many tasks that wait for a slow model, held by one process of ``execute.llm``.

Each task is one of new code with its tests; the simulated provider writes it
after a delay, and explains it after another one.  Everything else is as in a
real cluster: tables, broker, jails, workers.  The same tasks run twice, at no
delay and at ``--latency``; ideally the second takes two delays longer than the
first, of which ``ratio`` forgives one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

ROOT = Path(__file__).resolve().parents[2]
_ROLES = ("analyzer", "executor", "executor_llm", "validator", "learner")
_WARM = 4
_CODE = "def double(x):\n    return x * 2\n"
_TESTS = "from solution import double\n\n\ndef test_double():\n    assert double({0}) == {0} * 2\n"


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench llm", description=__doc__)
    parser.add_argument("--tasks", "--limit", type=int, default=200, help="how many at once")
    parser.add_argument("--latency", type=float, default=5.0, help="seconds of an answer")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds for each run")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    return parser.parse_args(argv)


@contextmanager
def worker(role: str, environment: dict[str, str], log: Path) -> Iterator[int]:
    """The process of a role, as the Procfile starts it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fractal_rmo.agent"],
            cwd=ROOT, env={**environment, "AGENT_TYPE": role}, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


def run(count: int, first: int, seconds: float) -> float:
    """Seconds from the first submission to the last ending; all must end proven."""
    from fractal_rmo.bootstrap.tools import client
    from fractal_rmo.domain.budget import Budget
    from fractal_rmo.domain.source import SourceTree
    from fractal_rmo.domain.task import Provider, Task, TaskKind
    from fractal_rmo.services.submit import submit

    tools, begun = client(), time.monotonic()
    left = set()
    for number in range(first, first + count):
        tests = SourceTree({"test_solution.py": _TESTS.format(number)})
        task = Task(
            f"Doubles a number, variant {number}.", tests=tests, kind=TaskKind.GENERATE,
            provider=Provider.SIMULATED, budget=Budget(seconds=seconds),
        )  # fmt: skip
        left.add(submit(task, tools))
    while left and time.monotonic() - begun < seconds:
        time.sleep(0.1)
        ended = {i: s for i, s in tools.tasks.statuses(left).items() if s.row.ending}
        for task_id, status in ended.items():
            if status.row.ending != "proven":
                raise SystemExit(f"{task_id} ended {status.row.ending}: {status.summary}")
        left -= set(ended)
    if left:
        raise SystemExit(f"{len(left)} of {count} tasks have not ended.")
    return time.monotonic() - begun


def measured(chosen: argparse.Namespace, folder: Path, latency: float, first: int) -> list[float]:
    """Seconds of the run, and MB that the waiting process held at most."""
    script = folder / "script.json"
    document = {"files": [{"path": "solution.py", "text": _CODE}], "notes": "Doubles."}
    explanation = {"lines": ["double(x) answers twice x."]}
    lines = [("CHANGE", explanation), ("variant", document)]
    script.write_text(json.dumps([{"contains": word, "answers": [said]} for word, said in lines]))
    environment = {
        **os.environ,
        "FRACTAL_SIMULATED_SCRIPT": str(script),
        "FRACTAL_SIMULATED_LATENCY_S": str(latency),
    }
    with ExitStack() as stack:
        pids = {
            role: stack.enter_context(worker(role, environment, folder / f"{role}.log"))
            for role in _ROLES
        }
        run(_WARM, first, chosen.budget)  # jails and connections are there afterwards
        seconds = run(chosen.tasks, first + _WARM, chosen.budget)
        return [seconds, psutil.Process(pids["executor_llm"]).memory_info().rss / 1_000_000]


def main(argv: list[str]) -> int:
    """Run the benchmark in a state folder of its own."""
    chosen = arguments(argv)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["FRACTAL_STATE"] = str(folder / "state")
        from fractal_rmo.bootstrap.data import migrate
        from fractal_rmo.bootstrap.servers import ensure_servers, stop_everything

        stack.callback(stop_everything, purge=True)
        ensure_servers()
        migrate()
        at_once, _ = measured(chosen, folder, 0.0, 0)
        print(f"without latency: {at_once:.1f} s", file=sys.stderr, flush=True)
        actual, rss = measured(chosen, folder, chosen.latency, 100_000)
    result = {
        "tasks": chosen.tasks,
        "latency_s": chosen.latency,
        "zero_latency_s": round(at_once, 2),
        "actual_s": round(actual, 2),
        "ratio": round(actual / (at_once + chosen.latency), 3),
        "rss_mb": round(rss, 1),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
