"""Functions of the tests that are handed to the code: they stay here and are called from there."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping

from fractal_rmo.jailed.split.values import Json, Reader, UncrossableError, Writer

Name = Callable[[object], Json]
_KINDS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial)
_LATER = (
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)


class Handed:
    """Numbers what was handed over, and performs the calls that come back."""

    def __init__(self) -> None:
        self._functions: list[Callable[..., object]] = []
        self._numbers: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._functions)

    def name(self, value: object) -> Json:
        """The handle of a function.  Raises ``UncrossableError`` for everything else."""
        if not isinstance(value, _KINDS) or any(asks(value) for asks in _LATER):
            raise UncrossableError(f"{type(value).__name__} of the tests is handed to the code")
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._functions)
            self._functions.append(value)
        told = [getattr(value, f"__{n}__", None) for n in ("name", "qualname", "module", "doc")]
        texts = [text if isinstance(text, str) else None for text in told]
        return ["cb", number, texts, _parameters(value)]

    def function(self, form: Json) -> Callable[..., object]:
        """What a handle names."""
        number = form[1]
        if not isinstance(number, int) or not 0 <= number < len(self._functions):
            raise ValueError("no such function")
        return self._functions[number]

    def perform(self, asked: Mapping[str, Json], take: Name, name: Name) -> dict[str, Json]:
        """Call; the answer has the state in which the call left its arguments.

        Raises ``UncrossableError`` for what must stay here.
        """
        reader = Reader(take)
        positional, named = reader.read(asked["arguments"])
        writer = Writer(name, reader.containers)
        answer: dict[str, Json]
        try:
            value = self.function([None, asked["callback"]])(*positional, **named)
        except Exception as error:  # noqa: BLE001 - whatever it is, the code is told
            answer = {"raised": writer.write([type(error), list(error.args)])}
        else:
            answer = {"value": writer.write(value)}
        return {**answer, "changed": writer.changes(len(reader.containers))}


def _parameters(function: Callable[..., object]) -> list[Json] | None:
    """[name, kind, whether it has a default] of each, for code that looks at them."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, int(p.kind), p.default is not p.empty] for p in found]
