"""What stands in the code's process for a function of the tests."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fractal_rmo.jailed.split.values import Json, Reader, Writer

_QUIET = frozenset(
    f"__{name}__"
    for name in ("dict", "annotations", "type_params", "wrapped", "isabstractmethod", "await")
)
"""What is asked of every callable, by those who do without it as well."""


class Calling(Protocol):
    """Where calls of functions of the tests go."""

    def call_back(self, message: dict[str, Json]) -> Mapping[str, Json]:
        """Ask the tests' side."""

    def give(self, value: object) -> Json:
        """The handle of an object."""

    def take(self, form: Json) -> object:
        """The object of a handle."""

    def need_one_process(self, why: str) -> None:
        """Say that what is asked can only be had with tests and code in one process."""


class Callback:
    """A function of the tests.  Code that looks into it cannot be judged apart from them."""

    def __init__(self, calling: Calling, number: int, told: list[Any]) -> None:
        self._calling, self.number = calling, number
        self.__name__, self.__qualname__, self.__module__, self.__doc__ = told

    def __call__(self, *positional: object, **named: object) -> Any:
        """Call it there; the arguments are then as it left them."""
        writer = Writer(self._calling.give)
        form = writer.write([list(positional), named])
        answer = self._calling.call_back({"callback": self.number, "arguments": form})
        reader = Reader(self._calling.take, writer.containers)
        raised = reader.read(answer["raised"]) if "raised" in answer else None
        value = None if raised else reader.read(answer["value"])
        for number, contents in answer["changed"]:
            reader.refill(reader.containers[number], contents)
        if raised:
            raise raised[0](*raised[1])
        return value

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]:
        return self if instance is None else types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        if name not in _QUIET:
            self._calling.need_one_process(f"the code looks at {name} of a function of the tests")
        raise AttributeError(name)
