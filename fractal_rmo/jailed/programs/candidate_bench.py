"""Deals candidates to forks of a warm interpreter, and takes what those tell.

A fork touches some seven hundred pages before a test has run, which costs several times as much
as a plain test.  So a few candidates may share one, one after the other.  The code as it is comes
last in each such fork, as a control: where it does not do what it did in a fork of its own,
something was left behind, and each of the fork's candidates is judged again, alone.  A candidate
that ends the fork costs itself; those behind it go on in the next.  Answers are told one by one
under a mark that the next fork does not know.

A candidate may execute ten times the lines of the code as it is, and no less than ``_STEPS``:
many are endless, and the whole ``step_limit`` costs more than all else.  What it does in C has no
lines (the power of a power has a million digits), so processor time is bounded likewise.
"""

from __future__ import annotations

import ast
import gc
import importlib.machinery
import importlib.util
import os
import resource
import shutil
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.machinery import ModuleSpec
from math import ceil
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

from fractal_rmo.jailed.layout import Box, module_name
from fractal_rmo.jailed.limits import MEGABYTE
from fractal_rmo.jailed.problems import OutOfMemory
from fractal_rmo.jailed.programs.forks import Allowance, Ended, Tell, cores, in_forks, one_fork
from fractal_rmo.jailed.programs.nearness import keep_operands
from fractal_rmo.jailed.programs.unit_report import Report, Request, judgement

_STEPS, _TIMES_STEPS = 2_500, 10
_LEAST_CPU_S, _TIMES_CPU = 0.1, 10.0
_LEAST_WALL_S, _TIMES_WALL = 3.0, 3.0
_KEPT_MB = 64
"""Of the run's memory, for the process that forks."""

Judgement = dict[str, Any]
Texts = Mapping[str, str]


@dataclass
class Codes:
    """Compiled files by name, and where modules were found: what the import system takes.

    To look for two modules in folders takes longer than many a test.
    """

    box: Box
    own: dict[str, CodeType] = field(default_factory=dict)
    changed: dict[str, CodeType] = field(default_factory=dict)
    specs: dict[str, ModuleSpec] = field(default_factory=dict)
    folders: Sequence[str] = ()

    def keep(self, request: Request, code: Iterable[str]) -> None:
        """Compile tests and code; what does not compile is left to the forks, which will say so."""
        for file in [self.box.tests / path for path in request.tests]:
            with suppress(SyntaxError, ValueError, RecursionError, ImportError, OSError):
                tree = keep_operands(ast.parse(file.read_bytes(), str(file)))
                self.own[str(file)] = compile(tree, str(file), "exec", dont_inherit=True)
                self._find(file)
        for file in [self.box.code / path for path in code if path.endswith(".py")]:
            with suppress(SyntaxError, ValueError, RecursionError, OSError):
                text = file.read_bytes()
                self.own[str(file)] = compile(text, str(file), "exec", dont_inherit=True)
                self._find(file)

    def _find(self, file: Path) -> None:
        """Keep the spec of a module, but of no package: its list of folders could be changed."""
        name = module_name(file).partition(".")[0]  # what is below it would be imported
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin == str(file) and not spec.parent:
            self.specs[name] = spec

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Where a file was found, as long as modules are looked for in the same folders."""
        return self.specs.get(fullname) if self.folders == sys.path else None

    def change(self, texts: Texts) -> None:
        """Let a candidate's texts stand for its files.  Raises what ``compile`` does."""
        self.changed.clear()
        for path, text in texts.items():
            name = str(self.box.code / path)
            self.changed[name] = compile(text, name, "exec", dont_inherit=True)

    def install(self) -> None:
        """From now on, in this process."""
        loader: Any = importlib.machinery.SourceFileLoader
        read = loader.get_code

        def get_code(this: Any, fullname: str) -> CodeType | None:
            path = this.path
            return self.changed.get(path) or self.own.get(path) or read(this, fullname)

        loader.get_code = get_code
        self.folders = list(sys.path)
        sys.meta_path.insert(0, self)


@dataclass
class Trial(ABC):
    """What happens in a fork.

    ``together`` candidates share it, each of which may take ``cpu_s`` of processor time;
    ``longest_s`` are seconds by the clock, since one that sleeps spends none.  ``is_control``
    is true while the code as it is is judged.  ``given`` are the paths that lay in the folders of
    code and tests before any of it ran.
    """

    box: Box
    request: Request
    failing: Sequence[str]
    cpu_s: float
    codes: Codes
    longest_s: float = 0.0
    is_control: bool = False
    given: frozenset[str] = frozenset()
    together: ClassVar[int] = 1

    def judge_all(self, candidates: Sequence[Texts], tell: Tell) -> None:
        """One after the other, each with its own time."""
        depth, known = sys.getrecursionlimit(), frozenset(sys.modules)
        for texts in candidates:
            signal.setitimer(signal.ITIMER_PROF, self.cpu_s)
            signal.setitimer(signal.ITIMER_REAL, self.longest_s)
            told = self._judged(texts)
            sys.setrecursionlimit(depth)
            self._forget(known)
            tell({**told, "litters": self._tidied()})

    def bound_steps(self, needed: int) -> None:
        """Let a test execute in proportion to what the code as it is needed."""
        most = self.request.step_limit or sys.maxsize
        steps = min(most, max(_STEPS, _TIMES_STEPS * needed))
        self.request = replace(self.request, step_limit=steps)

    def bound_time(self, needed: Ended) -> None:
        """Let a candidate take in proportion to what the code as it is took."""
        self.cpu_s = min(self.cpu_s, max(_LEAST_CPU_S, _TIMES_CPU * needed.cpu_s))
        self.longest_s = max(_LEAST_WALL_S, _TIMES_WALL * needed.duration_s)

    @abstractmethod
    def run_tests(self, report: Report) -> None:
        """Import tests and code, and run those of ``failing``; the others where one passes."""

    def _judged(self, texts: Texts) -> Judgement:
        report = Report(self.box, near=True)
        try:
            self.codes.change(texts)
            self.is_control = not texts
            self.run_tests(report)
            return judgement(report, self.failing)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OutOfMemory) as error:
            return {"problem": type(error).__name__}

    def _tidied(self) -> bool:
        """Remove what lies in the folders that was not given; whether there was any."""
        left = [path for path in _paths(self.box) if path not in self.given]
        for path in left:
            with suppress(OSError):  # what stays is seen by the control
                remove = shutil.rmtree if os.path.isdir(path) else os.remove  # noqa: PTH112
                remove(path)
        return bool(left)

    def _forget(self, known: Collection[str]) -> None:
        """What is imported of code and tests, beside what was there before."""
        folders = (f"{self.box.code}/", f"{self.box.tests}/")
        for name in set(sys.modules).difference(known):
            module = sys.modules[name]
            places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
            if any(f"{place}/".startswith(folders) for place in places if place):
                del sys.modules[name]


def judged(trial: Trial, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The value of ``unit_candidates``: as many candidates as ``budget_s`` allows."""
    until = time.monotonic() + payload["budget_s"]
    trial.given = frozenset(_paths(trial.box))
    bench = _Bench(trial, payload["candidates"], payload["wall_s"], until)
    gc.collect()
    gc.freeze()  # or each fork would copy what the collector touches
    control, found = bench.judge()
    told = [{**one, "number": number} for number, one in sorted(found.items())]
    return {"supported": True, "control": control, "judged": told, "cpu_s": cpu_s()}


def _paths(box: Box) -> Iterator[str]:
    """What lies in the folders of code and tests; not what lies deeper."""
    for folder in (box.code, box.tests):
        with os.scandir(folder) as entries:
            yield from (entry.path for entry in entries)


def dealt(count: int, together: int, side_by_side: int) -> Iterator[list[int]]:
    """The numbers of candidates in groups, few and even ones.

    Those side by side take turns: where time cuts them off, it is the first that are judged.
    """
    width = together * side_by_side
    for begin in range(0, count, width):
        block = range(begin, min(begin + width, count))
        groups = ceil(len(block) / together)
        yield from (list(block[n::groups]) for n in range(groups))


def cpu_s() -> float:
    """Processor time of this process and of those it has waited for."""
    own, forks = (
        resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + forks.ru_utime + forks.ru_stime


class _Bench:
    def __init__(
        self, trial: Trial, candidates: Sequence[Texts], wall_s: float, until: float
    ) -> None:
        self._trial, self._candidates = trial, candidates
        self._wall_s, self._until = wall_s, until
        self._judged: dict[int, Judgement] = {}

    def judge(self) -> tuple[Judgement, Mapping[int, Judgement]]:
        """What the code as it is did, and each candidate by number."""
        ended = self._control()
        control = ended.answer
        self._trial.bound_time(ended)
        self._trial.bound_steps(control.get("steps", 0))
        if control.get("recursed"):  # with fewer lines it may end otherwise, as candidates do
            control = self._control().answer
        # they share the folders, so those that leave files there go one after the other
        side_by_side = 1 if control.get("litters") else cores()
        waiting = list(dealt(len(self._candidates), self._trial.together, side_by_side))
        while waiting and time.monotonic() < self._until:
            again = list[list[int]]()
            tasks = [self._task(group) for group in waiting]
            allowance = self._allowance(self._trial.together)
            for place, ended in in_forks(tasks, allowance, side_by_side, self._until):
                again += self._take(waiting[place], ended, control)
            waiting = again
        return control, self._judged

    def _control(self) -> Ended:
        """The code as it is, in a fork of its own."""
        return one_fork(partial(self._trial.judge_all, [{}]), self._allowance(1))

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


def _is_other(one: Judgement, control: Judgement) -> bool:
    """Whether the code as it is was judged otherwise; steps, distances and errors aside."""
    aside = {"steps": 0, "recursed": False, "far": {}, "raised": {}}
    return {**one, **aside} != {**control, **aside}
