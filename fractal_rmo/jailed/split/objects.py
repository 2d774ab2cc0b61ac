"""What stands in the tests' process for modules, classes and objects of the code.

A stand-in holds a number and nothing of the candidate's.  What it is asked, it
asks the other jail.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from types import ModuleType
from typing import Any, Protocol, cast

from fractal_rmo.jailed.split.values import Json


class CandidateGoneError(BaseException):
    """The candidate's jail has ended: no test may take this for an exception of the code."""


class CannotCrossError(BaseException):
    """Something of this run can only be judged with tests and code in one process."""


class Asking(Protocol):
    """Where stand-ins ask."""

    def request(self, message: dict[str, Json], arguments: object = ()) -> Any:
        """Ask; returns or raises what the code does."""

    def special(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        """Let the code perform one of Python's own methods."""


class StandinModule(ModuleType):
    """A module; what is set on it is set there."""

    def __init__(self, name: str, mirror: Asking, number: int, is_package: bool) -> None:
        super().__init__(name)
        self.__dict__["fractal_mirror"] = mirror
        self.__dict__["fractal_number"] = number
        if is_package:
            self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(name)
        mirror: Asking = self.__dict__["fractal_mirror"]
        ask = {"op": "get", "of": self.__dict__["fractal_number"], "name": name}
        try:
            return mirror.request(ask)
        except AttributeError:
            if name != "__all__":
                raise
            return [public for public in dir(self) if not public.startswith("_")]

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
            return
        mirror: Asking = self.__dict__["fractal_mirror"]
        mirror.request({"op": "set", "of": self.__dict__["fractal_number"], "name": name}, [value])

    def __dir__(self) -> list[str]:
        mirror: Asking = self.__dict__["fractal_mirror"]
        names = mirror.request({"op": "names", "of": self.__dict__["fractal_number"]})
        return [str(name) for name in names]


class Kind(type):
    """The type of stand-in classes: what is asked of the class is asked there."""

    def __call__(cls, *positional: object, **named: object) -> Any:
        """Make an object there."""
        mirror, number = _of(cls)
        return mirror.request({"op": "call", "of": number}, [list(positional), named])

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        mirror, number = _of(cls)
        return mirror.request({"op": "get", "of": number, "name": name})

    def __setattr__(cls, name: str, value: object) -> None:
        if name.startswith("__") and name.endswith("__"):
            type.__setattr__(cls, name, value)
            return
        mirror, number = _of(cls)
        mirror.request({"op": "set", "of": number, "name": name}, [value])

    def __iter__(cls) -> Iterator[Any]:
        mirror, number = _of(cls)
        return iter(mirror.request({"op": "special", "of": number, "name": "__iter__"}, []))

    def __len__(cls) -> int:
        mirror, number = _of(cls)
        return int(mirror.request({"op": "special", "of": number, "name": "__len__"}, []))

    def __getitem__(cls, key: object) -> Any:
        mirror, number = _of(cls)
        return mirror.request({"op": "special", "of": number, "name": "__getitem__"}, [key])

    def __contains__(cls, value: object) -> bool:
        mirror, number = _of(cls)
        ask = {"op": "special", "of": number, "name": "__contains__"}
        return bool(mirror.request(ask, [value]))


def _of(cls: type) -> tuple[Asking, int]:
    try:
        found: tuple[Asking, int] = type.__getattribute__(cls, "__dict__")["__fractal__"]
    except KeyError:
        raise CannotCrossError(f"{cls.__name__} of the tests derives from the code's") from None
    return found


class Instance(metaclass=Kind):
    """The base of every stand-in object."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        mirror, number = _of(type(self))[0], number_of(self)
        return mirror.request({"op": "get", "of": number, "name": name})

    def __setattr__(self, name: str, value: object) -> None:
        mirror, number = _of(type(self))[0], number_of(self)
        mirror.request({"op": "set", "of": number, "name": name}, [value])

    def __delattr__(self, name: str) -> None:
        mirror, number = _of(type(self))[0], number_of(self)
        mirror.request({"op": "delete", "of": number, "name": name})

    def __copy__(self) -> Any:
        return _of(type(self))[0].request({"op": "copy", "of": number_of(self)})

    def __deepcopy__(self, _: object) -> Any:
        return _of(type(self))[0].request({"op": "deepcopy", "of": number_of(self)})


def new_instance(kind: type, number: int) -> Any:
    """A stand-in object; exceptions get theirs without the candidate's ``__init__``."""
    found = cast("Any", kind).__new__(kind)
    object.__setattr__(found, "__fractal_number__", number)
    return found


def forwarding(mirror: Asking, name: str) -> Callable[..., Any]:
    """A method that lets the code perform the special method of this name."""

    def forward(self: object, *arguments: object) -> Any:
        number = number_of(self)
        if number is None:
            raise CannotCrossError("an object of the tests derives from a class of the code")
        return mirror.special(number, name, arguments)

    forward.__name__ = name
    return forward


class StandinIterator:
    """An iterator or generator that runs in the other jail, a step for each step here."""

    def __init__(self, mirror: Asking, number: int) -> None:
        self.fractal_mirror, self.fractal_number = mirror, number

    def __iter__(self) -> StandinIterator:
        return self

    def __next__(self) -> Any:
        return self._do("__next__")

    def send(self, value: object) -> Any:
        """As of a generator."""
        return self._do("send", value)

    def close(self) -> None:
        """As of a generator."""
        self._do("close")

    def throw(self, error: object) -> Any:
        """As of a generator."""
        return self._do("throw", error)

    def _do(self, name: str, *arguments: object) -> Any:
        ask = {"op": "special", "of": self.fractal_number, "name": name}
        return self.fractal_mirror.request(ask, list(arguments))


class StandinAwaitable:
    """A coroutine that is run to its end in the other jail when it is awaited here."""

    def __init__(self, mirror: Asking, number: int) -> None:
        self.fractal_mirror, self.fractal_number = mirror, number

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()  # nothing is ever waited for here
        return self.fractal_mirror.request({"op": "await", "of": self.fractal_number})

    def close(self) -> None:
        """As of a coroutine."""


def number_of(value: object) -> int | None:
    """The number of what a stand-in stands for; None for everything else."""
    if isinstance(value, Kind):
        return int(type.__getattribute__(value, "__fractal__")[1])
    if type(value) in (StandinIterator, StandinAwaitable, StandinModule):
        return int(object.__getattribute__(value, "fractal_number"))
    if isinstance(type(value), Kind):
        return int(object.__getattribute__(value, "__fractal_number__"))
    number = getattr(value, "__dict__", {}).get("__fractal__") if callable(value) else None
    return number if isinstance(number, int) else None
