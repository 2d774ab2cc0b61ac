"""``unit_candidates`` for tests that need pytest's session: one session, a fork for each candidate.

To start a session (options, plugins, their fixtures) takes several times as long as to collect
and run a few tests, and touches nothing of the code.  So it is started once, without any test,
and each fork collects and runs in it, with code, tests and ``conftest.py`` imported anew.
Nothing is left behind for the next candidate.

Some hooks of a ``conftest.py`` are only called while a session starts.  Tests with such
hooks get a whole session in each fork.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs import property_tool, unit_candidates, unit_quick
from fractal_rmo.jailed.programs.candidate_bench import Codes, Trial, cpu_s, judged
from fractal_rmo.jailed.programs.unit_pytest import Recorder, call_pytest, files_with_tests
from fractal_rmo.jailed.programs.unit_report import Report, Request

_STARTING = (
    "pytest_plugins", "pytest_addoption", "pytest_addhooks", "pytest_cmdline",
    "pytest_sessionstart", "pytest_load_initial_conftests",
)  # fmt: skip
_PLAIN = "--assert=plain"
"""Nobody reads why a test failed, and what compared values were is kept by ``nearness``."""


def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Judge ``candidates``; what the quick runner supports goes without a session."""
    request = Request.read(payload)
    if unit_quick.supports(box, request, with_pytest=True):
        return unit_candidates.run(box, payload, with_pytest=True)
    property_tool.stop_shrinking()  # that an example fails is enough here
    codes = Codes(box)
    codes.keep(request, payload["code"])
    codes.install()
    kind = _Whole if _is_heard_at_the_start(box, request) else _Warm
    return kind(box, request, payload["failing"], payload["cpu_s"], codes).judge(payload)


def _is_heard_at_the_start(box: Box, request: Request) -> bool:
    """Whether a ``conftest.py`` has hooks that are called before tests are collected."""
    files = [box.tests / path for path in request.tests if Path(path).name == "conftest.py"]
    texts = [file.read_text("utf-8", "replace") for file in files]
    return any(name in text for text in texts for name in _STARTING)


class _Whole(Trial):
    """A session of its own in each fork."""

    def judge(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """See the module."""
        return judged(self, payload)

    def run_tests(self, report: Report) -> None:
        """Start, collect and run."""
        recorder = Recorder(report, self.request)
        paths = files_with_tests(self.box, self.request)
        call_pytest(self.box, paths, recorder, _Order(self.failing, recorder), options=[_PLAIN])


class _Warm(Trial):
    """One session, which was started before the forks."""

    _session: pytest.Session
    _recorder: Recorder

    def judge(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """See the module; without a session nothing is judged."""
        found = dict[str, Any]()

        def begin(session: pytest.Session) -> None:
            self._session = session
            found.update(judged(self, payload))

        self._recorder = Recorder(Report(self.box), self.request)
        plugins = _Order(self.failing, self._recorder), _Start(begin)
        # a folder without a conftest.py, or those of the tests would be imported now
        paths = [tempfile.gettempdir()]
        call_pytest(self.box, paths, self._recorder, *plugins, options=[_PLAIN])
        nothing = {"supported": True, "judged": [], "control": {}, "cpu_s": cpu_s()}
        return found or nothing

    def run_tests(self, report: Report) -> None:
        """Collect and run."""
        session, recorder = self._session, self._recorder
        recorder.begin(report, self.request)
        with recorder.noting(), suppress(session.Failed, session.Interrupted):
            session.perform_collect(files_with_tests(self.box, self.request))
            session.config.hook.pytest_runtestloop(session=session)


class _Start:
    """Hears when a session has started, and keeps it from collecting."""

    def __init__(self, begin: Callable[[pytest.Session], None]) -> None:
        self._begin = begin

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Everything happens here, and in forks of this moment."""
        session.config.pluginmanager.unregister(name="terminalreporter")
        self._begin(session)
        return True


class _Order:
    """The failing tests first; the others only where one of those passes."""

    def __init__(self, failing: Sequence[str], recorder: Recorder) -> None:
        self._failing, self._recorder = frozenset(failing), recorder
        self._left = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort them; where none is to be run first, none is run at all."""
        self._left = sum(item.nodeid in self._failing for item in items)
        if self._failing and not self._left:
            items.clear()
        items.sort(key=lambda item: item.nodeid not in self._failing)
        for item in items:
            item.repr_failure = lambda *_, **__: ""  # type: ignore[method-assign]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """End the session where the rest says nothing, or a test had no end."""
        answer = yield
        name, report = item.nodeid, self._recorder.report
        is_one = name in self._failing
        self._left -= is_one
        if report.is_endless(name) and (is_one or not self._failing):
            item.session.shouldfail = "no end"
        elif is_one and not self._left and not self._has_won(report):
            item.session.shouldfail = "nothing is won"
        return answer

    def _has_won(self, report: Report) -> bool:
        found = (report.results.get(name, {}) for name in self._failing)
        return any(one.get("outcome") == "passed" for one in found)
