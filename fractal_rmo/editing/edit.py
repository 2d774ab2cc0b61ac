"""One cut into a text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

SHOWN = 40
"""Longest piece of source shown in a description, in characters."""
_BEFORE = 12
"""Characters shown before the first difference of two long pieces."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One cut: ``text`` takes the place of the characters from ``start`` to ``end``.

    ``line`` is 1-based, ``weight`` in 0..1 ranks the edits of one operator,
    ``deletes`` says that behaviour is taken away rather than changed.
    """

    start: int
    end: int
    text: str
    line: int
    description: str
    weight: float = 1.0
    deletes: bool = False

    def apply(self, source: str) -> str:
        """The edited text."""
        return source[: self.start] + self.text + source[self.end :]


def shown(text: str) -> str:
    """A piece of source on one line, shortened for a description."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[: SHOWN - 1] + "…"


def replaced(old: str, new: str) -> str:
    """That one piece of source takes the place of another; long ones from where they differ."""
    one, other = " ".join(old.split()), " ".join(new.split())
    if len(one) > SHOWN and shown(one) == shown(other) and one != other:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        start = max(0, sum(1 for _ in alike) - _BEFORE)
        return f"replace …{shown(one[start:])} with …{shown(other[start:])}"
    return f"replace {shown(one)} with {shown(other)}"
