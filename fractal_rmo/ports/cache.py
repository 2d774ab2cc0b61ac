"""A cache of what was computed once, as those see it who compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fractal_rmo.domain.kept import Category

Make = Callable[[Callable[[], None]], str]
"""Computes the value; what it is given is to be called every few seconds meanwhile."""


class Cache(Protocol):
    """Values are text under keys that name everything they depend on.

    A cache that does not work costs time, never a result.
    """

    def get_or_make(
        self,
        category: Category,
        key: str,
        make: Make,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[str, bool]:
        """The value, and whether it was there already.

        Of those who ask at the same time, in whichever process, one makes it
        and the others wait, until it is there or its maker failed or died;
        then the next one makes it.  What ``make`` raises is raised, and
        nothing is kept.  ``cancelled`` is asked while waiting; once it says
        True, the caller makes the value himself, which hears of it too.
        """
