#!/usr/bin/env python3
"""What a jail costs: a trivial jailed call, against starting a bare interpreter.

A jailed call is a session of its own and one run in it, from asking the warm
zygote to the end of the session: namespaces, mounts, limits, the filter of
system calls, an empty set of tests, cleaning up.  A bare start is
``python -I -S -c pass``, awaited.  Both in turn, in one process on one machine;
the ratio is that of the medians.  The zygote is started before, once, as in a
worker, and always keeps one session built ahead.  ``back_to_back_ms`` is the
mean time of a call in a row of calls without a pause, which leaves it no time
to do so.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, RunRequest, Runtime, Tier

BARE = [sys.executable, "-I", "-S", "-c", "pass"]
_WARMING = 10
_PROGRAMS = {
    Runtime.STATIC: "static",
    Runtime.SCHEMA: "check_rows",
    Runtime.MUTANTS: "mutants",
}
_ROW = 100


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench sandbox", description=__doc__)
    parser.add_argument("--limit", type=int, default=300, help="calls of each kind")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for everything")
    parser.add_argument("--seed", type=int, default=0, help="unused: nothing here is random")
    parser.add_argument("--tier", type=Tier, choices=list(Tier), help="default: the strongest")
    parser.add_argument(
        "--zygote", type=Runtime, choices=list(Runtime), default=Runtime.THIN, help="which is warm"
    )
    return parser.parse_args(argv)


def jailed(sandbox: ZygoteSandbox, runtime: Runtime) -> float:
    """Seconds of one session with one run."""
    program = _PROGRAMS.get(runtime, "unit_tests")
    payload: dict[str, Json] = {"tests": [], "code": [], "most": 0, "seed": 0}
    payload |= {"schema": {}, "rows": []}
    request = RunRequest(runtime, program, {}, payload)
    began = time.perf_counter()
    with sandbox.session() as run:
        result = run(request)
    taken = time.perf_counter() - began
    if result.ending is not RunEnding.COMPLETED:
        raise SystemExit(f"the jail failed: {result.detail}")
    return taken


def bare() -> float:
    """Seconds of one bare interpreter."""
    began = time.perf_counter()
    subprocess.run(BARE, check=True)
    return time.perf_counter() - began


def measure(chosen: argparse.Namespace) -> Mapping[str, object]:
    """Both in turn, as long as the budget lasts."""
    ends = time.monotonic() + chosen.budget
    sandbox = ZygoteSandbox(chosen.tier)
    times: dict[str, list[float]] = {"jailed": [], "bare": []}
    try:
        for number in range(_WARMING + chosen.limit):
            if number == _WARMING:
                times = {"jailed": [], "bare": []}
            times["jailed"].append(jailed(sandbox, chosen.zygote))
            times["bare"].append(bare())
            if time.monotonic() > ends:
                break
        row = [jailed(sandbox, chosen.zygote) for _ in times["bare"][:_ROW]]
        tier = sandbox.tier
    finally:
        sandbox.close()
    return {
        "ratio": round(statistics.median(times["jailed"]) / statistics.median(times["bare"]), 3),
        **{f"{name}_p50_ms": round(1000 * statistics.median(t), 2) for name, t in times.items()},
        "back_to_back_ms": round(1000 * statistics.mean(row), 2),
        "tier": tier.value,
        "zygote": chosen.zygote.value,
        "bare": "python -I -S -c pass",
        "calls": len(times["bare"]),
    }


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    print(json.dumps(measure(arguments(argv))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
