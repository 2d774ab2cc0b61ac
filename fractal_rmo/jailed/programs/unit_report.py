"""What one test run says, in the schema that both unit-test programs share.

``{"supported", "collected": [ids], "results": [{"id", "outcome", "type",
"message", "path", "line"}], "problem", "lines": {id: {path: [numbers]}}}``

Of a candidate that meets the tests there is a ``judgement`` instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.problems import OutOfMemory, StepLimitExceeded, is_real_exhaustion
from fractal_rmo.jailed.programs.nearness import FARTHEST, distance_at

MESSAGE_CHARS = 600
BAD = ("failed", "error")
RECURSED = 2_500
"""Lines that count of a test whose recursion did not end, at most."""


@dataclass(frozen=True)
class Request:
    """The payload of ``unit_tests``."""

    tests: Sequence[str]
    only: frozenset[str] | None
    stop_at_first_failure: bool
    trace: bool
    shuffle_seed: int | None
    step_limit: int | None

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Request:
        """The request of one payload; what is left out takes its quiet default."""
        only = payload.get("only")
        return cls(
            tests=list(payload["tests"]),
            only=None if only is None else frozenset(only),
            stop_at_first_failure=bool(payload.get("stop_at_first_failure")),
            trace=bool(payload.get("trace")),
            shuffle_seed=payload.get("shuffle_seed"),
            step_limit=payload.get("step_limit"),
        )


@dataclass
class Report:
    """Grows while tests run.

    Where it is ``near``, it keeps of each failure the line of the tests ("at") and the distance
    of the values compared there ("far") instead of its words, which nobody reads.  ``steps`` are
    the most lines that a test executed; a recursion did not end in some if ``recursed``.
    """

    box: Box
    near: bool = False
    steps: int = 0
    recursed: bool = False
    supported: bool = True
    collected: list[str] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    problem: str = ""
    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, test: str, outcome: str, error: BaseException | None, message: str = "") -> None:
        """Record one test; a later failure of the same test (in its teardown) replaces a pass.

        Raises ``OutOfMemory`` when the interpreter ran out of memory in it:
        that ends the run rather than one test.
        """
        if is_real_exhaustion(error):
            raise OutOfMemory(test)
        if self.results.get(test, {}).get("outcome") in BAD:
            return
        path, line = deepest_in(self.box, error.__traceback__ if error else None)
        self.results[test] = {
            "id": test,
            "outcome": outcome,
            "type": type(error).__name__ if error else "",
            "path": path,
            "line": line,
        }
        self.results[test] |= (
            {"at": line_in_tests(self.box, error), "far": distance_at(error)}
            if self.near
            else {"message": shorten(message or (describe(error) if error else ""))}
        )

    def took(self, test: str, steps: int) -> None:
        """Note how many lines a test executed: a recursion without an end says little of that."""
        if self.results.get(test, {}).get("type") == RecursionError.__name__:
            self.recursed, steps = True, min(steps, RECURSED)
        self.steps = max(self.steps, steps)

    def is_endless(self, test: str) -> bool:
        """Whether a test executed too many lines."""
        return bool(self.results.get(test, {}).get("type") == StepLimitExceeded.__name__)

    def value(self, trace: bool) -> dict[str, Any]:
        """The JSON value."""
        answer: dict[str, Any] = {
            "supported": self.supported,
            "collected": self.collected,
            "results": list(self.results.values()),
            "problem": self.problem,
        }
        return {**answer, "lines": self.lines} if trace else answer


def judgement(report: Report, failing: Sequence[str]) -> dict[str, Any]:
    """What a candidate's report says of tests that were ``failing``, or of all if none is known.

    See ``unit_candidates``.  The first test without an end is told instead of what comes after it.
    """
    if report.problem:
        return {"problem": report.problem}
    passed, reached, far = list[str](), dict[str, int](), dict[str, float]()
    raised = dict[str, tuple[str, int]]()
    said = {"passed": passed, "reached": reached, "far": far, "raised": raised}
    for name in failing or report.results:
        one = report.results.get(name, {})
        if report.is_endless(name):
            return {**said, "endless": name}
        if one.get("outcome") == "passed":
            passed.append(name)
        else:
            reached[name], far[name] = one.get("at", 0), one.get("far", FARTHEST)
            if one.get("path"):
                raised[name] = f"{one['type']} in {one['path']}", one["line"]
    bad = [name for name, one in report.results.items() if one["outcome"] in BAD]
    known = set(failing or report.results)
    return {
        **said,
        "broken": [n for n in bad if n not in known],
        "steps": report.steps,
        "recursed": report.recursed,
    }


def line_in_tests(box: Box, error: BaseException | None) -> int:
    """The first line of the tests on the way to an error; 0 for none."""
    traceback = error.__traceback__ if error else None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.startswith(f"{box.tests}/"):
            return traceback.tb_lineno or 0
        traceback = traceback.tb_next
    return 0


def deepest_in(box: Box, traceback: TracebackType | None) -> tuple[str, int]:
    """(path relative to the code, line) of the deepest frame there; ``("", 0)`` for none."""
    frames = list[TracebackType]()
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    for frame in reversed(frames):  # an endless recursion has a thousand of them
        path = box.code_path(frame.tb_frame.f_code.co_filename)
        if path:
            return path, frame.tb_lineno or 0
    return "", 0


def describe(error: BaseException) -> str:
    """An exception's own words, whatever its ``__str__`` does."""
    try:
        return str(error)
    except Exception as second:  # noqa: BLE001 - foreign code
        return f"<its text raised {type(second).__name__}>"


def import_problem(where: str, error: BaseException) -> str:
    """One sentence on why a test file could not be imported; says which module is missing."""
    if isinstance(error, ModuleNotFoundError):
        return f"{where} needs the module '{error.name}', which is missing."
    if isinstance(error, ImportError) and error.name:
        return f"{where} could not be imported: {shorten(describe(error), 200)}."
    if isinstance(error, SyntaxError):
        return f"{where} could not be imported: {error.msg} (line {error.lineno})."
    kind, words = type(error).__name__, shorten(describe(error), 200)
    return f"{where} could not be imported: {kind}: {words}."


def shorten(text: str, most: int = MESSAGE_CHARS) -> str:
    """At most ``most`` characters, the cut marked."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
