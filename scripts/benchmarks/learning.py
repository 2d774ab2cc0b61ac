#!/usr/bin/env python3
"""What experience brings: the repair engine with uniform, shipped and learned priors.

Cross-validated: the priors that a problem is measured with are learned from the
other folds only, by the product's learner, from what the product's engine leaves
of its searches with shipped priors.  Effort is counted in candidates until the
first correct fix, so a busy machine changes little: only who is out of ``--budget``,
seconds of processor time for each problem and arm.  Judgements of one program
are shared between arms, and each arm is charged what they took.
``--experience`` gives further problems of the same kind, from which is only learned.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.experience import Experience
from fractal_rmo.domain.priors import Priors
from fractal_rmo.domain.run import Runner
from fractal_rmo.learning.priors import Record, learned
from fractal_rmo.repair.problem import Part, RepairOutcome, RepairProblem
from fractal_rmo.repair.search import search
from fractal_rmo.repair.shipped import SHIPPED_PRIORS
from fractal_rmo.services.drive import drive
from fractal_rmo.services.shared_trials import SharedTrials
from scripts.benchmarks._rows import Row, add_options, code_of, given_tests, numbered, read_rows
from scripts.benchmarks.repair import judge

MOST = 4_000
"""Candidates of a search: none needs more on one core in the usual budget."""
ARMS = ("uniform", "shipped", "learned")


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench learning", description=__doc__)
    add_options(parser, budget=(5.0, "seconds of processor time a problem and arm"))
    parser.add_argument("--folds", type=int, default=10, help="parts of the cross-validation")
    parser.add_argument("--experience", type=Path, help="more problems, to learn from only")
    return parser.parse_args(argv)


@dataclass
class Problem:
    """A row, the trials that are shared between its arms, and what each arm came to."""

    row: Row
    trials: SharedTrials = field(default_factory=SharedTrials)
    verdicts: dict[str, bool] = field(default_factory=dict)
    effort: dict[str, int] = field(default_factory=dict)
    experience: Experience | None = None


def attempt(problem: Problem, arm: str, priors: Priors, run: Runner, budget_s: float) -> None:
    """Search with these priors, and note when the first correct patch was found."""
    row = problem.row
    without = frozenset({Part.PRIORS}) if arm == "uniform" else frozenset[Part]()
    asked = RepairProblem(code_of(row), given_tests(row), without=without, priors=priors)
    runner = problem.trials.over(run)
    found = drive(
        search(asked, max_candidates=MOST, pause=lambda: runner.spent_s > budget_s), runner
    )
    correct = _first_correct(problem, found, run)
    if correct:
        problem.effort[arm] = correct.candidates
        if arm == "shipped":
            problem.experience = correct


def _first_correct(problem: Problem, found: RepairOutcome, run: Runner) -> Experience | None:
    for candidate in sorted(found.candidates, key=lambda c: c.experience.candidates):
        key = candidate.tree.sha256
        if key not in problem.verdicts:
            problem.verdicts[key] = judge(problem.row, candidate.tree, run) is True
        if problem.verdicts[key]:
            return candidate.experience
    return None


def records(problems: Sequence[Problem]) -> list[Record]:
    """What was learned of these, each a source of its own."""
    return [Record(p.experience, p.row["id"]) for p in problems if p.experience]


def folds(problems: Sequence[Problem], count: int, seed: int) -> list[list[Problem]]:
    """Parts of nearly the same size."""
    shuffled = list(problems)
    Random(seed).shuffle(shuffled)  # noqa: S311 - a sample, no secret
    return [part for n in range(count) if (part := shuffled[n::count])]


def measure(options: argparse.Namespace) -> dict[str, object]:
    """All arms on all rows."""
    problems = [Problem(row) for row in read_rows(options.data, options.limit, options.seed)]
    more = [Problem(row) for row in read_rows(options.experience)] if options.experience else []
    sandbox = ZygoteSandbox()

    def all_of(chosen: Sequence[Problem], arms: Sequence[str], priors: Priors) -> None:
        for number, row in numbered([p.row for p in chosen]):
            problem = chosen[number - 1]
            with sandbox.session() as run:
                for arm in arms:
                    attempt(problem, arm, priors, run, options.budget)
            said = ", ".join(f"{arm} {problem.effort.get(arm, 'unsolved')}" for arm in arms)
            print(f"{number}/{len(chosen)} {row['id']}: {said}", file=sys.stderr, flush=True)

    try:
        all_of([*more, *problems], ("shipped",), SHIPPED_PRIORS)
        all_of(problems, ("uniform",), SHIPPED_PRIORS)
        for held_out in folds(problems, options.folds, options.seed):
            known = [p for p in problems if p not in held_out]
            rules = learned(records([*more, *known]), SHIPPED_PRIORS.weights)
            all_of(held_out, ("learned",), Priors("learned", 1, SHIPPED_PRIORS.weights, rules))
    finally:
        sandbox.close()
    return value(problems, len(records(more)))


def value(problems: Sequence[Problem], more: int) -> dict[str, object]:
    """The figures as they are printed."""
    return {
        "problems": len(problems),
        **_ratio("uniform", problems),
        **_ratio("shipped", problems),
        "solved": {arm: sum(arm in p.effort for p in problems) for arm in ARMS},
        "learned_from": len(records(problems)),
        "further_experience": more,
    }


def _ratio(arm: str, problems: Sequence[Problem]) -> dict[str, object]:
    """Geometric mean of learned over ``arm``, with its normal interval of 95 %."""
    both = [p.effort for p in problems if {arm, "learned"} <= p.effort.keys()]
    logs = [math.log(e["learned"] / e[arm]) for e in both]
    if len(logs) < 2:
        return {f"ratio_{arm}": None}
    mean = sum(logs) / len(logs)
    error = math.sqrt(sum((x - mean) ** 2 for x in logs) / (len(logs) - 1) / len(logs))
    ends = (mean - 1.96 * error, mean + 1.96 * error)
    return {
        f"ratio_{arm}": round(math.exp(mean), 4),
        f"ratio_{arm}_ci": [round(math.exp(end), 4) for end in ends],
        f"both_{arm}": len(logs),
    }


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    print(json.dumps(measure(arguments(argv))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
