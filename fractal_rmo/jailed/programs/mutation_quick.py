"""``mutation_tests`` without pytest: the tests that ``unit_quick`` supports, as plain calls.

A fork costs what its process is large: one of an interpreter without pytest takes
a fraction of the time.  ``supported`` is false for tests that need pytest's session.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import SkipTest

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs import unit_quick
from fractal_rmo.jailed.programs.mutation_judge import UNJUDGED, Judge, is_genuine
from fractal_rmo.jailed.programs.quick_surroundings import Surroundings
from fractal_rmo.jailed.programs.quick_test import Tests
from fractal_rmo.jailed.programs.reaching import Calls
from fractal_rmo.jailed.programs.unit_report import Report, Request, describe


def run(box: Box, payload: Mapping[str, Any], with_pytest: bool = False) -> dict[str, Any]:
    """Judge the mutants in ``mutants``; see ``mutation_judge`` for the value."""
    request, report = Request.read(payload), Report(box)
    if not unit_quick.supports(box, request, with_pytest):
        return {"supported": False}
    judge = Judge(box, payload)
    tests = unit_quick.collected(box, request, report)
    value = {"supported": True, **UNJUDGED}
    if tests and not report.problem:
        value |= judge.judge(_Calls(tests))
    return {**value, "collected": len(tests), "problem": report.problem}


class _Calls:
    """Tests that are called, as a suite."""

    def __init__(self, tests: Tests) -> None:
        self._tests = list(tests.items())

    @property
    def count(self) -> int:
        """See ``Suite``."""
        return len(self._tests)

    def run(self, numbers: Sequence[int]) -> dict[str, Any]:
        """See ``Suite``."""
        around = Surroundings()
        for number in numbers:
            if words := self._one(number, around):
                return words
        return _ending("after the tests", around.leave) or {"ending": "survived"}

    def listen(self, calls: Calls) -> dict[str, Any]:
        """See ``Suite``."""
        around = Surroundings()
        for number in range(self.count):
            with calls.listening(number):
                words = self._one(number, around)
            if words:
                return words
        return _ending("after the tests", around.leave) or {"ending": "survived"}

    def _one(self, number: int, around: Surroundings) -> dict[str, Any] | None:
        """What became of a test that did not pass."""
        name, test = self._tests[number]

        def call() -> None:
            test.leave_others(around)
            with test.arranged(around) as run_it:
                run_it()

        return _ending(name, call)


def _ending(name: str, call: Callable[[], None]) -> dict[str, Any] | None:
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - also an exit
        ending = "killed" if _is_kill(error) else "crashed"
        return {"ending": ending, "detail": f"{name}: {type(error).__name__}: {describe(error)}"}
    return None


def _is_kill(error: BaseException) -> bool:
    """Whether pytest, which may be loaded or not, would report that the test failed."""
    kinds, others = [Exception], [SkipTest]
    if outcomes := sys.modules.get("_pytest.outcomes"):
        kinds.append(outcomes.Failed)  # which is no Exception
        others += [outcomes.XFailed, outcomes.Exit]  # which are a Failed and an Exception
    return is_genuine(error, kinds) and not is_genuine(error, others)
