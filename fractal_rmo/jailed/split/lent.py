"""Data that the tests read from the code's objects: copies here, the code's own in one process.

A test that changes such data (``module.TABLE.add(...)``) means the code's.  That
cannot be seen while it happens, but afterwards, by comparing the copies.
"""

from __future__ import annotations

from fractal_rmo.jailed.split.values import MUTABLE, Json, UncrossableError, Writer

_MOST = 1000
"""Copies that are watched; what is read after so many is not."""


class Lent:
    """The copies that were given to the tests, each with what it held."""

    def __init__(self) -> None:
        self._given: list[tuple[object, Json]] = []

    def keep(self, value: object) -> None:
        """Watch a value from now on, where it is data that can change."""
        if type(value) in MUTABLE and len(self._given) < _MOST:
            self._given.append((value, _form(value)))

    def changed(self) -> bool:
        """Whether any of it holds something else now."""
        return any(_form(value) != form for value, form in self._given)


def _form(value: object) -> Json:
    try:
        return Writer(id).write(value)
    except UncrossableError:
        return None
