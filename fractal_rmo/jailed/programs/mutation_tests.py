"""``mutation_tests``: the tests against each mutant, from one collected session of pytest.

See ``mutation_judge`` for the value.  Tests that the quick runner supports go
without pytest's session, which is larger and costs every fork its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs import mutation_quick, property_tool, unit_pytest
from fractal_rmo.jailed.programs.mutation_judge import UNJUDGED, Judge
from fractal_rmo.jailed.programs.reaching import Calls
from fractal_rmo.jailed.programs.unit_report import Request
from fractal_rmo.jailed.programs.witnessing import Listening, Witness


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the mutants in ``mutants``; the unmutated run may take ``limit_s``."""
    value = mutation_quick.run(box, payload, with_pytest=True)
    if value["supported"]:
        return value
    property_tool.stop_shrinking()  # that an example fails is enough here
    session = _Session(Judge(box, payload))
    report = unit_pytest.observed(box, Request.read(payload), session)
    return {
        "supported": True,
        **UNJUDGED,
        **session.value,
        "collected": len(report.collected),
        "problem": report.problem,
    }


class _Session:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.value: dict[str, Any] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants, and run nothing here."""
        if session.items and not session.testsfailed:
            self.value = self._judge.judge(_Items(session))
        return True


class _Items:
    """The items of a session as a suite."""

    def __init__(self, session: pytest.Session) -> None:
        """Do once what every fork would do, and leave out what nobody reads."""
        self._items, self._witness = session.items, Witness()
        self._plugins = session.config.pluginmanager
        unit_pytest.stop_telling(session.config)
        self._plugins.register(self._witness)
        for item in session.items:
            _ = item.location  # cached from now on
            item.repr_failure = lambda *_, **__: ""  # type: ignore[method-assign]

    @property
    def count(self) -> int:
        """See ``Suite``."""
        return len(self._items)

    def run(self, numbers: Sequence[int]) -> dict[str, Any]:
        """See ``Suite``."""
        items, witness = [self._items[number] for number in numbers], self._witness
        try:
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if witness.ending:
                    return witness.words()
        except BaseException as error:  # noqa: BLE001 - pytest.exit and the like come out here
            return {"ending": "crashed", "detail": f"{type(error).__name__} left pytest"}
        return witness.words(len(items))

    def listen(self, calls: Calls) -> dict[str, Any]:
        """See ``Suite``."""
        self._plugins.register(Listening(calls, self._items))
        return self.run(range(self.count))
