"""What one test run says, in the schema that both unit-test programs share.

``{"supported", "collected": [ids], "results": [{"id", "outcome", "type",
"message", "path", "line"}], "problem", "lines": {id: {path: [numbers]}}}``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.problems import OutOfMemory, is_real_exhaustion

MESSAGE_CHARS = 600


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
    """Grows while tests run."""

    box: Box
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
        if self.results.get(test, {}).get("outcome") in ("failed", "error"):
            return
        path, line = deepest_in(self.box, error.__traceback__ if error else None)
        self.results[test] = {
            "id": test,
            "outcome": outcome,
            "type": type(error).__name__ if error else "",
            "message": shorten(message or (describe(error) if error else "")),
            "path": path,
            "line": line,
        }

    def value(self, trace: bool) -> dict[str, Any]:
        """The JSON value."""
        answer: dict[str, Any] = {
            "supported": self.supported,
            "collected": self.collected,
            "results": list(self.results.values()),
            "problem": self.problem,
        }
        return {**answer, "lines": self.lines} if trace else answer


def deepest_in(box: Box, traceback: TracebackType | None) -> tuple[str, int]:
    """(path relative to the code, line) of the deepest frame there; ``("", 0)`` for none."""
    found = ("", 0)
    while traceback is not None:
        path = box.code_path(traceback.tb_frame.f_code.co_filename)
        if path:
            found = (path, traceback.tb_lineno or 0)
        traceback = traceback.tb_next
    return found


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
