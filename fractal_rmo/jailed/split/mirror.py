"""The tests' side: asks the other jail, and makes stand-ins of what it names.

What comes back is plain data of exact built-in types, or a stand-in.  The
comparisons of the tests happen here, on that data.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, cast

from fractal_rmo.jailed.split.doubt import DeceitError, Doubt
from fractal_rmo.jailed.split.handed import Handed
from fractal_rmo.jailed.split.lent import Lent
from fractal_rmo.jailed.split.objects import (
    CandidateGoneError,
    CannotAnswerError,
    CannotCrossError,
    Instance,
    Kind,
    StandinAsyncIterator,
    StandinAwaitable,
    StandinFunction,
    StandinIterator,
    StandinModule,
    forwarding,
    new_instance,
    number_of,
)
from fractal_rmo.jailed.split.specials import ASKING_OPERAND, BINARY, SPECIALS
from fractal_rmo.jailed.split.values import Json, Reader, UncrossableError, Writer

CallBack = Callable[[dict[str, Json]], dict[str, Json]]
Ask = Callable[[dict[str, Json], CallBack], dict[str, Json]]
"""Sends a request and returns the answer; raises ``CandidateGoneError``.

Calls of functions of the tests, which may come before the answer, go to ``CallBack``.
"""


class Mirror:
    """The stand-ins of one run, by the number of what they stand for.

    ``trouble`` is the first thing of the run that no test may hide by catching it.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.trouble: BaseException | None = None
        self._standins: dict[int, Any] = {}
        self._handed = Handed()
        self._lent = Lent()
        self._doubt = Doubt(self._operate, number_of)

    def module(self, name: str) -> ModuleType:
        """The stand-in of a module; raises what importing it raises there."""
        found = self.request({"op": "import", "name": name})
        if not isinstance(found, ModuleType):
            why = f"'{name}' puts something other than a module in its own place"
            raise self._remember(CannotAnswerError(why))
        return found

    def request(self, message: dict[str, Json], arguments: object = ()) -> Any:
        """Ask, then be in the state in which the call left the arguments, then return or raise."""
        writer = Writer(self._name)
        try:
            form = writer.write(arguments)
        except UncrossableError as error:
            raise self.cannot_cross(str(error)) from None
        try:
            answer = self._ask({**message, "arguments": form}, self._called_back)
            value, raised = self._read(answer, writer.containers)
        except (CandidateGoneError, CannotAnswerError) as error:
            raise self._remember(error) from None
        except Exception as error:  # noqa: BLE001 - whatever else its bytes have led to
            words = f"the code's process answers out of form: {type(error).__name__}"
            raise self._remember(CandidateGoneError(words)) from None
        if raised is not None:
            raise raised
        if message["op"] == "get":
            self._lent.keep(value)
        return value

    def settle(self) -> None:
        """At the end: what the tests changed of the code's data never reached the code."""
        if self._lent.changed():
            self.cannot_cross("a test changes data that it read from the code")

    def cannot_cross(self, why: str) -> BaseException:
        """What to raise for something of the tests that must stay here."""
        return self._remember(CannotCrossError(why))

    def _remember(self, trouble: BaseException) -> BaseException:
        """The first trouble of a run stays known, whatever the tests do with the exception."""
        self.trouble = self.trouble or trouble
        return trouble

    def _read(
        self, answer: dict[str, Json], containers: list[Any]
    ) -> tuple[Any, BaseException | None]:
        """What is returned, and what is raised instead.  Raises what bad form leads to."""
        if "uncrossable" in answer:
            raise CannotAnswerError(str(answer["uncrossable"]))
        reader = Reader(self._standin, containers)
        _print(answer.get("printed"))
        value, raised = None, None
        # in the order in which the other side wrote, for what is written later refers to it
        if "raised" in answer:
            raised = self._exception(answer["raised"], reader)
        else:
            value = reader.read(answer["value"])
        reader.follow(answer.get("changed", []))
        return value, raised

    def _exception(self, form: Json, reader: Reader) -> BaseException:
        kind, arguments, cause, context, handle, name = form
        found = reader.read(kind)
        values = reader.read(arguments)
        error: BaseException
        if handle is not None:
            error = self._standin(handle)
        elif _is_exception(found):
            error = found(*values)
        else:
            raise ValueError("what was raised is no exception")
        object.__setattr__(error, "args", tuple(values))
        if isinstance(error, ImportError):
            error.name = name  # by which the import system tells what is missing
        error.__cause__ = _told(cause)
        error.__context__ = _told(context)
        return error

    # --- stand-ins -------------------------------------------------------------------

    def _name(self, value: object) -> Json:
        number = number_of(value)
        return self._handed.name(value) if number is None else ["h", number]

    def _called_back(self, asked: dict[str, Json]) -> dict[str, Json]:
        """Call a function of the tests for the code."""
        _print(asked.get("printed"))
        try:
            return self._handed.perform(asked, self._standin, self._name)
        except UncrossableError as error:
            raise self.cannot_cross(str(error)) from None

    def _standin(self, form: Json) -> Any:
        if form[0] == "cb":
            return self._handed.function(form)
        if form[0] != "h" or not isinstance(form[1], int):
            raise ValueError("no value has this form")
        number = form[1]
        if len(form) == 2:
            return self._standins[number]
        kind, description = form[2], form[3]
        found = self._make(kind, number, description)
        self._standins[number] = found
        return found

    def _make(self, kind: Json, number: int, description: Json) -> Any:
        match kind:
            case "module":
                module = StandinModule(
                    str(description["name"]), self, number, description["package"]
                )
                module.__doc__ = description["doc"]
                return module
            case "function":
                return self._make_function(number, description)
            case "class":
                return self._make_class(number, description)
            case "instance":
                return new_instance(self._standin(description["class"]), number)
            case "iterator":
                return StandinIterator(self, number)
            case "awaitable":
                return StandinAwaitable(self, number)
            case "async iterator":
                return StandinAsyncIterator(self, number)
        raise ValueError("no such kind of object")

    def _make_function(self, number: int, description: Json) -> Any:
        if description["attributes"]:
            return StandinFunction(self, number, description)

        def call(*positional: object, **named: object) -> Any:
            return self.request({"op": "call", "of": number}, [list(positional), named])

        async def await_(*positional: object, **named: object) -> Any:
            coroutine = self.request({"op": "call", "of": number}, [list(positional), named])
            return await coroutine

        function = await_ if description["async"] else call
        function.__name__ = str(description["name"])
        function.__qualname__ = str(description["qualname"])
        function.__doc__ = description["doc"]
        function.__dict__["__fractal__"] = number
        return function

    def _make_class(self, number: int, description: Json) -> Any:
        bases = _ordered([self._base(form) for form in description["bases"]])
        space: dict[str, Any] = {
            "__module__": str(description["module"]),
            "__qualname__": str(description["qualname"]),
            "__doc__": description["doc"],
        }
        for name in SPECIALS.intersection(description["specials"]):
            space[name] = forwarding(self, name)
        if "__eq__" in space and "__hash__" not in space:
            space["__hash__"] = None
        kind = Kind(str(description["name"]), bases, space)
        type.__setattr__(kind, "__fractal__", (self, number))
        return kind

    def _base(self, form: Json) -> type:
        """Built-in data is no base of a stand-in: it would be taken for the data itself."""
        found = Reader(self._standin).read(form)
        if isinstance(found, Kind) or _is_exception(found):
            return cast("type", found)
        return Instance

    # --- operators -------------------------------------------------------------------

    def special(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        """What the candidate's method answers, where it is not caught lying.

        An operand of the tests' own decides by itself, as ``pytest.approx`` does: else
        the code could choose to be judged in one process by answering with an object.
        """
        if name in ASKING_OPERAND and not self._crosses(arguments):
            if name in BINARY:
                return NotImplemented
            why = f"{name} of an object of the code is asked about an object of the tests"
            raise self._remember(CannotAnswerError(why))
        try:
            return self._doubt.perform(number, name, arguments)
        except DeceitError as error:
            raise self._remember(error) from None

    def _crosses(self, arguments: Sequence[object]) -> bool:
        try:
            Writer(self._name).write(list(arguments))
        except UncrossableError:
            return False
        return True

    def _operate(self, number: int, name: str, arguments: Sequence[object]) -> Any:
        return self.request({"op": "special", "of": number, "name": name}, list(arguments))


def _print(text: Json) -> None:
    if isinstance(text, str) and text:
        sys.stdout.write(text)


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _ordered(bases: list[type]) -> tuple[type, ...]:
    """Built-in exceptions come behind what forwards to the other jail."""
    own = [base for base in bases if isinstance(base, Kind) and base is not Instance]
    exceptions = [base for base in bases if not isinstance(base, Kind)]
    return tuple(dict.fromkeys([*(own or [Instance]), *exceptions]))


_TOLD = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}


def _told(cause: Json) -> BaseException | None:
    """A cause is told by its type's name and its text; nobody compares more of it."""
    if not isinstance(cause, list):
        return None
    name, text = cause
    try:
        return _TOLD[name](text)
    except (KeyError, TypeError):
        return Exception(f"{name}: {text}")
