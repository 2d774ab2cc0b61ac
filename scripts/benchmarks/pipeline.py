"""What durability costs: our pipeline against a bare Celery canvas of the same shape.

Analysis, execution and level 1 are simulated, every database transition is
real.  Both run on the same broker with the same concurrency and prefetch, in
alternating batches; ratios are medians over the batches.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractal_rmo.domain.task import Task

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench pipeline", description=__doc__)
    parser.add_argument("--limit", type=int, default=100, help="pipelines in a batch")
    parser.add_argument("--batches", type=int, default=5, help="batches of each kind")
    parser.add_argument("--budget", type=float, default=300.0, help="seconds for everything")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    return parser.parse_args(argv)


@contextmanager
def worker(command: list[str], log: Path) -> Iterator[None]:
    """A worker process for as long as the block runs."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", *command], cwd=ROOT, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def options(name: str, queues: str) -> list[str]:
    """What both workers have in common."""
    return [
        *("worker", "--loglevel", "WARNING", "--hostname", f"{name}@%h", "--queues", queues),
        *("--concurrency", "2", "--prefetch-multiplier", "1", "--without-gossip"),
    ]


def simulated() -> Task:
    """A task whose stages are simulated: what is measured is what surrounds them."""
    from fractal_rmo.domain.source import SourceTree
    from fractal_rmo.domain.task import Provider, Task, TaskKind
    from fractal_rmo.domain.verdict import Level

    return Task(
        code=SourceTree({"solution.py": "def f(x):\n    return x\n"}),
        tests=SourceTree({"test_solution.py": "from solution import f\n"}),
        kind=TaskKind.VALIDATE,
        level=Level.SYNTAX,
        provider=Provider.SIMULATED,
    )


class Ours:
    """Our pipeline, submitted as the product does it."""

    def __init__(self) -> None:
        from sqlalchemy import create_engine

        from fractal_rmo.bootstrap.servers import addresses
        from fractal_rmo.bootstrap.tools import client

        self.tools = client()
        self.database = create_engine(addresses().database, isolation_level="AUTOCOMMIT")
        self.task = simulated()

    def run(self, count: int) -> float:
        """Seconds from the first submission to the last ending."""
        from fractal_rmo.services.submit import submit

        begun = time.monotonic()
        for _ in range(count):
            submit(self.task, self.tools)
        while self.number("SELECT count(*) FROM tasks WHERE ending IS NULL"):
            time.sleep(0.002 if count == 1 else 0.02)
        return time.monotonic() - begun

    def number(self, query: str) -> int:
        """A single figure."""
        from sqlalchemy import text

        with self.database.connect() as db:
            found: int = db.execute(text(query)).scalar_one()
        return found

    def verified(self) -> int:
        """Tasks all of whose rows are as they must be."""
        return self.number("""
            SELECT count(*) FROM tasks t WHERE state = 'complete' AND ending = 'proven'
              AND proven_level = 1 AND fan_in = 0
              AND (SELECT count(*) FROM steps s WHERE s.task_id = t.id AND s.state = 'done') = 8
              AND (SELECT count(*) FROM verdicts v WHERE v.task_id = t.id) = 1
              AND (SELECT max(attempts) FROM steps s WHERE s.task_id = t.id) = 1
              AND (SELECT count(*) FROM messages m WHERE m.correlation_id = t.id) = 4
        """)

    def transactions(self) -> int:
        """Committed transactions so far; on the hot path each is one statement."""
        return self.number(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )


class Bare:
    """The bare canvas."""

    def __init__(self) -> None:
        sys.path.insert(0, str(HERE))
        import _bare

        self.canvas = _bare.canvas

    def run(self, count: int) -> float:
        """Seconds from the first publication to the last result."""
        begun = time.monotonic()
        results = [self.canvas().apply_async() for _ in range(count)]
        for result in results:
            result.get(timeout=120)
        return time.monotonic() - begun


def measure(chosen: argparse.Namespace, ours: Ours, bare: Bare) -> dict[str, object]:
    """Alternate, and put the figures together."""
    for kind in (ours, bare):
        kind.run(10)  # pools and caches are warm afterwards
    count, ours_s, bare_s = chosen.limit, [], []
    ends = time.monotonic() + chosen.budget
    time.sleep(1.2)  # the server publishes its statistics once a second
    before, tasks_before = ours.transactions(), ours.number("SELECT count(*) FROM tasks")
    for number in range(chosen.batches):
        ours_s.append(ours.run(count))
        bare_s.append(bare.run(count))
        shown = (
            f"batch {number + 1}: ours {count / ours_s[-1]:.1f}/s, bare {count / bare_s[-1]:.1f}/s"
        )
        print(shown, file=sys.stderr, flush=True)
        if time.monotonic() > ends:
            break
    time.sleep(1.2)
    tasks = ours.number("SELECT count(*) FROM tasks")
    statements = (ours.transactions() - before) / (tasks - tasks_before)
    single = [(ours.run(1), bare.run(1)) for _ in range(40)]
    ratios = [theirs / mine for mine, theirs in zip(ours_s, bare_s, strict=True)]
    return {
        "throughput_ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "added_p50_ms": round(1000 * (_p50(single, 0) - _p50(single, 1)), 1),
        "ours_p50_ms": round(1000 * _p50(single, 0), 1),
        "bare_p50_ms": round(1000 * _p50(single, 1), 1),
        "pipelines_per_s": round(count / statistics.median(ours_s), 1),
        "bare_per_s": round(count / statistics.median(bare_s), 1),
        "statements_per_task": round(statements, 1),
        "tasks": ours.number("SELECT count(*) FROM tasks"),
        "rows_verified": ours.verified(),
    }


def _p50(pairs: list[tuple[float, float]], index: int) -> float:
    return statistics.median(pair[index] for pair in pairs)


def main(argv: list[str]) -> int:
    """Run the benchmark in a state folder of its own."""
    chosen = arguments(argv)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["FRACTAL_STATE"] = str(folder / "state")
        from fractal_rmo.bootstrap.servers import addresses, ensure_servers, stop_everything

        stack.callback(stop_everything, purge=True)
        ensure_servers()
        os.environ["BENCH_REDIS"] = addresses().redis
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(HERE)])
        from fractal_rmo.domain.step import QUEUES

        ours_worker = ["-A", "workers", *options("ours", ",".join(QUEUES))]
        stack.enter_context(worker(ours_worker, folder / "ours.log"))
        stack.enter_context(worker(["-A", "_bare", *options("bare", "bare")], folder / "bare.log"))
        result = measure(chosen, Ours(), Bare())
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
