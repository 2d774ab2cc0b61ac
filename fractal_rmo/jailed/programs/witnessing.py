"""What pytest itself reports of the tests in one fork; nothing else is believed of them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from fractal_rmo.jailed.problems import is_real_exhaustion
from fractal_rmo.jailed.programs.unit_report import describe


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
            genuine = report.failed and call.excinfo is not None and _is_genuine(call.excinfo.value)
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


def _is_genuine(error: BaseException) -> bool:
    """Whether it is an assertion or an exception: no exit, no skip, no lack of memory.

    Asked of the type, since an object may lie about its class.
    """
    kinds: Sequence[type] = (Exception, pytest.fail.Exception)
    return any(kind in type.mro(type(error)) for kind in kinds) and not is_real_exhaustion(error)
