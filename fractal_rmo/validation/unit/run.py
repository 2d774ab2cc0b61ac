"""One run of the tests: the request for it, and its answer as typed data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunRequest, RunResult, Runtime, runtime_for_pytest
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.unit.world import looked_into, replaced_world

_LONGER_S = 2.0
"""So that code which runs out of time is told by its own jail."""


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
    """What a completed run of the tests says; ``trouble`` comes from runs in two jails only."""

    __test__ = False

    collected: tuple[str, ...] = ()
    results: tuple[TestResult, ...] = ()
    problem: str = ""
    trouble: str = ""
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


def run_together(
    subject: Subject, label: str, runtime: Runtime | None = None, **options: Json
) -> RunRequest:
    """A run of all tests with the code in one process, under pytest if no ``runtime`` is named.

    ``options`` go into the payload.
    """
    payload, limits = _payload(subject, options), subject.unit_limits
    files = subject.files()
    runtime = runtime or runtime_for_pytest(files)
    return RunRequest(runtime, "unit_tests", files, payload, limits, label)


def run_apart(
    subject: Subject, label: str, runtime: Runtime | None = None, **options: Json
) -> RunRequest:
    """The same in one jail against the code in another."""
    files = subject.files()
    code, tests = (
        {path: text for path, text in files.items() if path.startswith(where)}
        for where in ("code/", "tests/")
    )
    payload, limits = _payload(subject, options), subject.unit_limits
    seed = {"hash_seed": options.get("hash_seed", 0)}
    beside = RunRequest(Runtime.THIN, "serve_code", code, seed, limits)
    limits = replace(limits, wall_s=limits.wall_s + _LONGER_S)
    runtime = runtime or runtime_for_pytest(tests)
    return RunRequest(runtime, "unit_tests_apart", tests, payload, limits, label, beside)


def _payload(subject: Subject, options: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "tests": [path for path, _ in subject.tests.python_files()],
        "code": [path for path, _ in subject.code.python_files()],
        **options,
    }


def why_together(subject: Subject) -> str:
    """Why code and tests cannot be taken apart by their files, in a sentence; "" when they can."""
    code, tests = (_folders(tree) for tree in (subject.code, subject.tests))
    own = set() if "__init__.py" in subject.code.files else {"."}
    shared = sorted((code & tests) - own)
    if shared:
        return f"Tests live inside the package '{shared[0]}' of the code."
    world = replaced_world(subject.code, subject.tests)
    if world:
        return f"The tests replace {world}, which the code is to see."
    insight = looked_into(subject.tests)
    return f"The tests look into objects by '{insight}'." if insight else ""


def _folders(tree: SourceTree) -> set[str]:
    return {str(folder) for path in tree.files for folder in PurePosixPath(path).parents}


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
            str(value.get("trouble") or ""),
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
