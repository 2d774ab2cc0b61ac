"""``mutation_tests``: the tests against each mutant, from one collected session of pytest.

The session is collected once, in this process.  Then every run of the tests
is a fork of it: the unmutated code first and last, and each mutant between.

``{"collected", "unmutated": {"ending", "detail", "duration_s"}, "closing": the same,
"mutants": [{"number", "ending", "detail"}], "noticed", "side_by_side", "problem"}``.
``noticed`` names functions whose placebo did not pass: the code looks at itself.  Endings:

* ``killed``: pytest reported that a test failed with an assertion or an exception;
* ``survived``: every collected test was run and passed;
* ``timed_out``, and ``crashed`` for all else: an exit, a signal, a skip, no test, no memory.

What is not in ``mutants`` was not begun within ``budget_s``.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.limits import MEGABYTE
from fractal_rmo.jailed.problems import is_real_exhaustion
from fractal_rmo.jailed.programs import property_tool, unit_pytest
from fractal_rmo.jailed.programs.forks import (
    MOST_SIDE_BY_SIDE,
    Allowance,
    Ended,
    cores,
    in_forks,
    one_fork,
)
from fractal_rmo.jailed.programs.swapping import Functions
from fractal_rmo.jailed.programs.unit_report import Request, describe, shorten

_TIMES, _SLACK_CPU_S, _SLACK_WALL_S = 8, 0.3, 3.0
"""What a mutant may take, in times of the unmutated run, and beside that."""


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the mutants in ``mutants``; the unmutated run may take ``limit_s``."""
    property_tool.stop_shrinking()  # that an example fails is enough here
    judge = _Judge(box, payload)
    report = unit_pytest.observed(box, Request.read(payload), judge)
    value = {"collected": len(report.collected), "problem": report.problem}
    return {**judge.value, **value}


class _Judge:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, box: Box, payload: Mapping[str, Any]) -> None:
        self._box, self._mutants = box, payload["mutants"]
        self._limit_s, self._budget_s = payload["limit_s"], payload["budget_s"]
        self._held_back = int(payload["memory_mb"] * MEGABYTE * (1 - 1 / MOST_SIDE_BY_SIDE))
        self._witness = _Witness()
        self.value: dict[str, Any] = {"unmutated": None, "closing": None, "mutants": []}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants, and run nothing here."""
        if session.testsfailed or not session.items:
            return True
        until = time.monotonic() + self._budget_s
        functions = Functions(self._box)
        self._make_ready(session)
        before = self._names()
        first = self._unmutated(session)
        self.value["unmutated"] = _as_json(first)
        if first.answer.get("ending") == "survived":
            # tests that write where the code lies must not meet what others write meanwhile
            together = cores() if self._names() == before else 1
            self.value["side_by_side"] = together
            self._judge_all(session, functions, self._allowed(first), together, until)
            self.value["closing"] = _as_json(self._unmutated(session))
        return True

    def _make_ready(self, session: pytest.Session) -> None:
        """Do once what every fork would do, and leave out what nobody reads."""
        session.config.pluginmanager.register(self._witness)
        for item in session.items:
            _ = item.location  # cached from now on
            item.repr_failure = lambda *_, **__: ""  # type: ignore[method-assign]
        gc.collect()
        gc.freeze()  # or each fork would copy what its collector looks at

    def _unmutated(self, session: pytest.Session) -> Ended:
        """A run of the tests on the code itself."""
        allowed = Allowance(self._limit_s, self._limit_s, self._held_back)
        return one_fork(partial(self._run_tests, session), allowed)

    def _allowed(self, unmutated: Ended) -> Allowance:
        return Allowance(
            cpu_s=_TIMES * unmutated.cpu_s + _SLACK_CPU_S,
            wall_s=_TIMES * unmutated.duration_s + _SLACK_WALL_S,
            held_back=self._held_back,
        )

    def _judge_all(
        self,
        session: pytest.Session,
        functions: Functions,
        allowed: Allowance,
        together: int,
        until: float,
    ) -> None:
        """Placebos first, one for each function, then the mutants."""
        alike = list({(m["path"], m["function"], m["line"]): m for m in self._mutants}.values())
        tasks = [partial(self._judge, session, functions.swap_alike, m) for m in alike]
        noticed = {
            alike[number]["function"]
            for number, ended in in_forks(tasks, allowed, together, until)
            if _as_json(ended)["ending"] in ("killed", "crashed")
        }
        tasks = [partial(self._judge, session, functions.swap, m) for m in self._mutants]
        found = sorted(in_forks(tasks, allowed, together, until), key=lambda pair: pair[0])
        self.value["noticed"] = sorted(noticed)
        self.value["mutants"] = [{"number": n, **_as_json(ended)} for n, ended in found]

    def _judge(
        self,
        session: pytest.Session,
        swap: Callable[[Mapping[str, Any]], None],
        mutant: Mapping[str, Any],
    ) -> dict[str, Any]:
        """In a fork: the tests on the mutant."""
        swap(mutant)
        return self._run_tests(session)

    def _run_tests(self, session: pytest.Session) -> dict[str, Any]:
        """In a fork: the tests up to the first that does not pass."""
        witness = self._witness
        try:
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if witness.ending:
                    return witness.words()
        except BaseException as error:  # noqa: BLE001 - pytest.exit and the like come out here
            return {"ending": "crashed", "detail": f"{type(error).__name__} left pytest"}
        return witness.words(len(session.items))

    def _names(self) -> set[Path]:
        """Of all files beside the code and the tests."""
        return {*self._box.code.rglob("*"), *self._box.tests.rglob("*")}


def _as_json(ended: Ended) -> dict[str, Any]:
    """With the fork's own words where it had any; what it claims is one of two endings."""
    said = ended.answer.get("ending") if ended.how == "answered" else ended.how
    known = said if said in ("killed", "survived", "timed_out") else "crashed"
    detail = shorten(str(ended.answer.get("detail", "")), 200)
    return {"ending": known, "detail": detail, "duration_s": round(ended.duration_s, 4)}


class _Witness:
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
