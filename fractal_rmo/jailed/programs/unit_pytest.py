"""``unit_tests`` with the real pytest, in this process, through a plugin object."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from _pytest import config as pytest_config

from fractal_rmo.jailed.layout import Box, lay_out
from fractal_rmo.jailed.problems import OutOfMemory, is_real_exhaustion
from fractal_rmo.jailed.programs import unit_quick
from fractal_rmo.jailed.programs.importing import imports_plainly, is_test_file
from fractal_rmo.jailed.programs.printing import in_test
from fractal_rmo.jailed.programs.tracing import make_tracer
from fractal_rmo.jailed.programs.unit_report import Report, Request, import_problem, shorten

__all__ = ["Recorder", "call_pytest", "files_with_tests", "observed", "run", "versions"]

_OPTIONS = (
    "-qq", "-s", "--no-header", "--no-summary", "--tb=no", "-p", "no:cacheprovider",
    "-c", os.devnull,
)  # fmt: skip
_QUIET_ENDINGS = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)


_USUAL = """
import pytest
@pytest.mark.parametrize("number", [1, 2])
def test_warm(number, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("WARM", str(tmp_path))
    assert not capsys.readouterr().out
    with pytest.raises(AssertionError, match="no"):
        raise AssertionError("no")
    assert number == pytest.approx(1.0)
"""
"""What tests use most, and a failure."""


def versions() -> dict[str, str]:
    """The tools that this program runs."""
    return {"pytest": pytest.__version__}


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run the submitted test files; see ``unit_report`` for the value.

    With ``quick`` in the payload the small runner goes first, and pytest only
    takes what that does not support.
    """
    if payload.get("quick"):
        value = unit_quick.run(box, payload, with_pytest=True)
        if value["supported"]:
            return value
    request = Request.read(payload)
    return observed(box, request).value(request.trace)


def observed(box: Box, request: Request, *plugins: object) -> Report:
    """What pytest did with the submitted test files; ``plugins`` are heard before our own."""
    recorder = Recorder(Report(box), request)
    if files := files_with_tests(box, request):
        call_pytest(box, files, recorder, *plugins)
    elif request.tests:
        recorder.report.problem = "No file is named test_*.py or *_test.py."
    return recorder.report


def files_with_tests(box: Box, request: Request) -> list[str]:
    """Where pytest is to look for tests."""
    return [str(box.tests / path) for path in request.tests if is_test_file(path)]


def stop_telling(config: pytest.Config) -> None:
    """Take away what writes down or shows how tests end, where something else hears it."""
    for plugin in config.pluginmanager.get_plugins():
        if isinstance(plugin, Recorder):
            config.pluginmanager.unregister(plugin)
    config.pluginmanager.unregister(name="terminalreporter")


def call_pytest(
    box: Box,
    paths: Sequence[str],
    recorder: Recorder,
    *plugins: object,
    options: Sequence[str] = (),
) -> None:
    """Run pytest on ``paths``; what leaves it by force becomes the report's problem."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    mode = "append" if imports_plainly(box, recorder.request.tests) else "importlib"
    # nothing above the tests is listed or asked for a conftest.py: it is not the run's
    where = [f"--import-mode={mode}", f"--rootdir={box.tests}", f"--confcutdir={box.tests}"]
    arguments = [*_OPTIONS, *where, *options, *paths]
    with recorder.noting():
        code = pytest_config.main(arguments, plugins=[recorder, *plugins])
        if code not in _QUIET_ENDINGS and recorder.incomplete():
            recorder.note(f"pytest stopped early ({pytest.ExitCode(code).name.lower()}).")


class Recorder:
    """Hears what pytest does, and writes it down in our schema."""

    def __init__(self, report: Report, request: Request) -> None:
        self.begin(report, request)

    def begin(self, report: Report, request: Request) -> None:
        """From now on write into another report."""
        self.report, self.request = report, request
        self._tracer = make_tracer(report.box, request.trace, request.step_limit)
        self.exhausted: str | None = None

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What leaves pytest by force becomes the report's problem.  Raises ``OutOfMemory``."""
        try:
            yield
        except OutOfMemory:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit in a test file comes out here
            self.note(import_problem("A test file", error))
        finally:
            if self.exhausted is not None:
                raise OutOfMemory(self.exhausted)

    def note(self, problem: str) -> None:
        """Keep the first problem."""
        self.report.problem = self.report.problem or problem

    def incomplete(self) -> bool:
        """Whether some collected test has no result, or none was collected at all."""
        return not self.report.collected or len(self.report.results) < len(self.report.collected)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Tests import the code by name; marks of the user's own project are not ours to refuse."""
        config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnknownMarkWarning")

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Keep the exception that stopped a file, before pytest turns it into text."""
        try:
            report = yield
        except SystemExit as error:  # pytest would call it an internal error of its own
            self.note(import_problem(collector.nodeid or "A test file", error))
            raise
        call = getattr(report, "call", None)
        if report.failed and call is not None and call.excinfo is not None:
            self._collection_failed(collector.nodeid, call.excinfo.value)
        elif report.outcome == "skipped":
            self.note(f"{collector.nodeid} skips itself as a whole.")
        return report

    def _collection_failed(self, where: str, error: BaseException) -> None:
        if is_real_exhaustion(error):
            self.exhausted = where
        cause = error.__cause__ or error.__context__
        seen = cause if isinstance(error, pytest.Collector.CollectError) and cause else error
        self.note(import_problem(where or "A test file", seen))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Select and shuffle, then write down what is about to run."""
        only = self.request.only
        if only is not None:
            items[:] = [item for item in items if item.nodeid in only]
        if self.request.shuffle_seed is not None:
            random.Random(self.request.shuffle_seed).shuffle(items)  # noqa: S311 - an order, no secret
        self.report.collected = [item.nodeid for item in items]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Trace one test with its fixtures."""
        with in_test(), self._tracer or nullcontext():
            answer = yield
        self.report.took(item.nodeid, self._tracer.steps if self._tracer else 0)
        if self._tracer and self.request.trace:
            self.report.lines[item.nodeid] = self._tracer.lines()
        return answer

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take the outcome of each phase of a test, after pytest has judged its marks."""
        report = yield
        outcome = _outcome(report)
        if outcome is not None:
            self._add(item, outcome, call, report)
        return report

    def _add(
        self, item: pytest.Item, outcome: str, call: pytest.CallInfo[Any], report: pytest.TestReport
    ) -> None:
        error = call.excinfo.value if call.excinfo is not None else None
        message = ""
        if call.excinfo is not None and outcome in ("failed", "error"):
            message = shorten(call.excinfo.exconly().partition(": ")[2])
        elif outcome in ("xfailed", "xpassed"):
            message = str(getattr(report, "wasxfail", ""))
        try:
            self.report.add(item.nodeid, outcome, error, message)
        except OutOfMemory:
            self.exhausted = self.exhausted or item.nodeid
            item.session.shouldstop = "out of memory"
            return
        if outcome in ("failed", "error") and self.request.stop_at_first_failure:
            # "shouldfail" rather than "shouldstop", for which pytest renders its own whole stack
            item.session.shouldfail = "the first failure"


def _outcome(report: pytest.TestReport) -> str | None:
    """Our word for a phase, or None when the phase says nothing about the test."""
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if report.skipped:
        return "skipped"
    return "passed" if report.when == "call" else None


def _warm() -> None:
    """Run a few tests now, so that what pytest imports and compiles is there before any fork."""
    path = list(sys.path)
    with tempfile.TemporaryDirectory(prefix="fractal-rmo-") as folder:
        box = lay_out(Path(folder), {"tests/test_warm.py": _USUAL})
        sys.path[:0] = box.path
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        with redirect_stdout(StringIO()):
            run(box, {"tests": ["test_warm.py"]})
        del os.environ["PYTEST_DEBUG_TEMPROOT"]
    sys.path[:] = path
    sys.modules.pop("test_warm", None)


# pytest writes rewritten bytecode beside the tests; a run's folder is gone in a moment anyway.
sys.dont_write_bytecode = True
_warm()
