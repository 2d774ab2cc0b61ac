"""``mutation_tests``: the tests against each mutant, from one collected session of pytest.

The session is collected once, in this process.  Then every run of the tests
is a fork of it: the unmutated code first and last, and between them, in an
order that chance makes, the mutants and controls among them.  In a control all
functions have other bytecode that does the same (see ``disguising``), and the
mutants are in such disguises as well.  Code that fails on purpose, by counting
runs or for knowing that it was changed, fails for a control too.

``{"collected", "unmutated": {"ending", "detail", "duration_s"}, "closing": the same,
"mutants": [{"number", "ending", "detail"}], "controls", "noticed", "looked", "seed",
"side_by_side", "problem"}``.  ``noticed`` counts controls that did not pass,
``looked`` says where code read its own code objects (see ``looking``).  Endings:

* ``killed``: pytest reported that a test failed with an assertion or an exception;
* ``survived``: every collected test was run and passed;
* ``timed_out``, and ``crashed`` for all else: an exit, a signal, a skip, no test, no memory.

What is not in ``mutants`` was not judged within ``budget_s``, which is for everything here.
"""

from __future__ import annotations

import gc
import random
import secrets
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
    Tell,
    cores,
    in_forks,
    one_fork,
)
from fractal_rmo.jailed.programs.looking import Looking
from fractal_rmo.jailed.programs.swapping import Functions
from fractal_rmo.jailed.programs.unit_report import Request, describe, shorten

_TIMES, _SLACK_CPU_S, _SLACK_WALL_S = 8, 0.3, 3.0
"""What a mutant may take, in times of the unmutated run, and beside that."""
_LEAST_CONTROLS, _MUTANTS_A_CONTROL, _MOST_CONTROLS = 2, 8, 5
"""Some, and one more for so many mutants: the more there are to kill, the less can be spared."""
_FAILED = ("killed", "crashed")


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the mutants in ``mutants``; the unmutated run may take ``limit_s``."""
    until = time.monotonic() + payload["budget_s"]
    property_tool.stop_shrinking()  # that an example fails is enough here
    looking = Looking(partial(_shown_path, box))
    looking.begin()
    judge = _Judge(box, payload, looking, until)
    report = unit_pytest.observed(box, Request.read(payload), judge)
    value = {"collected": len(report.collected), "problem": report.problem}
    return {**judge.value, **value}


def _shown_path(box: Box, name: str) -> str:
    """A file of the code or the tests as the host knows it; "" for any other."""
    in_tests = name.startswith(f"{box.tests}/")
    return box.code_path(name) or (name[len(str(box.tests)) + 1 :] if in_tests else "")


class _Judge:
    """Takes the place of pytest's loop over the tests."""

    def __init__(
        self, box: Box, payload: Mapping[str, Any], looking: Looking, until: float
    ) -> None:
        self._box, self._mutants, self._until = box, payload["mutants"], until
        self._limit_s, self._looking = payload["limit_s"], looking
        self._held_back = int(payload["memory_mb"] * MEGABYTE * (1 - 1 / MOST_SIDE_BY_SIDE))
        self._witness, self._looks = _Witness(), list[str]()
        self.value: dict[str, Any] = {"unmutated": None, "closing": None, "mutants": []}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants, and run nothing here."""
        if session.testsfailed or not session.items:
            return True
        functions = Functions(self._box)
        self._make_ready(session)
        before = self._names()
        first = self._unmutated(session)
        self.value["unmutated"] = _as_json(first)
        if first.answer.get("ending") == "survived":
            # tests that write where the code lies must not meet what others write meanwhile
            together = cores() if self._names() == before else 1
            self.value["side_by_side"] = together
            self._judge_all(session, functions, self._allowed(first), together)
            self.value["closing"] = _as_json(self._unmutated(session))
        looks = [self._looking.first, self.value["unmutated"]["looked"], *self._looks]
        self.value["looked"] = next(filter(None, looks), "")
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
        self, session: pytest.Session, functions: Functions, allowed: Allowance, together: int
    ) -> None:
        """Mutants and controls, in an order that nobody knows before the code is imported."""
        seed = secrets.randbits(48)
        chance = random.Random(seed)  # noqa: S311 - shown afterwards, to be repeated
        swaps: list[Callable[[random.Random], None]]
        swaps = [partial(functions.swap, mutant) for mutant in self._mutants]
        swaps += self._controls(functions)
        disguised = (partial(swap, random.Random(chance.random())) for swap in swaps)  # noqa: S311
        tasks = [partial(self._judge, session, swap) for swap in disguised]
        order = chance.sample(range(len(tasks)), len(tasks))
        until = self._until - 2 * self.value["unmutated"]["duration_s"]  # it runs once more
        found = {
            order[place]: _as_json(ended)
            for place, ended in in_forks([tasks[n] for n in order], allowed, together, until)
            if ended.how != "cut_off"
        }
        whole = len(self._mutants)
        self.value["mutants"] = [{"number": n, **found[n]} for n in range(whole) if n in found]
        controls = [found[n]["ending"] for n in found if n >= whole]
        self._looks = [one["looked"] for one in found.values()]
        self.value |= {
            "seed": seed,
            "controls": len(controls),
            "noticed": sum(ending in _FAILED for ending in controls),
        }

    def _controls(self, functions: Functions) -> list[Callable[[random.Random], None]]:
        """Each gives all functions that have mutants other bytecode."""
        alike = list({(m["path"], m["function"], m["line"]): m for m in self._mutants}.values())

        def swap_all(chance: random.Random) -> None:
            for each in alike:
                functions.swap_alike(each, chance)

        count = _LEAST_CONTROLS + len(self._mutants) // _MUTANTS_A_CONTROL
        return [swap_all] * min(count, _MOST_CONTROLS)

    def _judge(self, session: pytest.Session, swap: Callable[[], None], tell: Tell) -> None:
        """In a fork: the tests on the mutant."""
        swap()
        self._run_tests(session, tell)

    def _run_tests(self, session: pytest.Session, tell: Tell) -> None:
        """In a fork: the tests up to the first that does not pass."""
        self._looking.is_testing = True
        words = self._words(session)
        tell({**words, "looked": self._looking.first})

    def _words(self, session: pytest.Session) -> dict[str, Any]:
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
    said = ended.answer.get("ending", "crashed") if ended.how == "finished" else ended.how
    known = said if said in ("killed", "survived", "timed_out") else "crashed"
    detail, looked = (shorten(str(ended.answer.get(n, "")), 200) for n in ("detail", "looked"))
    duration_s = round(ended.duration_s, 4)
    return {"ending": known, "detail": detail, "looked": looked, "duration_s": duration_s}


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
