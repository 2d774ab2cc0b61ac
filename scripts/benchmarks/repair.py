#!/usr/bin/env python3
"""Fixes without any model: buggy functions repaired by search, judged on inputs never shown to it.

The engine sees ``code`` and ``tests`` of each row and nothing else.  Its best
candidate is correct when it agrees with ``reference`` on all ``hidden_inputs``
(an exception agrees with one of the same type), or passes ``hidden_tests``.
``--budget`` is in seconds of processor time for each problem: the engine's own
and that of its runs in the jail.  ``cpu_s`` adds up what was used.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Limits, Runner, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.problem import Part, RepairProblem, RepairStatus
from fractal_rmo.repair.search import MAX_CANDIDATES, search
from fractal_rmo.services.choose import chosen
from fractal_rmo.services.drive import drive
from scripts.benchmarks._rows import (
    Row,
    add_options,
    code_of,
    given_tests,
    numbered,
    passes,
    quick_report,
    read_rows,
)
from scripts.benchmarks._slips import slipped

_JUDGING = Limits(wall_s=300.0, cpu_s=120, memory_mb=1024)
"""A judgement that a busy machine cuts off would count as an overfit."""
_JUDGE = """
import copy, json, math
from pathlib import Path
import candidate, reference

asked = json.loads(Path(__file__).with_name("asked.json").read_text())


def same(a, b):
    if isinstance(b, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        near = max(asked["atol"], 1e-6)
        try:
            return math.isclose(a, b, rel_tol=1e-7, abs_tol=near) or (a != a and b != b)
        except TypeError:
            return False
    return a == b


def answer(module, arguments):
    try:
        return getattr(module, asked["entry_point"])(*copy.deepcopy(arguments)), None
    except Exception as error:
        return None, type(error).__name__


def test_agrees():
    for arguments in asked["inputs"]:
        theirs, raised = answer(reference, arguments)
        ours, failed = answer(candidate, arguments)
        assert raised == failed and same(ours, theirs), arguments
"""


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench repair", description=__doc__)
    add_options(parser, budget=(60.0, "seconds of processor time a problem"))
    parser.add_argument(
        "--without", action="append", default=[], choices=[part.value for part in Part],
        help="leave a part of the engine out, to see what it brings; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--slips", type=int, default=0,
        help="so many random slips, drawn by --seed, in each row's code, which is right",
    )  # fmt: skip
    return parser.parse_args(argv)


@dataclass
class Meter:
    """A runner that adds up the processor time of its runs, and of this process since it began.

    A run that does not tell its own counts as long as it took, since it computes and does not
    wait, and at most what it was allowed.
    """

    run: Runner
    in_jails: float = 0.0
    began: float = field(default_factory=time.process_time)

    def __call__(self, request: RunRequest) -> RunResult:
        """Perform one run."""
        result = self.run(request)
        told = result.value.get("cpu_s") if isinstance(result.value, Mapping) else None
        most = min(result.duration_s, request.limits.cpu_s)
        self.in_jails += told if isinstance(told, float) else most
        return result

    @property
    def seconds(self) -> float:
        """Used so far."""
        return self.in_jails + time.process_time() - self.began


@dataclass
class Score:
    """What was seen so far.  ``wrong``, ``unsolved`` and ``undecided`` hold ids of rows.

    Of what was left to a person, ``undecided_correct`` counts where the likeliest patch was right.
    """

    problems: int = 0
    plausible: int = 0
    correct: int = 0
    later: int = 0
    wrong: list[str] = field(default_factory=list)
    unsolved: list[str] = field(default_factory=list)
    not_judged: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    candidates: int = 0
    undecided: list[str] = field(default_factory=list)
    undecided_correct: int = 0

    def value(self) -> dict[str, object]:
        """The figures as they are printed."""
        return {
            "problems": self.problems,
            "plausible": self.plausible,
            "correct": self.correct,
            "correct_ci": [round(end, 4) for end in wilson(self.correct, self.problems)],
            "overfit": len(self.wrong),
            "correct_below_first": self.later,
            "undecided": len(self.undecided),
            "undecided_correct": self.undecided_correct,
            "cpu_s": round(self.cpu_s, 2),
            "wall_s": round(self.wall_s, 2),
            "candidates": self.candidates,
            "candidates_per_s": round(self.candidates / (self.cpu_s or 1.0), 1),
            "overfit_ids": self.wrong,
            "undecided_ids": self.undecided,
            "unsolved_ids": self.unsolved,
            "not_judged_ids": self.not_judged,
        }


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, JASA 1927)."""
    if not trials:
        return 0.0, 1.0
    z, share = 1.959964, successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def judge(row: Row, tree: SourceTree, run: Runner) -> bool | None:
    """Whether a candidate is right; None when the judge itself could not say."""
    report = quick_report(*_hidden(row, tree), run, "hidden", _JUDGING)
    return None if report is None else passes(report)


def _hidden(row: Row, tree: SourceTree) -> tuple[SourceTree, SourceTree]:
    """(code, tests) of the judgement: the hidden tests, or a comparison with the reference."""
    code = tree.files["solution.py"]
    if row.get("hidden_tests"):
        tests = {"test_hidden.py": row["hidden_tests"]}
        return SourceTree({"solution.py": code}), SourceTree(tests)
    asked = {
        "entry_point": row["entry_point"],
        "inputs": row["hidden_inputs"],
        "atol": row.get("atol") or 0.0,
    }
    both = {"candidate.py": code, "reference.py": row["reference"]}
    tests = {"asked.json": json.dumps(asked), "test_hidden.py": _JUDGE}
    return SourceTree(both), SourceTree(tests)


def attempt(row: Row, run: Runner, score: Score, budget_s: float, without: frozenset[Part]) -> str:
    """Repair and judge one row; returns a word on it."""
    words = row.get("description") or ""
    problem = RepairProblem(code_of(row), given_tests(row), without=without, description=words)
    meter, began = Meter(run), time.monotonic()

    def pause() -> bool:
        return meter.seconds > budget_s

    found = drive(search(problem, max_candidates=MAX_CANDIDATES, pause=pause), meter)
    if Part.CHOICE not in without:
        found = drive(chosen(problem, found), meter)
    score.problems += 1
    score.wall_s += time.monotonic() - began
    score.cpu_s += meter.seconds
    score.candidates += found.tried
    trees = [candidate.tree for candidate in found.candidates]
    if found.status is RepairStatus.ALREADY_PASSES:
        trees = [problem.code]
    said = _count(row, trees, run, score, is_decided=found.status is not RepairStatus.UNDECIDED)
    shown = found.candidates[0].description if found.candidates else found.note
    sure = f", {found.sure:.0%} sure" if found.candidates else ""
    return f"{said} after {found.tried}{sure}: {shown}"


def _count(
    row: Row, trees: Sequence[SourceTree], run: Runner, score: Score, *, is_decided: bool
) -> str:
    if not trees:
        score.unsolved.append(row["id"])
        return "unsolved"
    verdicts = [judge(row, tree, run) for tree in trees]
    if not is_decided:
        score.undecided.append(row["id"])
        score.undecided_correct += bool(verdicts[0])
        return f"undecided, the likeliest is {'correct' if verdicts[0] else 'wrong'}"
    score.plausible += 1
    if verdicts[0]:
        score.correct += 1
        return "correct"
    if verdicts[0] is None:
        score.not_judged.append(row["id"])
        return "not judged"
    score.wrong.append(row["id"])
    score.later += any(verdicts)
    return "overfit, a later candidate is correct" if any(verdicts) else "overfit"


def measure(options: argparse.Namespace) -> Score:
    """All rows, one after the other."""
    without = frozenset(map(Part, options.without))
    score, taken = Score(), read_rows(options.data, options.limit, options.seed)
    sandbox = ZygoteSandbox()
    try:
        for number, row in numbered(taken):
            with sandbox.session() as run:
                asked = slipped(row, run, options.slips, options.seed) if options.slips else row
                said = "too few slips that its tests notice"
                if asked is not None:
                    said = attempt(asked, run, score, options.budget, without)
            print(f"{number}/{len(taken)} {row['id']}: {said}", file=sys.stderr, flush=True)
    finally:
        sandbox.close()
    return score


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    print(json.dumps(measure(arguments(argv)).value()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
