"""Which tests call which functions of the code: heard in a fork that runs the tests once more.

A test that never calls a function rarely notices a mutant of it, so that those
which do go first.  Nothing is believed of what is heard here but an order.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from fractal_rmo.jailed.layout import Box

Place = tuple[str, str]
"""A file of the code, and the qualified name of a function or method at its top."""
_INNER = ".<locals>"


class Calls:
    """Hears which functions of the code each test calls, in all threads."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._codes: defaultdict[int, dict[int, CodeType]] = defaultdict(dict)
        self._now: dict[int, CodeType] = {}

    def heard(self, count: int) -> list[list[Place]]:
        """For each test what it called; an inner function counts as the one around it."""
        codes = [self._codes[number].values() for number in range(count)]
        return [sorted(set(filter(None, map(self._of, each)))) for each in codes]

    @contextmanager
    def listening(self, number: int) -> Iterator[None]:
        """Listen to the test of that number for as long as the block runs."""
        self._now = self._codes[number]
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _on_event(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            self._now[id(code)] = code

    def _of(self, code: CodeType) -> Place | None:
        path = self._box.code_path(code.co_filename)
        return (path, code.co_qualname.partition(_INNER)[0]) if path else None


class Reach:
    """The tests, by number, that call each function; of a run that told nothing all do."""

    def __init__(self, count: int, told: Any = None) -> None:
        self._every = tuple(range(count))
        self._called: list[set[Place]] = []
        if isinstance(told, list) and len(told) == count:
            self._called = [_read(places) for places in told]

    def tests(self, place: Place) -> tuple[int, ...]:
        """Those that call it, first those that call little else; every one where none does."""
        if not self._called:
            return self._every
        found = [number for number in self._every if place in self._called[number]]
        return tuple(sorted(found, key=lambda n: len(self._called[n]))) or self._every

    def whole(self, first: Sequence[int]) -> tuple[int, ...]:
        """All tests, in an order that begins with some."""
        return (*first, *(number for number in self._every if number not in set(first)))


def _read(places: Any) -> set[Place]:
    pairs = places if isinstance(places, list) else []
    return {(str(p[0]), str(p[1])) for p in pairs if isinstance(p, list) and len(p) == 2}
