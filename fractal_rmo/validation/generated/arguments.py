"""The arguments of one call, as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_ARGUMENT_CHARS = 2000
_DEEPEST = 12


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call: plain values of built-in types."""

    args: tuple[object, ...] = ()
    named: tuple[tuple[str, object], ...] = ()

    @property
    def values(self) -> tuple[object, ...]:
        """All of them, the positional ones first."""
        return (*self.args, *(value for _, value in self.named))

    def with_values(self, values: Iterable[object]) -> Arguments:
        """The same call with other values."""
        new, count = tuple(values), len(self.args)
        names = (name for name, _ in self.named)
        return Arguments(new[:count], tuple(zip(names, new[count:], strict=True)))

    def __str__(self) -> str:
        named = (f"{name}={value!r}" for name, value in self.named)
        return ", ".join([*map(repr, self.args), *named])


def can_be_written(arguments: Arguments) -> bool:
    """Whether a call is small enough; ``1e999`` is a literal that is shown as none: ``inf``."""
    if not all(map(_is_shallow, arguments.values)):
        return False
    text = str(arguments)
    return len(text) <= MAX_ARGUMENT_CHARS and not re.search(r"\b(inf|nan)[j,)\]}]|\binf$", text)


def _is_shallow(value: object, left: int = _DEEPEST) -> bool:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    inner = value if isinstance(value, list | tuple | set) else ()
    return left > 0 and all(_is_shallow(item, left - 1) for item in inner)
