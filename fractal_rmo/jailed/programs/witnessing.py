"""What pytest itself reports of the tests in one fork, and what they call there."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from fractal_rmo.jailed.programs.mutation_judge import is_genuine
from fractal_rmo.jailed.programs.reaching import Calls
from fractal_rmo.jailed.programs.unit_report import describe

_KINDS = (Exception, pytest.fail.Exception)


class Witness:
    """Hears pytest's own reports in one fork."""

    def __init__(self) -> None:
        self.ending, self._detail, self._passed = "", "", 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Count a pass; keep the first other outcome."""
        report = yield
        if report.passed and not hasattr(report, "wasxfail"):
            self._passed += report.when == "call"
        elif not self.ending:
            error = call.excinfo.value if call.excinfo else None
            genuine = report.failed and error is not None and is_genuine(error, _KINDS)
            self.ending = "killed" if genuine else "crashed"
            words = describe(call.excinfo.value) if call.excinfo else report.outcome
            kind = type(call.excinfo.value).__name__ if call.excinfo else ""
            self._detail = f"{item.nodeid}: {kind}: {words}"
        return report

    def words(self, expected: int = -1) -> dict[str, Any]:
        """The answer; ``expected`` is how many tests must have passed for a survivor."""
        if self.ending:
            return {"ending": self.ending, "detail": self._detail}
        if self._passed == expected:
            return {"ending": "survived"}
        return {"ending": "crashed", "detail": f"{self._passed} of {expected} tests were run"}


class Listening:
    """A plugin that says to ``Calls`` which test runs, by its place among the items."""

    def __init__(self, calls: Calls, items: Sequence[pytest.Item]) -> None:
        self._calls = calls
        self._numbers = {item: number for number, item in enumerate(items)}

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Listen to the fixtures that it needs."""
        with self._calls.listening(self._numbers[item]):
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Listen to the test, but not to what pytest does around it."""
        with self._calls.listening(self._numbers[item]):
            return (yield)
