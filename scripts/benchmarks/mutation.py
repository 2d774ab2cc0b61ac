#!/usr/bin/env python3
"""Mutants judged a second: level 6 against mutmut's command line on the same code and tests.

The code is in ``mutation_code``: six small functions and a module of 300 lines, each with a
test file that notices nearly everything, and none of which a mutant turns into an endless
loop, so that nobody's time-outs are measured.  Rows of ``--data`` count as small ones.

Ours is the whole verdict of level 6 in a warm sandbox: making the mutants, judging them, and
the attack on survivors, which mutmut does not do; the median of three verdicts.  ``without_attack``
leaves the attack out, and ``judging`` counts the run alone in which the tests meet the mutants,
with its collection and controls.  mutmut's is ``mutmut run`` as a user starts it, in a fresh
folder with its own settings, without pytest plugins that are installed by chance, from start to
end, on as many cores.  All rates count the mutants that were given an ending, each by its own
seconds; level 6 judges at most 200, a sample of a long module's.
A mutant whose two endings differ is shown to plain pytest too, which explains who is right.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.bootstrap.jails import sandbox
from fractal_rmo.domain.run import Runner, RunRequest, RunResult, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.services.drive import drive
from fractal_rmo.validation.mutation.level import mutation_level
from fractal_rmo.validation.mutation.mutant import read_mutant
from fractal_rmo.validation.subject import Subject
from scripts.benchmarks._compare import Ours, disagreements, paired
from scripts.benchmarks._mutmut import by_hand, lay_out, read_results, run_mutmut, shape_in
from scripts.benchmarks._rows import add_options, code_of, counted, given_tests, read_rows
from scripts.benchmarks._wrong import mutated

CODE = Path(__file__).resolve().parent / "mutation_code"
_TIMES = 3
_MUTMUT_S, _PLAIN_S = 600.0, 20.0
_ENDS = {0: "passed", 1: "failed"}


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench mutation", description=__doc__)
    add_options(parser, required=False)
    parser.set_defaults(limit=10)
    parser.add_argument("--no-module", action="store_true", help="leave the long module out")
    return parser.parse_args(argv)


@dataclass
class Recorder:
    """A runner that keeps what was asked, what was answered, and how long that took."""

    run: Runner
    seen: list[tuple[RunRequest, RunResult, float]] = field(default_factory=list)

    def __call__(self, request: RunRequest) -> RunResult:
        """Perform one run."""
        began = time.perf_counter()
        result = self.run(request)
        self.seen.append((request, result, time.perf_counter() - began))
        return result

    def seconds(self, program: str) -> float:
        """Of all runs of a program."""
        return sum(taken for request, _, taken in self.seen if request.program == program)


@dataclass(frozen=True)
class Compared:
    """One piece of code under both; seconds of the whole verdict, of two runs in it, mutmut's."""

    name: str
    mutants: int
    theirs: int
    whole_s: float
    attack_s: float
    judging_s: float
    mutmut_s: float
    disagreements: list[dict[str, str]]

    def value(self) -> dict[str, object]:
        """The figures as they are printed."""
        return {
            "name": self.name,
            "mutants_ours": self.mutants,
            "mutants_mutmut": self.theirs,
            "ours_s": round(self.whole_s, 3),
            "attack_s": round(self.attack_s, 3),
            "judging_s": round(self.judging_s, 3),
            "mutmut_s": round(self.mutmut_s, 2),
            "speedup": round(self.speedup(), 1),
            "without_attack": round(self.speedup(attack=False), 1),
            "judging": round(self.of_seconds(self.judging_s), 1),
        }

    def speedup(self, *, attack: bool = True) -> float:
        """Our mutants a second over mutmut's."""
        return self.of_seconds(self.whole_s if attack else self.whole_s - self.attack_s)

    def of_seconds(self, ours_s: float) -> float:
        """The same where ours took so long."""
        return (self.mutants / ours_s) / (self.theirs / self.mutmut_s)


class NotComparableError(Exception):
    """Why one of the two gave no endings, in a sentence."""


def cases(chosen: argparse.Namespace) -> Iterator[tuple[str, SourceTree, SourceTree]]:
    """(name, code, tests) of all small pieces of code; the module comes last."""
    yield from of_folder("small")
    for row in read_rows(chosen.data, chosen.limit, chosen.seed) if chosen.data else ():
        yield row["id"], code_of(row), given_tests(row)
    if not chosen.no_module:
        yield from of_folder("module")


def of_folder(folder: str) -> Iterator[tuple[str, SourceTree, SourceTree]]:
    """(name, code, tests) of each file of ``mutation_code/FOLDER`` that has a test file."""
    for file in sorted((CODE / folder).glob("*.py")):
        test = file.with_name(f"test_{file.name}")
        if test.exists():
            code, tests = ({f.name: f.read_text(encoding="utf-8")} for f in (file, test))
            yield f"{folder}/{file.stem}", SourceTree(code), SourceTree(tests)


def compare(name: str, code: SourceTree, tests: SourceTree, jail: Sandbox) -> Compared:
    """Both on the same code and tests, ours first; raises ``NotComparableError``."""
    subject, whole, attack, judging = Subject(code, tests), [], [], []
    for _ in range(_TIMES):
        with jail.session() as run:
            recorder, began = Recorder(run), time.perf_counter()
            verdict = drive(mutation_level(subject), recorder)
            whole.append(time.perf_counter() - began)
        attack.append(recorder.seconds("mutation_attack"))
        judging.append(recorder.seconds("mutation_tests"))
    ours = ours_of(recorder, code)
    if not ours or len(ours) != counted(verdict, "mutants"):
        raise NotComparableError(f"level 6 {verdict.outcome}: {verdict.summary}")
    with tempfile.TemporaryDirectory(prefix="fractal-rmo-bench-") as place:
        folder = Path(place) / "mutmut"
        lay_out(folder, code, tests)
        try:
            mutmut_s = run_mutmut(folder, _MUTMUT_S)
        except RuntimeError as error:
            raise NotComparableError(str(error)) from error
        theirs = read_results(folder, code)
        found = disagreements(
            paired(ours, theirs),
            lambda mutant: plainly(mutant, code, tests, Path(place) / "plain"),
            sampled=counted(verdict, "possible") > len(ours),
        )
    seconds = median(whole), median(attack), median(judging), mutmut_s
    return Compared(name, len(ours), len(theirs), *seconds, found)


def ours_of(recorder: Recorder, code: SourceTree) -> list[Ours]:
    """Each mutant that level 6 let the tests meet, with its ending."""
    found = []
    for request, result, _ in recorder.seen:
        asked = request.payload.get("mutants")
        told = result.value.get("mutants") if isinstance(result.value, Mapping) else None
        if request.program != "mutation_tests" or not isinstance(asked, list):
            continue
        for item in told if isinstance(told, list) else ():
            mutant = read_mutant(asked[item["number"]], code)
            if mutant is not None:
                text = mutated(code, mutant).files[mutant.path]
                shape, detail = shape_in(text, mutant.function), str(item.get("detail", ""))
                place = mutant.path, mutant.function, shape
                found.append(Ours(*place, item["ending"], detail, mutant.diff(code), text))
    return found


def plainly(mutant: Ours, code: SourceTree, tests: SourceTree, folder: Path) -> str:
    """How plain pytest ends on the code with the mutant written into it."""
    lay_out(folder, code.replace(mutant.path, mutant.text), tests)
    try:
        done = by_hand(["pytest", "-q", "-x", "-p", "no:cacheprovider"], folder, _PLAIN_S)
    except subprocess.TimeoutExpired:
        return "timed out"
    return _ENDS.get(done.returncode, f"ended with exit code {done.returncode}")


def figures(compared: list[Compared], skipped: dict[str, str]) -> dict[str, object]:
    """What is printed: medians of small code, the module, and all differences."""
    module = [one for one in compared if one.name.startswith("module/")]
    small = [one for one in compared if one not in module]
    differing = [{"case": one.name, **each} for one in compared for each in one.disagreements]
    return {
        **_speedups("small", small),
        **_speedups("module", module),
        "mutants_ours": sum(one.mutants for one in compared),
        "mutants_mutmut": sum(one.theirs for one in compared),
        "disagreements": differing,
        "unexplained": sum(not each["explanation"] for each in differing),
        "compared": "level 6 with its attack on survivors, against mutmut run",
        "cases": [one.value() for one in compared],
        "not_compared": skipped,
    }


def _speedups(name: str, compared: list[Compared]) -> dict[str, float | None]:
    with_attack = [one.speedup() for one in compared]
    without = [one.speedup(attack=False) for one in compared]
    judging = [one.of_seconds(one.judging_s) for one in compared]
    return {
        f"speedup_{name}": round(median(with_attack), 2) if with_attack else None,
        f"speedup_{name}_without_attack": round(median(without), 2) if without else None,
        f"speedup_{name}_judging": round(median(judging), 2) if judging else None,
    }


def measure(chosen: argparse.Namespace) -> dict[str, object]:
    """All code, one piece after the other, as long as the budget lasts."""
    ends, compared, skipped = time.monotonic() + chosen.budget, [], {}
    with sandbox() as jail:
        warm_up(jail)
        for name, code, tests in cases(chosen):
            if time.monotonic() > ends:
                skipped[name] = "the budget was used up"
                continue
            try:
                compared.append(compare(name, code, tests, jail))
                print(name, json.dumps(compared[-1].value()), file=sys.stderr, flush=True)
            except NotComparableError as error:
                skipped[name] = str(error)
                print(name, error, file=sys.stderr, flush=True)
    return figures(compared, skipped)


def warm_up(jail: Sandbox) -> None:
    """Start what level 6 needs, and let it judge once, as in a worker that has worked before."""
    jail.warm(Runtime.MUTANTS, Runtime.THICK, Runtime.THIN)
    _, code, tests = next(of_folder("small"))
    with jail.session() as run:
        verdict = drive(mutation_level(Subject(code, tests)), run)
    if verdict.outcome is Outcome.ERROR:
        raise SystemExit(f"level {int(Level.MUTATION)} cannot judge here: {verdict.summary}")


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    print(json.dumps(measure(arguments(argv))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
