"""One run of the tests: the request for it, and its answer as typed data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunRequest, RunResult, Runtime
from fractal_rmo.validation.subject import Subject

LIMITS = Limits(wall_s=30.0, cpu_s=30)


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's outcome; ``path`` and ``line`` point into the code, "" and 0 when nowhere."""

    __test__ = False

    id: str
    outcome: str
    type: str = ""
    message: str = ""
    path: str = ""
    line: int = 0

    def as_json(self) -> dict[str, Json]:
        """For the evidence."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TestRun:
    """What a completed ``unit_tests`` run says."""

    __test__ = False

    collected: tuple[str, ...] = ()
    results: tuple[TestResult, ...] = ()
    problem: str = ""
    tools: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> tuple[str, ...]:
        """Ids of the tests that passed."""
        return tuple(r.id for r in self.results if r.outcome == "passed")

    @property
    def not_passed(self) -> tuple[TestResult, ...]:
        """The rest, skips and expected failures among them."""
        return tuple(r for r in self.results if r.outcome != "passed")

    def counts(self) -> dict[str, Json]:
        """How many tests had which outcome, and how many were collected and executed."""
        outcomes = Counter(r.outcome for r in self.results)
        executed = len({r.id for r in self.results})
        return {"collected": len(self.collected), "executed": executed, **sorted_counts(outcomes)}

    def outcomes(self) -> dict[str, str]:
        """Outcome by test id, for comparison between runs."""
        return {r.id: r.outcome for r in self.results}


def sorted_counts(counter: Counter[str]) -> dict[str, int]:
    """The counts in alphabetical order."""
    return dict(sorted(counter.items()))


def run_of_tests(subject: Subject, label: str, **options: Json) -> RunRequest:
    """A run of all tests under the real pytest; ``options`` go into the payload."""
    payload: dict[str, Json] = {
        "tests": [path for path, _ in subject.tests.python_files()],
        "code": [path for path, _ in subject.code.python_files()],
        **options,
    }
    return RunRequest(Runtime.THICK, "unit_tests", subject.files(), payload, LIMITS, label)


def read_run(result: RunResult) -> TestRun | None:
    """The answer of a completed run; None when it does not fit the schema."""
    value = result.value
    if not isinstance(value, Mapping) or value.get("supported") is not True:
        return None
    collected, results, tools = value.get("collected"), value.get("results"), value.get("tools")
    if not _is_list(collected) or not _is_list(results):
        return None
    try:
        return TestRun(
            tuple(str(name) for name in _items(collected)),
            tuple(_read_test(item) for item in _items(results)),
            str(value.get("problem") or ""),
            {k: str(v) for k, v in tools.items()} if isinstance(tools, Mapping) else {},
        )
    except (KeyError, TypeError, ValueError):
        return None


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) else ()


def _read_test(item: Json) -> TestResult:
    if not isinstance(item, Mapping):
        raise TypeError("a test result is no object")
    words = {name: str(item[name]) for name in ("id", "outcome", "type", "message", "path")}
    return TestResult(**words, line=int(str(item["line"])))
