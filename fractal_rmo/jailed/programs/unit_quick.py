"""``unit_tests`` without pytest: plain functions and methods, at a fraction of the cost.

It answers for what it can run faithfully and says ``supported: false`` for
everything else (marks, async, conftest), and then the caller takes pytest.
Where pytest is loaded, ``raises``, ``approx``, plain ``parametrize``, plain
fixtures of the file and those of ``quick_fixtures`` work here too.
"""

from __future__ import annotations

import importlib
import inspect
import linecache
import random
import unittest
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from fractal_rmo.jailed.layout import Box, module_name
from fractal_rmo.jailed.programs.importing import imports_plainly, is_test_file
from fractal_rmo.jailed.programs.quick_fixtures import Fixtures, arranged, fixtures_for
from fractal_rmo.jailed.programs.quick_parameters import variants
from fractal_rmo.jailed.programs.quick_support import is_supported
from fractal_rmo.jailed.programs.tracing import LineTracer, make_tracer
from fractal_rmo.jailed.programs.unit_report import (
    Report,
    Request,
    describe,
    import_problem,
    shorten,
)

_FIXTURE_TYPE = "FixtureFunctionDefinition"


@dataclass(frozen=True)
class Test:
    """A test with the values that ``parametrize`` gives it, and its file's fixtures by name."""

    function: Callable[..., object]
    values: Mapping[str, object] = field(default_factory=dict)
    fixtures: Fixtures = field(default_factory=dict)

    @contextmanager
    def arranged(self) -> Iterator[Mapping[str, object]]:
        """All its arguments, its fixtures made anew and ended behind it."""
        with arranged(self.function, self.fixtures) as made:
            yield {**self.values, **made}

    def __call__(self) -> None:
        """Run it with its fixtures."""
        with self.arranged() as arguments:
            self.function(**arguments)


Tests = dict[str, Test]


def run(box: Box, payload: Mapping[str, Any], with_pytest: bool = False) -> dict[str, Any]:
    """Collect and run; see ``unit_report`` for the value.

    ``with_pytest`` says that pytest is loaded, so that tests which only use
    its ``raises``, ``approx`` and plain ``parametrize`` run here too.
    """
    request = Request.read(payload)
    report = Report(box)
    if not supports(box, request, with_pytest):
        report.supported = False
        return report.value(request.trace)
    tests = collected(box, request, report)
    ids = list(tests)
    if request.shuffle_seed is not None:
        random.Random(request.shuffle_seed).shuffle(ids)  # noqa: S311 - an order, no secret
    report.collected = ids
    _run_all({name: tests[name] for name in ids}, request, report)
    return report.value(request.trace)


def supports(box: Box, request: Request, with_pytest: bool) -> bool:
    """Whether all is run here exactly as pytest would run it."""
    files = ((path, box.tests / path) for path in request.tests)
    plain = all(is_supported(path, file, with_pytest, box.path) for path, file in files)
    return plain and imports_plainly(box, request.tests)


def collected(box: Box, request: Request, report: Report) -> Tests:
    """Import the test files; the tests that are asked for by id.

    What cannot be imported is the report's problem.
    """
    tests: Tests = {}
    for path in request.tests:
        tests |= _collect(path, box.tests / path, report)
    only = request.only
    return tests if only is None else {name: tests[name] for name in tests if name in only}


def _collect(path: str, file: Path, report: Report) -> Tests:
    """The tests of one file by id; a file that cannot be imported becomes the problem."""
    if not is_test_file(path):
        return {}
    try:
        return _tests(path, importlib.import_module(module_name(file)))
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001 - also sys.exit at import
        report.problem = report.problem or import_problem(path, error)
        return {}


def _tests(path: str, module: ModuleType) -> Tests:
    found: Tests = {}
    fixtures = {k: v for k, v in vars(module).items() if type(v).__name__ == _FIXTURE_TYPE}
    for key, value in vars(module).items():
        if inspect.isfunction(value) and key.startswith("test"):
            rows = variants(f"{path}::{key}", value)
            named = fixtures_for(value, fixtures)
            found |= {name: Test(value, values, named) for name, values in rows}
        elif inspect.isclass(value) and _is_test_class(key, value):
            found |= _methods(f"{path}::{key}", value, fixtures)
    return found


def _is_test_class(name: str, kind: type) -> bool:
    return issubclass(kind, unittest.TestCase) or name.startswith("Test")


def _methods(prefix: str, kind: type, fixtures: Fixtures) -> Tests:
    if issubclass(kind, unittest.TestCase):
        names = unittest.defaultTestLoader.getTestCaseNames(kind)
        return {f"{prefix}::{name}": Test(_case(kind, name)) for name in names}
    return {
        name: Test(_method(kind, function), values, fixtures_for(function, fixtures))
        for key, function in vars(kind).items()
        if key.startswith("test") and inspect.isfunction(function)
        for name, values in variants(f"{prefix}::{key}", function)
    }


def _case(kind: type[unittest.TestCase], name: str) -> Callable[[], None]:
    def call() -> None:
        kind(name).debug()

    return call


def _method(kind: type, function: Callable[..., object]) -> Callable[..., object]:
    @wraps(function)
    def call(**arguments: object) -> object:
        return function(kind(), **arguments)

    return call


def _run_all(tests: Tests, request: Request, report: Report) -> None:
    tracer = make_tracer(report.box, request.trace, request.step_limit)
    for name, test in tests.items():
        failed = run_one(name, test, tracer, report) is not None
        if tracer and request.trace:
            report.lines[name] = tracer.lines()
        if failed and request.stop_at_first_failure:
            break


def run_one(
    name: str, test: Test, tracer: LineTracer | None, report: Report
) -> BaseException | None:
    """Run one test and record it; the error with which it failed."""
    own = list[BaseException]()  # what goes wrong in a fixture is none of the test's
    try:
        with tracer.watching() if tracer else nullcontext(), test.arranged() as arguments:
            _call(test.function, arguments, own)
    except unittest.SkipTest as skip:
        report.add(name, "skipped", skip)
        return None
    except BaseException as last:  # noqa: BLE001 - also sys.exit and the step limit
        error = own[0] if own else last  # a fixture may fail at its end after the test did
        report.add(name, "failed" if own else "error", error, _words(error))
        return error
    finally:
        report.steps = max(report.steps, tracer.steps if tracer else 0)
    report.add(name, "passed", None)
    return None


def _call(
    function: Callable[..., object], arguments: Mapping[str, object], errors: list[BaseException]
) -> None:
    """Call it, and keep its error as well as raise it."""
    try:
        function(**arguments)
    except BaseException as error:
        errors.append(error)
        raise


def _words(error: BaseException) -> str:
    """The error's text; a bare assertion is told by its source line."""
    words = describe(error)
    if words or not isinstance(error, AssertionError):
        return words
    return shorten(_last_line(error.__traceback__))


def _last_line(traceback: TracebackType | None) -> str:
    line = ""
    while traceback is not None:
        line = linecache.getline(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno or 0)
        traceback = traceback.tb_next
    return line.strip()
