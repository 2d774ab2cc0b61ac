"""``unit_tests_apart``: the tests here, the code in another jail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs import unit_pytest
from fractal_rmo.jailed.split.hiding import hide
from fractal_rmo.jailed.split.importing import install, top_level_names
from fractal_rmo.jailed.split.link import asking, open_link
from fractal_rmo.jailed.split.mirror import Mirror


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run the tests against stand-ins of the code.

    The value is that of ``unit_tests`` with ``trouble``: "" or why the run
    says nothing (``CannotCrossError: ...``) or is no pass whatever its tests
    say (``CandidateGoneError``, ``CannotAnswerError``, ``DeceitError``).
    """
    if payload["exposed"]:
        hide(box.tests)
    mirror = Mirror(asking(open_link(payload["link"])))
    install(mirror, top_level_names(payload["code"]))
    value = unit_pytest.run(box, payload)
    mirror.settle()
    found = mirror.trouble
    return {**value, "trouble": f"{type(found).__name__}: {found}" if found else ""}
