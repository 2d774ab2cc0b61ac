"""Cost as work grows: tasks a second with 100 queued and with 10,000, and the workers' memory.

Two clusters on one machine, one with a short queue and one with a long one,
take turns: while one works, the other's workers are stopped.  Stages are
simulated, so that what is measured is what surrounds them; every transition of
the database is real.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline import simulated

from fractal_rmo.domain.budget import Budget
from tests.faults.faults import resume, suspend
from tests.faults.rig import ROLES, Rig


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench growth", description=__doc__)
    parser.add_argument("--short", type=int, default=100, help="tasks in the short queue")
    parser.add_argument("--long", type=int, default=10_000, help="tasks in the long queue")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each cluster")
    parser.add_argument("--window", type=float, default=8.0, help="seconds of a long queue's turn")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    return parser.parse_args(argv)


def fill(rig: Rig, count: int) -> None:
    """Queue so many tasks; the workers should be stopped."""
    task = replace(simulated(), budget=Budget(seconds=3600))  # none may end by its deadline
    with ThreadPoolExecutor(6) as pool:
        for number, _ in enumerate(pool.map(rig.submit, [task] * count), 1):
            if number % 1000 == 0:
                say(f"{number} queued")


def ended(rig: Rig) -> int:
    """Tasks that have ended so far."""
    ((count,),) = rig.ask("SELECT count(*) FROM tasks WHERE ending IS NOT NULL")
    return int(count)


def rate_of_all(rig: Rig, count: int) -> float:
    """Tasks a second until a queue of ``count`` is empty."""
    fill(rig, count)
    with working(rig):
        began, before = time.monotonic(), ended(rig)
        rig.until(lambda: ended(rig) >= len(rig.accepted), 300)
        return (ended(rig) - before) / (time.monotonic() - began)


def rate_within(rig: Rig, seconds: float) -> float:
    """Tasks a second for a while, out of a queue that does not get empty."""
    with working(rig):
        began, before = time.monotonic(), ended(rig)
        time.sleep(seconds)
        return (ended(rig) - before) / (time.monotonic() - began)


@contextmanager
def working(rig: Rig) -> Iterator[None]:
    """The workers work for as long as the block runs."""
    resume(rig)
    try:
        yield
    finally:
        suspend(rig)


def memory_mb(rig: Rig) -> float:
    """Resident megabytes of all workers, their pools included."""
    members = [process for role in ROLES for process in rig.session(role)]
    return round(sum(process.memory_info().rss for process in members) / 1e6, 1)


def measure(chosen: argparse.Namespace, short: Rig, long: Rig) -> dict[str, object]:
    """Take turns, and put the figures together."""
    rate_of_all(short, 50)  # pools and caches are warm afterwards
    rate_of_all(long, 50)
    before = memory_mb(long)
    fill(long, chosen.long)
    rate_within(long, 4.0)  # all stages have work from here on
    pairs = []
    for number in range(chosen.rounds):
        pairs.append((rate_of_all(short, chosen.short), rate_within(long, chosen.window)))
        say(f"turn {number + 1}: {pairs[-1][0]:.1f}/s short, {pairs[-1][1]:.1f}/s long")
    left = len(long.accepted) - ended(long)
    ratios = [theirs / ours for ours, theirs in pairs]
    return {
        "queued": [chosen.short, chosen.long],
        "per_s": [round(statistics.median(rates), 1) for rates in zip(*pairs, strict=True)],
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "rss_mb": [before, memory_mb(long)],
        "left_in_queue": left,
    }


def say(sentence: str) -> None:
    """Progress."""
    print(sentence, file=sys.stderr, flush=True)


def main(argv: list[str]) -> int:
    """Run the benchmark."""
    chosen = arguments(argv)
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        short, long = (stack.enter_context(Rig(folder, environment={})) for folder in folders)
        for rig in (short, long):
            stack.callback(resume, rig)
            suspend(rig)
        result = measure(chosen, short, long)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
