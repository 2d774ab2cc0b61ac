"""``unit_tests`` without pytest: plain functions and methods, at a fraction of the cost.

It answers for what it can run faithfully and says ``supported: false`` for
everything else (marks, async, conftest), and then the caller takes pytest.
Where pytest is loaded, ``raises``, ``approx``, plain ``parametrize``, plain
fixtures of the file and those of ``quick_fixtures`` work here too.
"""

from __future__ import annotations

import importlib
import inspect
import random
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from fractal_rmo.jailed.layout import Box, module_name
from fractal_rmo.jailed.programs.importing import imports_plainly, is_test_file
from fractal_rmo.jailed.programs.quick_fixtures import Fixtures, fixtures_for
from fractal_rmo.jailed.programs.quick_parameters import variants
from fractal_rmo.jailed.programs.quick_support import is_supported
from fractal_rmo.jailed.programs.quick_test import Runner, Test, Tests
from fractal_rmo.jailed.programs.tracing import make_tracer
from fractal_rmo.jailed.programs.unit_report import Report, Request, import_problem

_FIXTURE_TYPE = "FixtureFunctionDefinition"


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
            found |= {name: Test(value, module, None, values, named) for name, values in rows}
        elif inspect.isclass(value) and _is_test_class(key, value):
            found |= _methods(f"{path}::{key}", module, value, fixtures)
    return found


def _is_test_class(name: str, kind: type) -> bool:
    return issubclass(kind, unittest.TestCase) or name.startswith("Test")


def _methods(prefix: str, module: ModuleType, kind: type, fixtures: Fixtures) -> Tests:
    if issubclass(kind, unittest.TestCase):
        names = unittest.defaultTestLoader.getTestCaseNames(kind)
        return {f"{prefix}::{name}": Test(_case(kind, name), module, kind) for name in names}
    return {
        name: Test(function, module, kind, values, fixtures_for(function, fixtures))
        for key, function in vars(kind).items()
        if key.startswith("test") and inspect.isfunction(function)
        for name, values in variants(f"{prefix}::{key}", function)
    }


def _case(kind: type[unittest.TestCase], name: str) -> Callable[[], None]:
    def call() -> None:
        kind(name).debug()

    return call


def _run_all(tests: Tests, request: Request, report: Report) -> None:
    tracer = make_tracer(report.box, request.trace, request.step_limit)
    runner = Runner(tracer, report)
    for name, test in tests.items():
        failed = runner.run(name, test) is not None
        if tracer and request.trace:
            report.lines[name] = tracer.lines()
        if failed and request.stop_at_first_failure:
            break
    runner.end()
