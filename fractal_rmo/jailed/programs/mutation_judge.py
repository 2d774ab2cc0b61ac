"""Mutants against collected tests: each meets them in a fork of the process that collected.

Every run of the tests is such a fork: the unmutated code first and last, and
between them, in an order that chance makes, the mutants and controls among
them.  In a control all functions have other bytecode that does the same (see
``disguising``), and the mutants are in such disguises as well.  Code that fails
on purpose, by counting runs or for knowing that it was changed, fails for a
control too.  The tests that call a mutant's function go first (see ``meetings``).

``{"supported", "collected", "unmutated": {"ending", "detail", "duration_s"},
"closing": the same, "mutants": [{"number", "ending", "detail"}], "controls",
"noticed", "looked", "seed", "side_by_side", "problem"}``.  ``noticed`` counts
controls that did not pass, ``looked`` says where code read its own code objects
(see ``looking``).  Endings:

* ``killed``: a test failed with an assertion or an exception;
* ``survived``: every collected test was run and passed;
* ``timed_out``, and ``crashed`` for all else: an exit, a signal, a skip, no test, no memory.

What is not in ``mutants`` was not judged within ``budget_s``, which is for everything here.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.limits import MEGABYTE
from fractal_rmo.jailed.problems import is_real_exhaustion
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
from fractal_rmo.jailed.programs.unit_report import shorten

_TIMES, _SLACK_CPU_S, _SLACK_WALL_S = 8, 0.3, 3.0
"""What a mutant may take, in times of the unmutated run, and beside that."""
_LISTENING = 10
"""How many times longer the tests may take while it is heard what they call."""
_FAILED = ("killed", "crashed")
UNJUDGED: Mapping[str, Any] = {"unmutated": None, "closing": None, "mutants": []}
"""What is said of mutants where no test could be run."""


class Suite(Protocol):
    """Collected tests, by number from 0; both methods are called in forks alone."""

    @property
    def count(self) -> int:
        """How many there are."""

    def run(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Run tests up to the first that does not pass: ``{"ending", "detail"}``."""

    def listen(self, calls: Calls) -> dict[str, Any]:
        """The same with all of them, while ``calls`` hears what each calls."""


def is_genuine(error: BaseException, kinds: Sequence[type] = (Exception,)) -> bool:
    """Whether it is an assertion or an exception: no exit, no skip, no lack of memory.

    Asked of the type, since an object may lie about its class.
    """
    line = type.mro(type(error))
    return any(kind in line for kind in kinds) and not is_real_exhaustion(error)


class Judge:
    """Judges the mutants in ``mutants``; the unmutated run may take ``limit_s``.

    Made before anything of the code is imported, so that looks at import are heard.
    """

    def __init__(self, box: Box, payload: Mapping[str, Any]) -> None:
        self._until = time.monotonic() + payload["budget_s"]
        self._box, self._mutants, self._limit_s = box, payload["mutants"], payload["limit_s"]
        self._held_back = int(payload["memory_mb"] * MEGABYTE * (1 - 1 / MOST_SIDE_BY_SIDE))
        self._looks = list[str]()
        gc.freeze()  # what is alive now is none of the code's
        self._looking = Looking(partial(_shown_path, box))
        self._looking.begin()

    def judge(self, suite: Suite) -> dict[str, Any]:
        """The value of the program, without what collecting says."""
        value = dict(UNJUDGED)
        functions = Functions(self._box)
        _leave_to_forks()
        before = self._names()
        first = self._unmutated(suite)
        value["unmutated"] = _as_json(first)
        if first.answer.get("ending") == "survived":
            # tests that write where the code lies must not meet what others write meanwhile
            together = cores() if self._names() == before else 1
            value["side_by_side"] = together
            value |= self._judge_all(suite, functions, first, together)
            value["closing"] = _as_json(self._unmutated(suite))
        looks = [self._looking.first, value["unmutated"]["looked"], *self._looks]
        return {**value, "looked": next(filter(None, looks), "")}

    def _unmutated(self, suite: Suite) -> Ended:
        """A run of the tests on the code itself."""
        allowed = Allowance(self._limit_s, self._limit_s, self._held_back)
        return one_fork(partial(self._run_tests, suite, range(suite.count)), allowed)

    def _allowed(self, unmutated: Ended) -> Allowance:
        return Allowance(
            cpu_s=_TIMES * unmutated.cpu_s + _SLACK_CPU_S,
            wall_s=_TIMES * unmutated.duration_s + _SLACK_WALL_S,
            held_back=self._held_back,
        )

    def _reach(self, suite: Suite, unmutated: Ended) -> Reach:
        """Which tests call which functions, where more than one function has mutants."""
        if suite.count < 2 or len({(m["path"], m["function"]) for m in self._mutants}) < 2:
            return Reach(suite.count)
        limit_s = _LISTENING * unmutated.cpu_s + _SLACK_CPU_S
        allowed = Allowance(limit_s, self._limit_s, self._held_back)
        heard = one_fork(partial(self._listen, suite), allowed).answer.get("reach")
        return Reach(suite.count, heard)

    def _judge_all(
        self, suite: Suite, functions: Functions, unmutated: Ended, together: int
    ) -> dict[str, Any]:
        """Mutants and controls, in an order that nobody knows before the code is imported."""
        reach = self._reach(suite, unmutated)
        seed = int.from_bytes(os.urandom(6))
        chance = random.Random(seed)  # noqa: S311 - shown afterwards, to be repeated
        judged, controls = meetings(Patches(self._box), self._mutants, reach, chance)
        tasks = [partial(self._meet, suite, functions, each) for each in (*judged, *controls)]
        order = chance.sample(range(len(tasks)), len(tasks))
        until = self._until - 2 * unmutated.duration_s  # it runs once more
        allowed = self._allowed(unmutated)
        _leave_to_forks()
        found = {
            order[place]: _as_json(ended)
            for place, ended in in_forks([tasks[n] for n in order], allowed, together, until)
            if ended.how != "cut_off"
        }
        whole = len(judged)
        endings = [found[n]["ending"] for n in found if n >= whole]
        self._looks = [one["looked"] for one in found.values()]
        return {
            "mutants": [{"number": n, **found[n]} for n in range(whole) if n in found],
            "seed": seed,
            "controls": len(endings),
            "noticed": sum(ending in _FAILED for ending in endings),
        }

    def _meet(self, suite: Suite, functions: Functions, meeting: Meeting, tell: Tell) -> None:
        """In a fork: the tests on patched code."""
        if meeting.patches is None:
            tell({"ending": "crashed", "detail": "It could not be compiled."})
            return
        for patch in meeting.patches:
            functions.swap(patch)
        self._run_tests(suite, meeting.tests, tell)

    def _run_tests(self, suite: Suite, numbers: Sequence[int], tell: Tell) -> None:
        """In a fork: the tests up to the first that does not pass."""
        self._looking.is_testing = True
        words = suite.run(numbers)
        tell({**words, "looked": self._looking.first})

    def _listen(self, suite: Suite, tell: Tell) -> None:
        """In a fork: the tests on the code itself, with what they call."""
        calls = Calls(self._box)
        if suite.listen(calls)["ending"] == "survived":
            tell({"reach": calls.heard(suite.count)})

    def _names(self) -> set[Path]:
        """Of all files beside the code and the tests."""
        return {*self._box.code.rglob("*"), *self._box.tests.rglob("*")}


def _leave_to_forks() -> None:
    """Take what there is out of the collector's sight, or each fork would copy it."""
    gc.collect()
    gc.freeze()


def _shown_path(box: Box, name: str) -> str:
    """A file of the code or the tests as the host knows it; "" for any other."""
    in_tests = name.startswith(f"{box.tests}/")
    return box.code_path(name) or (name[len(str(box.tests)) + 1 :] if in_tests else "")


def _as_json(ended: Ended) -> dict[str, Any]:
    """With the fork's own words where it had any; what it claims is one of two endings."""
    said = ended.answer.get("ending", "crashed") if ended.how == "finished" else ended.how
    known = said if said in ("killed", "survived", "timed_out") else "crashed"
    detail, looked = (shorten(str(ended.answer.get(n, "")), 200) for n in ("detail", "looked"))
    duration_s = round(ended.duration_s, 4)
    return {"ending": known, "detail": detail, "looked": looked, "duration_s": duration_s}
