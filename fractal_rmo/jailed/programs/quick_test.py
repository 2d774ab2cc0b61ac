"""One test of the quick runner: with its fixtures and setups, run and recorded."""

from __future__ import annotations

import linecache
import unittest
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MethodType, ModuleType, TracebackType

from fractal_rmo.jailed.programs.printing import in_test
from fractal_rmo.jailed.programs.quick_fixtures import Fixtures, arranged
from fractal_rmo.jailed.programs.quick_surroundings import (
    Owner,
    Surroundings,
    around,
    around_one,
    is_bare,
)
from fractal_rmo.jailed.programs.tracing import LineTracer
from fractal_rmo.jailed.programs.unit_report import Report, describe, shorten


@dataclass(frozen=True)
class Test:
    """A test with the values that ``parametrize`` gives it, and its file's fixtures by name.

    ``kind`` is the class of a method: a ``TestCase``, for which ``function`` does everything, or
    another, of which each run gets an instance.
    """

    function: Callable[..., object]
    module: ModuleType
    kind: type | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    fixtures: Fixtures = field(default_factory=dict)

    @contextmanager
    def arranged(self, surroundings: Surroundings) -> Iterator[Callable[[], object]]:
        """What to call, its fixtures made anew and ended behind it."""
        surroundings.enter(self._owners)
        if self._is_case:
            yield self.function
            return
        call, owner = self.function, self.kind or self.module
        if self.kind is not None:
            call = MethodType(self.function, self.kind())
        if not self.fixtures and is_bare(owner):
            yield partial(call, **self.values)
            return
        with around_one(owner, call), arranged(call, self.fixtures) as made:
            yield partial(call, **self.values, **made)

    @property
    def _is_case(self) -> bool:
        return self.kind is not None and issubclass(self.kind, unittest.TestCase)

    def is_outside(self, surroundings: Surroundings) -> bool:
        """Whether something stands that does not stand around this test."""
        return surroundings.reach_past(self._owners)

    def leave_others(self, surroundings: Surroundings) -> None:
        """End what does not stand around this test.  Raises what goes wrong there."""
        surroundings.leave(self._owners)

    @cached_property
    def _owners(self) -> tuple[Owner, ...]:
        return around(self.module, self.kind)


Tests = dict[str, Test]


class Runner:
    """Runs tests one after the other and records them; ``end`` is to follow the last."""

    def __init__(self, tracer: LineTracer | None, report: Report) -> None:
        self._tracer, self._report = tracer, report
        self._surroundings = Surroundings()
        self._last = ""

    def run(self, name: str, test: Test) -> BaseException | None:
        """Run one test and record it; the error with which it failed."""
        if test.is_outside(self._surroundings):
            self._leave(partial(test.leave_others, self._surroundings))
        self._last = name
        tracer, own = self._tracer, list[BaseException]()  # a fixture's error is none of the test's
        try:
            with in_test(), tracer or nullcontext(), test.arranged(self._surroundings) as call:
                _call(call, own)
        except unittest.SkipTest as skip:
            self._report.add(name, "skipped", skip)
            return None
        except BaseException as last:  # noqa: BLE001 - also sys.exit and the step limit
            error = own[0] if own else last  # a fixture may fail at its end after the test did
            self._report.add(name, "failed" if own else "error", error, self._words(error))
            return error
        finally:
            self._report.took(name, tracer.steps if tracer else 0)
        self._report.add(name, "passed", None)
        return None

    def end(self) -> None:
        """End what stands around the last test."""
        if self._surroundings.reach_past(()):
            self._leave(self._surroundings.leave)

    def _leave(self, leave: Callable[[], None]) -> None:
        """What goes wrong at the end of a class is an error of the last of its tests."""
        try:
            with in_test(), self._tracer or nullcontext():
                leave()
        except BaseException as error:  # noqa: BLE001 - foreign code, also an exit
            outcome = "skipped" if isinstance(error, unittest.SkipTest) else "error"
            self._report.add(self._last, outcome, error, self._words(error))

    def _words(self, error: BaseException) -> str:
        """The error's text, where it is kept; a bare assertion is told by its source line."""
        if self._report.near:
            return ""
        words = describe(error)
        if words or not isinstance(error, AssertionError):
            return words
        return shorten(_last_line(error.__traceback__))


def _call(function: Callable[[], object], errors: list[BaseException]) -> None:
    """Call it, and keep its error as well as raise it."""
    try:
        function()
    except BaseException as error:
        errors.append(error)
        raise


def _last_line(traceback: TracebackType | None) -> str:
    line = ""
    while traceback is not None:
        line = linecache.getline(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno or 0)
        traceback = traceback.tb_next
    return line.strip()
