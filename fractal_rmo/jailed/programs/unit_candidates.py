"""``unit_candidates``: the tests against many versions of the code, to sort out most of them.

The payload is that of ``unit_tests`` with ``failing``, the ids of the tests that
fail on the code as it is; ``candidates``, each ``{path: text}`` of the files it
changes; ``cpu_s`` and ``wall_s``, what one may take, and ``budget_s`` for all.

A fork of a warm interpreter touches some seven hundred pages before a test has
run, which costs several times as much as the test.  So a few candidates share a
fork, one after the other: code and tests are imported anew for each.  The code
as it is comes last in each fork, as a control: where it does not do what it did
in a fork of its own, something was left behind, and each of the fork's
candidates is judged again, alone.  A candidate that ends the fork costs itself;
those behind it go on in the next.  Answers are told one by one under a mark that
the next fork does not know.

``{"supported", "control", "judged": [{"number", "ending", "passed", "reached",
"broken", "endless", "problem", "far"}], "cpu_s"}``.  ``ending`` is as in ``forks``,
``passed`` are those of ``failing`` that pass now, ``reached`` tells of the others
in which line of its file each gave up, and ``far`` how far the values that it compared there
were from each other, as in ``nearness``.  Only where one passes are the other
tests run; ``broken`` are those that fail.  ``control`` is what the code as it
is did.  ``supported`` is false for tests that need pytest's session.

A candidate may execute ten times the lines of the code as it is, and no less
than ``_STEPS``: many are endless, and the whole ``step_limit`` costs more than
all else.
"""

from __future__ import annotations

import ast
import gc
import importlib.machinery
import importlib.util
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import CodeType
from typing import Any

from fractal_rmo.jailed.layout import Box, module_name
from fractal_rmo.jailed.limits import MEGABYTE
from fractal_rmo.jailed.problems import OutOfMemory
from fractal_rmo.jailed.programs import unit_quick
from fractal_rmo.jailed.programs.forks import Allowance, Ended, Tell, cores, in_forks, one_fork
from fractal_rmo.jailed.programs.nearness import FARTHEST, distance_at, keep_operands
from fractal_rmo.jailed.programs.tracing import make_tracer
from fractal_rmo.jailed.programs.unit_report import Report, Request

_TOGETHER = 48
"""Candidates that share a fork."""
_STEPS, _TIMES_STEPS = 2_500, 10
_LEAST_WALL_S, _TIMES_WALL = 3.0, 3.0
_TOO_MANY_STEPS = "StepLimitExceeded"
_KEPT_MB = 64
"""Of the run's memory, for the process that forks."""

Judgement = dict[str, Any]
Texts = Mapping[str, str]


def run(box: Box, payload: Mapping[str, Any], with_pytest: bool = False) -> dict[str, Any]:
    """Judge ``candidates``, as many as ``budget_s`` allows."""
    request = Request.read(payload)
    if not unit_quick.supports(box, request, with_pytest):
        return {"supported": False, "judged": [], "control": {}, "cpu_s": _cpu_s()}
    trial = _Trial(box, request, payload["failing"], payload["cpu_s"], _compiled(box, request))
    wall_s = payload["wall_s"]
    bench = _Bench(trial, payload["candidates"], wall_s, time.monotonic() + payload["budget_s"])
    gc.collect()
    gc.freeze()  # or each fork would copy what the collector touches
    control, judged = bench.judge()
    told = [{**one, "number": number} for number, one in sorted(judged.items())]
    return {"supported": True, "control": control, "judged": told, "cpu_s": _cpu_s()}


class _Codes(dict[str, CodeType]):
    """Compiled files by name: what the import system takes instead of reading them."""

    def install(self) -> None:
        """From now on, in this process."""
        loader: Any = importlib.machinery.SourceFileLoader
        read = loader.get_code

        def get_code(this: Any, fullname: str) -> CodeType | None:
            return self.get(this.path) or read(this, fullname)

        loader.get_code = get_code


def _compiled(box: Box, request: Request) -> _Codes:
    """The tests; what does not compile is left to the forks, which will say so."""
    codes = _Codes()
    for path in request.tests:
        file = box.tests / path
        with suppress(SyntaxError, ValueError, RecursionError, ImportError):
            tree = keep_operands(ast.parse(file.read_bytes(), str(file)))
            codes[str(file)] = compile(tree, str(file), "exec", dont_inherit=True)
            importlib.util.find_spec(module_name(file))  # the folders are listed once for all
    codes.install()
    return codes


class _Bench:
    """Deals the candidates to forks, and takes what those tell."""

    def __init__(
        self, trial: _Trial, candidates: Sequence[Texts], wall_s: float, until: float
    ) -> None:
        self._trial, self._candidates = trial, candidates
        self._wall_s, self._until = wall_s, until
        self._judged: dict[int, Judgement] = {}

    def judge(self) -> tuple[Judgement, Mapping[int, Judgement]]:
        """What the code as it is did, and each candidate by number."""
        ended = one_fork(partial(self._trial.judge_all, [{}]), self._allowance(1))
        control = ended.answer
        self._trial.longest_s = max(_LEAST_WALL_S, _TIMES_WALL * ended.duration_s)
        self._trial.bound_steps(control.pop("steps", 0))
        numbers = list(range(len(self._candidates)))
        waiting = [numbers[n : n + _TOGETHER] for n in range(0, len(numbers), _TOGETHER)]
        while waiting and time.monotonic() < self._until:
            again = list[list[int]]()
            tasks = [self._task(group) for group in waiting]
            allowance = self._allowance(_TOGETHER)
            for place, ended in in_forks(tasks, allowance, cores(), self._until):
                again += self._take(waiting[place], ended, control)
            waiting = again
        return control, self._judged

    def _allowance(self, count: int) -> Allowance:
        wall_s = self._wall_s * min(count, 4)  # few take anything like their time
        return Allowance(wall_s, wall_s, _KEPT_MB * MEGABYTE, shut_off=True)

    def _task(self, group: Sequence[int]) -> partial[None]:
        texts = [self._candidates[number] for number in group]
        return partial(self._trial.judge_all, [*texts, {}] if len(texts) > 1 else texts)

    def _take(self, group: list[int], ended: Ended, control: Judgement) -> list[list[int]]:
        """Keep what a fork told; the groups that are still to be judged."""
        told = ended.told
        if len(group) > 1 and len(told) == len(group) + 1 and _is_other(told[-1], control):
            return [[number] for number in group]
        for number, one in zip(group, told, strict=False):
            self._judged[number] = {**one, "ending": "finished"}
        if len(told) >= len(group) or ended.how == "cut_off":
            return []
        how = "crashed" if ended.how == "finished" else ended.how  # it left without a word
        self._judged[group[len(told)]] = {"ending": how}
        rest = group[len(told) + 1 :]
        return [rest] if rest else []


@dataclass
class _Trial:
    """What happens in a fork."""

    box: Box
    request: Request
    failing: Sequence[str]
    cpu_s: float
    codes: _Codes
    longest_s: float = 0.0
    """Seconds by the clock for one candidate: one that sleeps spends no processor time."""

    def judge_all(self, candidates: Sequence[Texts], tell: Tell) -> None:
        """One after the other, each with its own time."""
        depth = sys.getrecursionlimit()
        for texts in candidates:
            signal.setitimer(signal.ITIMER_PROF, self.cpu_s)
            signal.setitimer(signal.ITIMER_REAL, self.longest_s)
            tell(self._judged(texts))
            sys.setrecursionlimit(depth)
            self._forget(texts)

    def bound_steps(self, needed: int) -> None:
        """Let a test execute in proportion to what the code as it is needed."""
        most = self.request.step_limit or sys.maxsize
        steps = min(most, max(_STEPS, _TIMES_STEPS * needed))
        self.request = replace(self.request, step_limit=steps)

    def _judged(self, texts: Texts) -> Judgement:
        report = Report(self.box)
        try:
            for path, text in texts.items():
                name = str(self.box.code / path)
                self.codes[name] = compile(text, name, "exec", dont_inherit=True)
            tests = unit_quick.collected(self.box, self.request, report)
            if report.problem:
                return {"problem": report.problem}
            return _Meeting(self.request, report, tests).judged(self.failing)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OutOfMemory) as error:
            return {"problem": type(error).__name__}

    def _forget(self, texts: Texts) -> None:
        """What is imported of code and tests, and what stood for files."""
        for path in texts:
            self.codes.pop(str(self.box.code / path), None)
        folders = (f"{self.box.code}/", f"{self.box.tests}/")
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(folders):
                del sys.modules[name]


class _Meeting:
    """One candidate and the tests."""

    def __init__(self, request: Request, report: Report, tests: unit_quick.Tests) -> None:
        self._report, self._tests = report, tests
        self._tracer = make_tracer(report.box, False, request.step_limit)
        self._steps = 0

    def judged(self, failing: Sequence[str]) -> Judgement:
        """See the module; stops at the first test without an end, which is what costs most."""
        passed, reached, far = list[str](), dict[str, int](), dict[str, float]()
        for name in failing or self._tests:
            outcome = self._outcome(name)
            if outcome.get("type") == _TOO_MANY_STEPS:
                return {"passed": passed, "reached": reached, "far": far, "endless": name}
            if outcome.get("outcome") == "passed":
                passed.append(name)
            else:
                reached[name], far[name] = outcome.get("at", 0), outcome.get("far", FARTHEST)
        broken = self._broken(set(failing)) if passed and failing else []
        said = {"passed": passed, "reached": reached, "far": far, "broken": broken}
        return {**said, "steps": self._steps}

    def _broken(self, known: set[str]) -> list[str]:
        others = (name for name in self._tests if name not in known)
        return [n for n in others if self._outcome(n)["outcome"] in ("failed", "error")]

    def _outcome(self, name: str) -> dict[str, Any]:
        if name not in self._tests:
            return {}
        error = unit_quick.run_one(name, self._tests[name], self._tracer, self._report)
        self._steps = max(self._steps, self._tracer.steps if self._tracer else 0)
        at = _line_in_tests(self._report.box, error)
        return {**self._report.results[name], "at": at, "far": distance_at(error)}


def _is_other(one: Judgement, control: Judgement) -> bool:
    """Whether the code as it is was judged otherwise, its steps and distances aside."""
    aside = {"steps": 0, "far": {}}
    return {**one, **aside} != {**control, **aside}


def _line_in_tests(box: Box, error: BaseException | None) -> int:
    """The first line of the tests on the way to an error; 0 for none."""
    traceback = error.__traceback__ if error else None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.startswith(f"{box.tests}/"):
            return traceback.tb_lineno or 0
        traceback = traceback.tb_next
    return 0


def _cpu_s() -> float:
    """Processor time of this process and of those it has waited for."""
    own, forks = (
        resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + forks.ru_utime + forks.ru_stime
