"""``mutation_tests``: the tests against each mutant, from one collected session of pytest.

The session is collected once, in this process.  Then every run of the tests
is a fork of it: the unmutated code first and last, and between them, in an
order that chance makes, the mutants and controls among them.  In a control all
functions have other bytecode that does the same (see ``disguising``), and the
mutants are in such disguises as well.  Code that fails on purpose, by counting
runs or for knowing that it was changed, fails for a control too.  The tests that
call a mutant's function go first (see ``meetings``).

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
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.limits import MEGABYTE
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
from fractal_rmo.jailed.programs.meetings import Meeting, meetings
from fractal_rmo.jailed.programs.patches import Patches
from fractal_rmo.jailed.programs.reaching import Calls, Reach
from fractal_rmo.jailed.programs.swapping import Functions
from fractal_rmo.jailed.programs.unit_report import Request, shorten
from fractal_rmo.jailed.programs.witnessing import Witness

_TIMES, _SLACK_CPU_S, _SLACK_WALL_S = 8, 0.3, 3.0
"""What a mutant may take, in times of the unmutated run, and beside that."""
_LISTENING = 10
"""How many times longer the tests may take while it is heard what they call."""
_FAILED = ("killed", "crashed")


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the mutants in ``mutants``; the unmutated run may take ``limit_s``."""
    until = time.monotonic() + payload["budget_s"]
    property_tool.stop_shrinking()  # that an example fails is enough here
    gc.freeze()  # what is alive now is none of the code's
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
        self._witness, self._looks = Witness(), list[str]()
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
            self._judge_all(session, functions, first, together)
            self.value["closing"] = _as_json(self._unmutated(session))
        looks = [self._looking.first, self.value["unmutated"]["looked"], *self._looks]
        self.value["looked"] = next(filter(None, looks), "")
        return True

    def _make_ready(self, session: pytest.Session) -> None:
        """Do once what every fork would do, and leave out what nobody reads."""
        unit_pytest.stop_telling(session.config)
        session.config.pluginmanager.register(self._witness)
        for item in session.items:
            _ = item.location  # cached from now on
            item.repr_failure = lambda *_, **__: ""  # type: ignore[method-assign]
        self._leave_to_forks()

    @staticmethod
    def _leave_to_forks() -> None:
        """Take what there is out of the collector's sight, or each fork would copy it."""
        gc.collect()
        gc.freeze()

    def _unmutated(self, session: pytest.Session) -> Ended:
        """A run of the tests on the code itself."""
        allowed = Allowance(self._limit_s, self._limit_s, self._held_back)
        return one_fork(partial(self._run_tests, session.items), allowed)

    def _allowed(self, unmutated: Ended) -> Allowance:
        return Allowance(
            cpu_s=_TIMES * unmutated.cpu_s + _SLACK_CPU_S,
            wall_s=_TIMES * unmutated.duration_s + _SLACK_WALL_S,
            held_back=self._held_back,
        )

    def _reach(self, session: pytest.Session, unmutated: Ended) -> Reach:
        """Which tests call which functions, where more than one function has mutants."""
        count = len(session.items)
        if count < 2 or len({(m["path"], m["function"]) for m in self._mutants}) < 2:
            return Reach(count)
        limit_s = _LISTENING * unmutated.cpu_s + _SLACK_CPU_S
        allowed = Allowance(limit_s, self._limit_s, self._held_back)
        return Reach(count, one_fork(partial(self._listen, session), allowed).answer.get("reach"))

    def _judge_all(
        self, session: pytest.Session, functions: Functions, unmutated: Ended, together: int
    ) -> None:
        """Mutants and controls, in an order that nobody knows before the code is imported."""
        reach = self._reach(session, unmutated)
        seed = secrets.randbits(48)
        chance = random.Random(seed)  # noqa: S311 - shown afterwards, to be repeated
        judged, controls = meetings(Patches(self._box), self._mutants, reach, chance)
        tasks = [partial(self._meet, session, functions, each) for each in (*judged, *controls)]
        order = chance.sample(range(len(tasks)), len(tasks))
        until = self._until - 2 * unmutated.duration_s  # it runs once more
        allowed = self._allowed(unmutated)
        self._leave_to_forks()
        found = {
            order[place]: _as_json(ended)
            for place, ended in in_forks([tasks[n] for n in order], allowed, together, until)
            if ended.how != "cut_off"
        }
        whole = len(judged)
        self.value["mutants"] = [{"number": n, **found[n]} for n in range(whole) if n in found]
        endings = [found[n]["ending"] for n in found if n >= whole]
        self._looks = [one["looked"] for one in found.values()]
        self.value |= {
            "seed": seed,
            "controls": len(endings),
            "noticed": sum(ending in _FAILED for ending in endings),
        }

    def _meet(
        self, session: pytest.Session, functions: Functions, meeting: Meeting, tell: Tell
    ) -> None:
        """In a fork: the tests on patched code."""
        if meeting.patches is None:
            tell({"ending": "crashed", "detail": "It could not be compiled."})
            return
        for patch in meeting.patches:
            functions.swap(patch)
        self._run_tests([session.items[number] for number in meeting.tests], tell)

    def _run_tests(self, items: Sequence[pytest.Item], tell: Tell) -> None:
        """In a fork: the tests up to the first that does not pass."""
        self._looking.is_testing = True
        words = self._words(items)
        tell({**words, "looked": self._looking.first})

    def _listen(self, session: pytest.Session, tell: Tell) -> None:
        """In a fork: the tests on the code itself, with what they call."""
        calls = Calls(self._box)
        session.config.pluginmanager.register(calls)
        if self._words(session.items)["ending"] == "survived":
            tell({"reach": calls.heard(session.items)})

    def _words(self, items: Sequence[pytest.Item]) -> dict[str, Any]:
        witness = self._witness
        try:
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if witness.ending:
                    return witness.words()
        except BaseException as error:  # noqa: BLE001 - pytest.exit and the like come out here
            return {"ending": "crashed", "detail": f"{type(error).__name__} left pytest"}
        return witness.words(len(items))

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
