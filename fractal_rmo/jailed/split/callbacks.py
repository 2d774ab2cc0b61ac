"""What stands in the code's process for a function of the tests."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fractal_rmo.jailed.split.values import Json, Reader, Writer

_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)
_EMPTY = inspect.Parameter.empty


class Calling(Protocol):
    """Where calls of functions of the tests go."""

    def call_back(self, message: dict[str, Json]) -> Mapping[str, Json]:
        """Ask the tests' side."""

    def give(self, value: object) -> Json:
        """The handle of an object."""

    def take(self, form: Json) -> object:
        """The object of a handle."""


class Callback:
    """A function of the tests: it can be called, and looked at as far as its parameters."""

    def __init__(self, calling: Calling, form: Json) -> None:
        self._calling, self.number = calling, form[1]
        self.__name__, self.__qualname__, self.__module__, self.__doc__ = form[2]
        if form[3] is not None:
            self.__signature__ = inspect.Signature(
                [
                    inspect.Parameter(name, _KINDS[kind], default=None if has else _EMPTY)
                    for name, kind, has in form[3]
                ]
            )
            names = tuple(self.__signature__.parameters)
            self.__code__ = types.SimpleNamespace(co_argcount=len(names), co_varnames=names)

    def __call__(self, *positional: object, **named: object) -> Any:
        """Call it there; the arguments are then as it left them."""
        writer = Writer(self._calling.give)
        form = writer.write([list(positional), named])
        answer = self._calling.call_back({"callback": self.number, "arguments": form})
        reader = Reader(self._calling.take, writer.containers)
        raised = reader.read(answer["raised"]) if "raised" in answer else None
        value = None if raised else reader.read(answer["value"])
        reader.follow(answer["changed"])
        if raised:
            raise raised[0](*raised[1])
        return value

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]:
        return self if instance is None else types.MethodType(self, instance)
