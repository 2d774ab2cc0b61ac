"""What stands in the tests' process for modules, classes and objects of the code.

A stand-in holds a number and nothing of the candidate's.  What it is asked, it
asks the other jail.
"""

from __future__ import annotations

import builtins
import importlib.util
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol, cast

from fractal_rmo.jailed.split.values import Json


class CandidateGoneError(BaseException):
    """The candidate's jail has ended: no test may take this for an exception of the code."""


class CannotCrossError(BaseException):
    """What the tests hand to the code can only be judged with both in one process."""


class CannotAnswerError(BaseException):
    """The code answers with what cannot cross: a failure, for one process would judge less well.

    Told apart from ``CannotCrossError`` so that the code cannot choose how it is judged.
    """


class Asking(Protocol):
    """Where stand-ins ask."""

    def request(self, message: dict[str, Json], arguments: object = ()) -> Any:
        """Ask; returns or raises what the code does."""

    def special(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        """Let the code perform one of Python's own methods."""

    def cannot_cross(self, why: str) -> BaseException:
        """The exception that says so, remembered as the trouble of this run."""


class StandinLoader:
    """The mark of loaders that find modules in the other jail."""


class StandinModule(ModuleType):
    """A module; what is set on it is set there."""

    def __init__(self, name: str, mirror: Asking, number: int, is_package: bool) -> None:
        super().__init__(name)
        object.__setattr__(self, "fractal_mirror", mirror)
        object.__setattr__(self, "fractal_number", number)
        if is_package:
            self.__path__: list[str] = []

    @property
    def __dict__(self) -> Mapping[str, Any]:  # type: ignore[override]
        """What ``vars`` and those who patch a module see: its names, there."""
        return _Names(self)

    def _ask(self, op: str, name: str, *values: object) -> Any:
        mirror: Asking = object.__getattribute__(self, "fractal_mirror")
        number = object.__getattribute__(self, "fractal_number")
        return mirror.request({"op": op, "of": number, "name": name}, list(values))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(name)
        try:
            found = self._ask("get", name)
        except AttributeError:
            if name != "__all__":
                raise
            found = [public for public in dir(self) if not public.startswith("_")]
        return found if name != "__all__" else self._for_star(found)

    def _for_star(self, names: Sequence[object]) -> list[str]:
        """What ``import *`` may bring: it replaces nothing that the tests have of their own.

        Modules of others come from where the tests would import them.
        """
        own = set(vars(builtins))
        frame = sys._getframe(2)  # pylint: disable=protected-access  # it asks by no other way
        while frame.f_back and frame.f_globals.get("__name__", "").startswith("importlib"):
            frame = frame.f_back
        own.update(frame.f_globals)
        kept = [str(name) for name in names if name not in own]
        for name in kept:
            self._give_own_module(name)
        return kept

    def _give_own_module(self, name: str) -> None:
        value = getattr(self, name)
        if isinstance(value, StandinModule):
            found = importlib.util.find_spec(value.__name__)
            if found is not None and not isinstance(found.loader, StandinLoader):
                super().__setattr__(name, importlib.import_module(value.__name__))

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
            return
        self._ask("set", name, value)

    def __delattr__(self, name: str) -> None:
        self._ask("delete", name)

    def __dir__(self) -> list[str]:
        return [str(name) for name in self._ask("names", "")]


class _Names(Mapping[str, Any]):
    """The names of a module in the other jail."""

    def __init__(self, module: StandinModule) -> None:
        self._module = module

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(dir(self._module))

    def __len__(self) -> int:
        return len(dir(self._module))

    def copy(self) -> dict[str, Any]:
        """What ``doctest`` makes its examples' names of: they are to run where the code is."""
        mirror: Asking = object.__getattribute__(self._module, "fractal_mirror")
        raise mirror.cannot_cross("a test copies the names of a module, as doctest does")


class StandinFunction:
    """A function that has attributes of its own."""

    def __init__(self, mirror: Asking, number: int, described: Mapping[str, Any]) -> None:
        space = {"fractal_mirror": mirror, "fractal_number": number}
        space.update({f"__{name}__": described[name] for name in ("name", "qualname", "doc")})
        self.__dict__.update(space)

    def __call__(self, *positional: object, **named: object) -> Any:
        """Call it there."""
        ask = {"op": "call", "of": self.__dict__["fractal_number"]}
        return self.__dict__["fractal_mirror"].request(ask, [list(positional), named])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        ask = {"op": "get", "of": self.__dict__["fractal_number"], "name": name}
        return self.__dict__["fractal_mirror"].request(ask)

    def __setattr__(self, name: str, value: object) -> None:
        ask = {"op": "set", "of": self.__dict__["fractal_number"], "name": name}
        self.__dict__["fractal_mirror"].request(ask, [value])


class StandinAsyncIterator:
    """An asynchronous iterator: each step runs to its end in the other jail."""

    def __init__(self, mirror: Asking, number: int) -> None:
        self.fractal_mirror, self.fractal_number = mirror, number

    def __aiter__(self) -> StandinAsyncIterator:
        return self

    async def __anext__(self) -> Any:
        return self.fractal_mirror.request({"op": "anext", "of": self.fractal_number})


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
    spaces = [
        type.__getattribute__(kind, "__dict__") for kind in type.__getattribute__(cls, "__mro__")
    ]
    found: tuple[Asking, int] = next(s["__fractal__"] for s in spaces if "__fractal__" in s)
    if "__fractal__" not in spaces[0]:
        raise found[0].cannot_cross(f"{cls.__name__} of the tests derives from the code's")
    return found


class Instance(metaclass=Kind):
    """The base of every stand-in object."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        mirror, number = _of(type(self))[0], number_of(self)
        return mirror.request({"op": "get", "of": number, "name": name})

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__") and name.endswith("__"):  # such as an exception's traceback
            object.__setattr__(self, name, value)
            return
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
            raise mirror.cannot_cross("an object of the tests derives from a class of the code")
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


_NUMBERED = (
    StandinIterator,
    StandinAsyncIterator,
    StandinAwaitable,
    StandinModule,
    StandinFunction,
)


def number_of(value: object) -> int | None:
    """The number of what a stand-in stands for; None for everything else."""
    if isinstance(value, Kind):
        return int(type.__getattribute__(value, "__fractal__")[1])
    if type(value) in _NUMBERED:
        return int(object.__getattribute__(value, "fractal_number"))
    if isinstance(type(value), Kind):
        return int(object.__getattribute__(value, "__fractal_number__"))
    number = getattr(value, "__dict__", {}).get("__fractal__") if callable(value) else None
    return number if isinstance(number, int) else None
