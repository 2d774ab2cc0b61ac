"""``unit_tests_apart``: the tests here, the code in another jail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.run_child import Program
from fractal_rmo.jailed.split.hiding import hide
from fractal_rmo.jailed.split.importing import install, top_level_names
from fractal_rmo.jailed.split.link import asking, open_link
from fractal_rmo.jailed.split.mirror import Mirror


def apart(unit_tests: Program) -> Program:
    """A program that runs the tests, by ``unit_tests``, against stand-ins of the code.

    The value is that of ``unit_tests`` with ``trouble``: "" or why the run
    says nothing (``CannotCrossError: ...``) or is no pass whatever its tests
    say (``CandidateGoneError``, ``CannotAnswerError``, ``DeceitError``).
    """

    def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
        if payload["exposed"]:
            hide(box.tests)
        mirror = Mirror(asking(open_link(payload["link"])))
        install(mirror, top_level_names(payload["code"]))
        value = unit_tests(box, payload)
        mirror.settle()
        found = mirror.trouble
        return {**value, "trouble": f"{type(found).__name__}: {found}" if found else ""}

    return run
