"""Test runs of a candidate as requests, and what their results say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import (
    Dialogue,
    Limits,
    RunEnding,
    RunRequest,
    RunResult,
    Runtime,
    runtime_for_pytest,
)
from fractal_rmo.domain.source import SourceTree

Place = tuple[str, int]
"""A path relative to the code folder and a 1-based line."""

STEPS = 100_000
"""Lines one test may execute: counted, so that an endless loop ends alike everywhere."""
MANY_STEPS = 1_000_000
"""The same, for tests that are seen to need more."""
FIRST_STEPS = 30_000
"""The same, for a first look: where many tests are endless, it is soon over."""
_LIMITS = Limits(wall_s=20.0, cpu_s=8)
_FIRST_LIMITS = Limits(wall_s=10.0, cpu_s=3)
_FREE_LIMITS = Limits(wall_s=4.0, cpu_s=1)
"""What tests may take that nobody traces, which makes them some fifty times as fast."""
_TOO_MANY_STEPS = "StepLimitExceeded"
FAILING = ("failed", "error")


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything about the runs that stays the same from candidate to candidate."""

    tests: SourceTree
    runtime: Runtime = Runtime.THIN
    limits: Limits = _LIMITS
    steps: int | None = STEPS
    only: Sequence[str] = ()
    """The ids of the tests that count; () for all."""

    def request(
        self,
        code: SourceTree,
        label: str,
        *,
        only: Sequence[str] = (),
        stop: bool = True,
        trace: bool = False,
    ) -> RunRequest:
        """One run of the tests (all that count, or ``only`` these ids) against a tree of code."""
        payload: dict[str, Json] = {
            "tests": [path for path, _ in self.tests.python_files()],
            "code": list(code.files),
            "stop_at_first_failure": stop,
            "trace": trace,
            "step_limit": self.steps,
            "quick": True,  # where pytest is needed, only what needs it pays for it
        }
        if chosen := only or self.only:
            payload["only"] = list(chosen)
        files = {f"code/{path}": text for path, text in code.files.items()}
        files |= {f"tests/{path}": text for path, text in self.tests.files.items()}
        return RunRequest(self.runtime, "unit_tests", files, payload, self.limits, label)

    def thick(self) -> Bench:
        """The same bench where all of pytest is there."""
        return replace(self, runtime=runtime_for_pytest(self.tests.files))

    def glancing(self) -> Bench:
        """The same bench for a first look, which ends what seems endless soon."""
        return replace(self, steps=FIRST_STEPS, limits=_FIRST_LIMITS)

    def no_longer_than(self, first: TestReport) -> Bench:
        """The same bench, on which what had no end at first costs no more than it did then."""
        is_longer = bool(first.endless) and self.steps == STEPS
        return replace(self, steps=FIRST_STEPS) if is_longer else self

    def free(self) -> Bench:
        """The same bench, where no lines are counted: only time ends a test."""
        return replace(self, steps=None, limits=_FREE_LIMITS)

    def patient(self) -> Bench:
        """The same bench where a test may execute many lines, all of them in a few seconds."""
        return replace(self, steps=MANY_STEPS, limits=replace(self.limits, wall_s=6.0))

    def timed(self, result: RunResult) -> Bench:
        """The same bench, its time bounded by what the untouched code took.

        Processor time is the tighter bound: other work on the machine does
        not change who is judged mended.
        """
        known = result.ending is RunEnding.COMPLETED
        cpu = min(_LIMITS.cpu_s, max(1, ceil(5 * result.duration_s))) if known else 2
        return replace(self, limits=replace(self.limits, wall_s=max(3.0, 2.0 * cpu), cpu_s=cpu))


@dataclass(frozen=True, slots=True)
class TestReport:
    """What one run of the tests said.

    ``outcomes`` maps test id to its outcome, ``executed`` is the trace,
    ``raised`` holds the places in the code where a test's error came from,
    ``endless`` the tests that executed too many lines, ``errors`` the type of each
    failing test's error.
    """

    __test__ = False

    supported: bool = True
    collected: tuple[str, ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    executed: Mapping[str, Mapping[str, Collection[int]]] = field(default_factory=dict)
    raised: tuple[Place, ...] = ()
    endless: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def failing(self) -> tuple[str, ...]:
        """Ids of the tests that failed or ended in an error, in the order of collection."""
        return tuple(test for test, outcome in self.outcomes.items() if outcome in FAILING)

    def mends(self, before: TestReport) -> bool:
        """Whether nothing fails, and every test that had failed or passed now passes.

        A candidate must not win by making a test disappear or skip itself.
        """
        due = [t for t, outcome in before.outcomes.items() if outcome in (*FAILING, "passed")]
        wanted = due or ([*before.collected] or list(self.collected))
        fine = self.supported and not self.problem and not self.failing
        return fine and bool(wanted) and all(self.outcomes.get(t) == "passed" for t in wanted)


def first_run(tests: SourceTree, code: SourceTree) -> Dialogue[tuple[Bench, RunResult, TestReport]]:
    """A traced run of all tests on the code as it is, on the cheapest bench that offers enough."""
    bench = Bench(tests)
    result, report = yield from _whole(bench.glancing(), code)
    if not report.supported:
        bench = bench.thick()
        result, report = yield from _whole(bench.glancing(), code)
    if result.ending is RunEnding.TIMED_OUT:
        freely = yield bench.free().request(code, "all tests, untraced", stop=False)
        if freely.ending is RunEnding.COMPLETED:
            result, report = freely, read_report(freely, code)
    if report.endless and (yield from _needs_patience(bench, code, report)):
        longer, later = yield from _whole(bench.patient(), code)
        if longer.ending is RunEnding.COMPLETED and later.endless != report.endless:
            bench, result, report = bench.patient(), longer, later
    return bench, result, report


def _needs_patience(bench: Bench, code: SourceTree, report: TestReport) -> Dialogue[bool]:
    """Whether the first test that seemed endless has an end, untraced."""
    first = min(report.endless, key=list(report.outcomes).index)
    label = "the first test that seemed endless, for longer"
    result = yield bench.free().request(code, label, only=[first])
    return result.ending is RunEnding.COMPLETED


def _whole(bench: Bench, code: SourceTree) -> Dialogue[tuple[RunResult, TestReport]]:
    result = yield bench.request(code, "all tests, as submitted", stop=False, trace=True)
    return result, read_report(result, code)


def read_report(result: RunResult, code: SourceTree, without: Collection[str] = ()) -> TestReport:
    """The report in a result, ``without`` some tests.

    A run that did not complete is a report of a problem.
    """
    if result.ending is not RunEnding.COMPLETED:
        return TestReport(problem=result.detail or f"The run ended: {result.ending}.")
    value = result.value
    if not isinstance(value, Mapping):
        return TestReport(problem="The run gave no report.")
    entries = [e for e in _items(value.get("results")) if isinstance(e, Mapping)]
    entries = [e for e in entries if e.get("id") not in without]
    places = ((_relative(str(e.get("path", ""))), e.get("line")) for e in entries)
    return TestReport(
        supported=value.get("supported") is not False,
        collected=tuple(str(t) for t in _items(value.get("collected"))),
        outcomes={str(e.get("id")): str(e.get("outcome")) for e in entries},
        problem=str(value.get("problem") or ""),
        executed={t: ran for t, ran in _trace(value.get("lines")).items() if t not in without},
        raised=tuple((p, n) for p, n in places if p in code.files and isinstance(n, int)),
        endless=frozenset(str(e.get("id")) for e in entries if e.get("type") == _TOO_MANY_STEPS),
        errors={str(e.get("id")): str(e.get("type")) for e in entries if e.get("type")},
    )


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _relative(path: str) -> str:
    return path.removeprefix("code/")


def _trace(value: Json) -> dict[str, dict[str, list[int]]]:
    if not isinstance(value, Mapping):
        return {}
    return {
        test: {
            _relative(path): [n for n in _items(lines) if isinstance(n, int)]
            for path, lines in files.items()
        }
        for test, files in value.items()
        if isinstance(files, Mapping)
    }
