#!/usr/bin/env python3
"""What a proof costs: all six levels on solved problems, against the same tools started by hand.

Ours is ``solve`` in a warm sandbox, as the product calls it: parsing, ruff, mypy and bandit, the
tests twice in split processes, the checks from outside, some hundred generated calls, mutants and
the attack on survivors.  By hand, in a fresh folder: ``ruff check``, ``mypy``, ``bandit``,
``pytest`` once, an import in a clean interpreter, and ``mutmut run``, each started as a
shell would, mypy with a cache that is filled before, pytest without plugins that are
installed by chance.  Nothing stands beside level 5.
Both in turn on each row.  ``speedup`` is the median of the rows' ratios; rows that do not
climb to level 6 are left out (``stopped``), as are those on which mutmut fails (``not_by_hand``).

``cold_level3_s`` and ``cold_level6_s`` are medians of ``fractal-rmo fix examples/off_by_one``,
a new process each, the search for the repair included; ``cold_validate_...`` are those of
``fractal-rmo validate`` on the repaired file.  Only mypy's cache of stubs is there before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.bootstrap.jails import sandbox
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.services.solve import solve
from scripts.benchmarks._mutmut import by_hand, lay_out, read_results, run_mutmut
from scripts.benchmarks._rows import (
    Row,
    add_options,
    code_of,
    counted,
    given_tests,
    numbered,
    read_rows,
)

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLE = ROOT / "examples" / "off_by_one"
_PATIENCE_S = 300.0
_RUNS = 2
"""Of the tests, at level 3."""
_TOOLS: Mapping[str, list[str]] = {
    "ruff": ["ruff", "check", "solution.py"],
    "mypy": ["mypy", "--cache-dir", "{cache}", "solution.py"],
    "bandit": ["bandit", "-q", "solution.py"],
    "pytest": ["pytest", "-q", "test_solution.py"],
}
"""Whatever they find: what is measured is how long they take to say so."""
_IMPORT = "import sys; sys.path.insert(0, '.'); import solution"


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench validate", description=__doc__)
    add_options(parser)
    parser.add_argument("--cold", type=int, default=5, help="cold starts of each kind")
    return parser.parse_args(argv)


@dataclass(frozen=True)
class Ours:
    """A row judged by us: seconds from the task to its verdicts."""

    seconds: float
    verdicts: tuple[Verdict, ...]

    @property
    def stopped(self) -> str:
        """Why level 6 was not reached; "" when it was."""
        last = self.verdicts[-1]
        return "" if last.level is Level.MUTATION else f"level {int(last.level)}: {last.summary}"


@dataclass(frozen=True)
class Hand:
    """A row judged by hand: seconds of each tool, and how many mutants mutmut made."""

    seconds: Mapping[str, float]
    mutants: int


@dataclass
class Score:
    """What was seen so far; seconds of rows that both took to the end."""

    ours_s: list[float] = field(default_factory=list)
    cli_s: list[float] = field(default_factory=list)
    tools_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    levels_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    tests_run: int = 0
    mutants_ours: int = 0
    mutants_cli: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, str] = field(default_factory=dict)
    not_by_hand: dict[str, str] = field(default_factory=dict)

    def take(self, ours: Ours, hand: Hand) -> None:
        """Count a row that both took to the end."""
        self.ours_s.append(ours.seconds)
        self.cli_s.append(sum(hand.seconds.values()))
        for tool, taken in hand.seconds.items():
            self.tools_s[tool] += taken
        self.mutants_cli += hand.mutants
        self.outcomes[f"level 6 {ours.verdicts[-1].outcome}"] += 1
        for verdict in ours.verdicts:
            self.levels_s[str(int(verdict.level))] += verdict.duration_s
            if verdict.level is Level.UNIT:
                self.tests_run += _RUNS * counted(verdict, "passed")
            if verdict.level is Level.MUTATION:
                self.mutants_ours += counted(verdict, "mutants")

    def value(self) -> dict[str, object]:
        """The figures as they are printed."""
        ratios = [cli / ours for ours, cli in zip(self.ours_s, self.cli_s, strict=True)]
        rows = len(ratios)
        means = {name: round(taken / rows, 3) for name, taken in self.tools_s.items()}
        levels = {name: round(taken / rows, 3) for name, taken in self.levels_s.items()}
        return {
            "speedup": _median(ratios, 2),
            "ours_p50_s": _median(self.ours_s, 3),
            "cli_p50_s": _median(self.cli_s, 3),
            "speedup_of_sums": round(sum(self.cli_s) / sum(self.ours_s), 2) if rows else None,
            "rows": rows,
            "tests_run": self.tests_run,
            "mutants_ours": self.mutants_ours,
            "mutants_cli": self.mutants_cli,
            "cli_mean_s": means,
            "levels_mean_s": levels,
            "outcomes": dict(self.outcomes),
            "stopped": self.stopped,
            "not_by_hand": self.not_by_hand,
        }


def _median(values: Sequence[float], places: int) -> float | None:
    return round(median(values), places) if values else None


def judge_ours(row: Row, jail: Sandbox) -> Ours:
    """All six levels, as the product climbs them."""
    task = Task(
        code=code_of(row), tests=given_tests(row), kind=TaskKind.VALIDATE, level=Level.MUTATION
    )
    began = time.perf_counter()
    solution = solve(task, jail)
    return Ours(time.perf_counter() - began, solution.verdicts)


def judge_by_hand(row: Row, cache: Path) -> Hand:
    """Every tool on the row, in a fresh folder; raises ``RuntimeError`` when mutmut cannot."""
    with tempfile.TemporaryDirectory(prefix="fractal-rmo-bench-") as place:
        folder, seconds = Path(place), {}
        lay_out(folder, code_of(row), given_tests(row))
        for name, words in _TOOLS.items():
            began = time.perf_counter()
            by_hand([word.format(cache=cache) for word in words], folder, _PATIENCE_S)
            seconds[name] = time.perf_counter() - began
        began = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", _IMPORT], cwd=folder, check=True)
        seconds["import"] = time.perf_counter() - began
        seconds["mutmut"] = run_mutmut(folder, _PATIENCE_S)
        return Hand(seconds, len(read_results(folder, code_of(row))))


def cold(command: str, path: Path, level: int, times: int) -> float | None:
    """Median seconds of ``fractal-rmo COMMAND PATH``, started anew each time."""
    words = [sys.executable, "-m", "fractal_rmo.cli.main", command, str(path)]
    words += ["--tests", str(_EXAMPLE / "test_solution.py"), "--level", str(level)]
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        taken.append(time.perf_counter() - began)
        if done.returncode:
            raise SystemExit(f"fractal-rmo {command} ended with {done.returncode}: {done.stderr}")
    said = ", ".join(f"{seconds:.2f}" for seconds in taken)
    print(f"cold {command} --level {level}: {said} s", file=sys.stderr, flush=True)
    return _median(taken, 2)


def measure_cold(times: int) -> dict[str, float | None]:
    """The command line at levels 3 and 6, each started as if nothing ran before."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="fractal-rmo-bench-") as place:
        repaired = Path(place) / "solution.py"
        text = (_EXAMPLE / "solution.py").read_text(encoding="utf-8")
        repaired.write_text(text.replace("len(values) - size)", "len(values) - size + 1)"))
        cold("validate", repaired, 2, 1)  # mypy's cache of stubs is made once for a version
        for level in (3, 6):
            found[f"cold_level{level}_s"] = cold("fix", _EXAMPLE, level, times)
            found[f"cold_validate_level{level}_s"] = cold("validate", repaired, level, times)
    return found


def measure(chosen: argparse.Namespace) -> Score:
    """Ours and by hand in turn, row by row, as long as the budget lasts."""
    score, taken = Score(), read_rows(chosen.data, chosen.limit, chosen.seed)
    ends = time.monotonic() + chosen.budget
    with sandbox() as jail, tempfile.TemporaryDirectory(prefix="fractal-rmo-bench-") as cache:
        if taken:  # both are warm afterwards
            judge_ours(taken[0], jail)
            judge_by_hand(taken[0], Path(cache))
        for number, row in numbered(taken, ends):
            said = judge_row(row, jail, Path(cache), score)
            print(f"{number}/{len(taken)} {row['id']}: {said}", file=sys.stderr, flush=True)
    return score


def judge_row(row: Row, jail: Sandbox, cache: Path, score: Score) -> str:
    """One row by both; returns a word on it."""
    ours = judge_ours(row, jail)
    if ours.stopped:
        score.stopped[row["id"]] = ours.stopped
        return ours.stopped
    try:
        hand = judge_by_hand(row, cache)
    except RuntimeError as error:
        score.not_by_hand[row["id"]] = str(error)
        return str(error)
    score.take(ours, hand)
    return f"{ours.seconds:.2f} s, by hand {sum(hand.seconds.values()):.2f} s"


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    chosen = arguments(argv)
    print(json.dumps({**measure(chosen).value(), **measure_cold(chosen.cold)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
