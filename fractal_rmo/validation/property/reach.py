"""What inputs a function is known to take: those that its tests span, those that hints promise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.hints import allows
from fractal_rmo.validation.generated.targets import Target

_Place: TypeAlias = tuple[str | int, ...]
_CONDITIONS = re.compile(
    r"rais|error|except|assum|must|empty|requir|condition|valid|guarant|positive|negative|at least",
    re.IGNORECASE,
)


@dataclass
class _Span:
    """The extent of what the tests pass at one place."""

    kinds: set[type] = field(default_factory=set)
    least: float = float("inf")
    most: float = float("-inf")
    characters: set[str] = field(default_factory=set)

    def widen(self, value: object) -> None:
        self.kinds.add(type(value))
        if (extent := _extent(value)) is not None:
            self.least, self.most = min(self.least, extent), max(self.most, extent)
        self.characters.update(value if isinstance(value, str) else "")

    def holds(self, value: object) -> bool:
        extent = _extent(value)
        return (
            type(value) in self.kinds
            and (extent is None or self.least <= extent <= self.most)
            and (not isinstance(value, str) or self.characters.issuperset(value))
        )


class Reach:
    """Whether arguments lie within what the tests of one function pass to it.

    Numbers and lengths lie between the least and the greatest of the tests at
    the same place of the same type, and texts are made of their characters.
    """

    def __init__(self, target: Target) -> None:
        self._spans: dict[_Place, _Span] = {}
        for example in target.examples:
            for place, value in _places(example):
                self._spans.setdefault(place, _Span()).widen(value)

    def holds(self, arguments: Arguments) -> bool:
        """True only for arguments of a shape that the tests use."""
        return all(
            place in self._spans and self._spans[place].holds(value)
            for place, value in _places(arguments)
        )


def is_promised(target: Target, arguments: Arguments) -> bool:
    """Whether the hints of all parameters allow the arguments and the docstring sets no terms."""
    given = target.node.args
    if given.vararg or given.kwarg or _CONDITIONS.search(ast.get_docstring(target.node) or ""):
        return False
    positional = target.positional
    if len(arguments.args) > len(positional):
        return False
    by_name = {arg.arg: arg.annotation for arg in (*positional, *given.kwonlyargs)}
    pairs = zip(positional, arguments.args, strict=False)
    return all(allows(arg.annotation, value) for arg, value in pairs) and all(
        allows(by_name.get(name), value) for name, value in arguments.named
    )


def _extent(value: object) -> float | None:
    if isinstance(value, int | float):
        return value
    return len(value) if isinstance(value, str | bytes | list | tuple | set | dict) else None


def _places(arguments: Arguments) -> Iterator[tuple[_Place, object]]:
    """Every value with its place: which parameter, and inside containers the same for all items."""
    count = len(arguments.args)
    names = (name for name, _ in arguments.named)
    for place, value in zip([*range(count), *names], arguments.values, strict=True):
        yield from _inside((place,), value)


def _inside(place: _Place, value: object) -> Iterator[tuple[_Place, object]]:
    place = (*place, type(value).__name__)
    yield place, value
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from _inside(place, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _inside((*place, "key"), key)
            yield from _inside((*place, "value"), item)
