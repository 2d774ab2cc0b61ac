"""``unit_candidates``: the tests against many versions of the code, to sort out most of them.

The payload is that of ``unit_tests`` with ``failing``, the ids of the tests that
fail on the code as it is; ``candidates``, each ``{path: text}`` of the files it
changes; ``cpu_s`` and ``wall_s``, what one may take, and ``budget_s`` for all.

``{"supported", "control", "judged": [{"number", "ending", "passed", "reached",
"broken", "endless", "problem", "far", "raised"}], "cpu_s"}``.  ``ending`` is as in ``forks``,
``passed`` are those of ``failing`` that pass now, ``reached`` tells of the others
in which line of its file each gave up, and ``far`` how far the values that it compared there
were from each other, as in ``nearness``; ``raised`` names the error that the code raised there and
its line in the code.  Only where one passes are the other
tests run; ``broken`` are those that fail.  ``control`` is what the code as it
is did.  ``supported`` is false for tests that need pytest's session: see ``unit_session``.

Plain tests take less time than a fork, so many candidates share one: code and tests are imported
anew for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs import unit_quick
from fractal_rmo.jailed.programs.candidate_bench import Codes, Trial, cpu_s, judged
from fractal_rmo.jailed.programs.quick_test import Runner
from fractal_rmo.jailed.programs.tracing import make_tracer
from fractal_rmo.jailed.programs.unit_report import Report, Request


def run(box: Box, payload: Mapping[str, Any], with_pytest: bool = False) -> dict[str, Any]:
    """Judge ``candidates``, as many as ``budget_s`` allows."""
    request = Request.read(payload)
    if not unit_quick.supports(box, request, with_pytest):
        return {"supported": False, "judged": [], "control": {}, "cpu_s": cpu_s()}
    codes = Codes(box)
    codes.keep(request, payload["code"])
    codes.install()
    return judged(_Plain(box, request, payload["failing"], payload["cpu_s"], codes), payload)


class _Plain(Trial):
    """By the quick runner."""

    together = 96

    def run_tests(self, report: Report) -> None:
        """Stops at the first test without an end, which is what costs most.

        The control runs all of them: what those that pass leave behind is to be seen as well.
        """
        tests = unit_quick.collected(self.box, self.request, report)
        if report.problem:
            return
        runner = Runner(make_tracer(self.box, False, self.request.step_limit), report)
        failing = self.failing or list(tests)
        for name in failing:
            if name in tests:
                runner.run(name, tests[name])
            if report.is_endless(name):
                return
        won = any(one["outcome"] == "passed" for one in report.results.values())
        if won or self.is_control:
            for name in [name for name in tests if name not in failing]:
                runner.run(name, tests[name])
        runner.end()
