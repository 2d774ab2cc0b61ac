"""A judge for harmless programs: runs a test request in this very process, lines traced."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from fractal_rmo.domain.run import Dialogue, RunEnding, RunRequest, RunResult

_Answer = TypeVar("_Answer")
TURNS = [True]
"""What outlives a run: a test that turns the last one around passes every other time."""


class StepLimitExceeded(Exception):  # noqa: N818 - named as in the jail
    """A test executed more lines than it may."""


def drive(
    dialogue: Dialogue[_Answer], runner: Callable[[RunRequest], RunResult]
) -> tuple[_Answer, list[str]]:
    """Answer every request; returns the dialogue's answer and the labels seen."""
    labels: list[str] = []
    try:
        request = next(dialogue)
        while True:
            labels.append(request.label)
            request = dialogue.send(runner(request))
    except StopIteration as stop:
        return stop.value, labels


def run(request: RunRequest) -> RunResult:
    """Run ``test_*`` functions of the request's test files, of many candidates where it asks."""
    return _many(request) if request.program == "unit_candidates" else _single(request)


def _many(request: RunRequest) -> RunResult:
    payload: dict[str, Any] = dict(request.payload)
    changes = payload.pop("candidates")
    control, *judged = [_judged(request, payload, texts) for texts in ({}, *changes)]
    numbered = [{**one, "number": n, "ending": "finished"} for n, one in enumerate(judged)]
    value: dict[str, Any] = {"supported": True, "control": control, "judged": numbered}
    return RunResult(RunEnding.COMPLETED, value)


def _judged(request: RunRequest, payload: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    files = {**request.files, **{f"code/{path}": text for path, text in texts.items()}}
    plain = {**payload, "stop_at_first_failure": False}
    value: Any = _single(replace(request, files=files, payload=plain)).value
    if value["problem"]:
        return {"problem": value["problem"]}
    outcomes = {entry["id"]: entry["outcome"] for entry in value["results"]}
    failing = payload["failing"] or list(outcomes)
    passed = [name for name in failing if outcomes.get(name) == "passed"]
    rest = [n for n in outcomes if n not in failing and outcomes[n] != "passed"] if passed else []
    reached = {name: 0 for name in failing if name not in passed}
    return {"passed": passed, "reached": reached, "broken": rest}


def _single(request: RunRequest) -> RunResult:
    with _modules(request) as tests:
        if isinstance(tests, str):
            return _completed(problem=tests)
        payload: dict[str, Any] = dict(request.payload)
        only = payload.get("only") or list(tests)
        results, lines = [], {}
        for name in [t for t in tests if t in only]:
            outcome, lines[name] = _one(tests[name], payload["step_limit"] // 5)
            results.append({"id": name, **outcome})
            if payload["stop_at_first_failure"] and outcome["outcome"] != "passed":
                break
        return _completed(collected=list(tests), results=results, lines=lines)


def _completed(**value: Any) -> RunResult:
    full: dict[str, Any] = {
        "supported": True,
        "collected": [],
        "results": [],
        "problem": "",
        "lines": {},
    }
    return RunResult(RunEnding.COMPLETED, {**full, **value})


@contextmanager
def _modules(request: RunRequest) -> Iterator[dict[str, Callable[[], None]] | str]:
    code = {p.removeprefix("code/"): t for p, t in request.files.items() if p.startswith("code/")}
    names = {path: path.removesuffix(".py").replace("/", ".") for path in code}
    finder = _Finder({names[path]: (f"code/{path}", text) for path, text in code.items()})
    sys.meta_path.insert(0, finder)
    try:
        yield _tests(request)
    except Exception as error:  # noqa: BLE001 - whatever a test raises is its outcome
        yield f"{type(error).__name__}: {error}"
    finally:
        sys.meta_path.remove(finder)
        for name in names.values():
            sys.modules.pop(name, None)


def _tests(request: RunRequest) -> dict[str, Callable[[], None]]:
    found: dict[str, Callable[[], None]] = {}
    for path, text in request.files.items():
        if path.startswith("tests/"):
            space: dict[str, Any] = {"__name__": path}
            exec(compile(text, path, "exec"), space)  # noqa: S102 - programs of our own tests  # pylint: disable=exec-used
            tests = {k: v for k, v in space.items() if k.startswith("test")}
            found |= {f"{path.removeprefix('tests/')}::{k}": v for k, v in tests.items()}
    return found


def _one(test: Callable[[], None], steps: int) -> tuple[dict[str, Any], dict[str, list[int]]]:
    seen: dict[str, set[int]] = {}
    left = [steps]

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        path = frame.f_code.co_filename
        if not path.startswith("code/"):
            return None
        if event == "line":
            seen.setdefault(path.removeprefix("code/"), set()).add(frame.f_lineno)
            left[0] -= 1
            if left[0] < 0:
                raise StepLimitExceeded
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        test()
        outcome = {"outcome": "passed"}
    except Exception as error:  # noqa: BLE001 - whatever a test raises is its outcome
        outcome = {"outcome": "failed", "type": type(error).__name__, "message": str(error)}
    finally:
        sys.settrace(previous)
    return outcome, {path: sorted(lines) for path, lines in seen.items()}


class _Finder:
    """Imports the request's code files from memory."""

    def __init__(self, sources: dict[str, tuple[str, str]]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        del path, target
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self) if name in self.sources else None  # type: ignore[arg-type]

    def create_module(self, spec: object) -> None:
        del spec

    def exec_module(self, module: types.ModuleType) -> None:
        path, text = self.sources[module.__name__]
        exec(compile(text, path, "exec"), module.__dict__)  # noqa: S102 - as above  # pylint: disable=exec-used
