"""The candidate's side: it owns the real objects and performs what the tests ask of them.

Requests name objects by numbers that this side gave out.  An answer is plain
data, a handle, or what was raised.  Nothing here is trusted by the other side.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import importlib
import inspect
import io
import types
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fractal_rmo.jailed.split.callbacks import Callback
from fractal_rmo.jailed.split.specials import SPECIALS
from fractal_rmo.jailed.split.values import Json, Reader, UncrossableError, Writer

if TYPE_CHECKING:
    import asyncio

Request = Mapping[str, Any]
Answer = dict[str, Json]
_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
)
_EXCEPTIONS = tuple(
    kind
    for kind in vars(builtins).values()
    if isinstance(kind, type) and issubclass(kind, BaseException)
)


class Server:
    """Performs requests one after the other."""

    def __init__(self) -> None:
        self._objects: list[object] = []
        self._numbers: dict[int, int] = {}
        self._told: set[int] = set()
        self._loop: asyncio.Runner | None = None
        self._callbacks: dict[int, Callback] = {}
        self._call_back: Callable[[dict[str, Json]], Mapping[str, Json]] | None = None
        self._printed = io.StringIO()
        self._does: dict[str, Callable[[Request], object]] = {
            "import": lambda request: importlib.import_module(request["name"]),
            "call": self._call,
            "get": lambda request: getattr(self._object(request), request["name"]),
            "set": self._set,
            "delete": lambda request: delattr(self._object(request), request["name"]),
            "special": self._special,
            "await": lambda request: self._run(self._object(request)),
            "anext": lambda request: self._run(anext(self._object(request))),
            "names": lambda request: dir(self._object(request)),
            "copy": lambda request: copy.copy(self._object(request)),
            "deepcopy": lambda request: copy.deepcopy(self._object(request)),
        }

    def perform(self, request: Request) -> Answer:
        """One answer: ``value``, ``raised`` or ``uncrossable``, with what was printed meanwhile."""
        reader = Reader(self.take)
        outer, self._printed = self._printed, io.StringIO()
        try:
            arguments = reader.read(request.get("arguments", ["t", []]))
            with _printing_to(self._printed):
                answer = self._answer({**request, "read": arguments}, reader)
        except UncrossableError as error:
            answer = {"uncrossable": str(error)}
        said, self._printed = self._printed.getvalue(), outer
        return {**answer, "printed": said}

    # --- functions of the tests ---------------------------------------------------------

    def serve_with(self, call_back: Callable[[dict[str, Json]], Mapping[str, Json]]) -> None:
        """Where calls of functions of the tests go."""
        self._call_back = call_back

    def call_back(self, message: dict[str, Json]) -> Mapping[str, Json]:
        """Call a function of the tests, which print what has been printed before."""
        if self._call_back is None:
            raise RuntimeError("nobody can be called back")
        printed = self._printed.getvalue()
        self._printed.seek(0)
        self._printed.truncate()
        return self._call_back({**message, "printed": printed})

    def _answer(self, request: Request, reader: Reader) -> Answer:
        writer = Writer(self.give, reader.containers)
        try:
            value = self._does[request["op"]](request)
        except UncrossableError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it crosses as what it is
            answer: Answer = {"raised": self._raised(error, writer)}
        else:
            answer = {"value": writer.write(value)}
        return {**answer, "changed": writer.changes(len(reader.containers))}

    def _object(self, request: Request) -> Any:
        return self._objects[request["of"]]

    def _run(self, value: Any) -> object:
        """One loop for all, for the steps of an asynchronous generator belong to one."""
        import asyncio  # half as large as all else here, and few functions need it

        self._loop = self._loop or asyncio.Runner()
        return self._loop.run(_awaited(value))

    def _call(self, request: Request) -> object:
        positional, named = request["read"]
        return self._object(request)(*positional, **named)

    def _set(self, request: Request) -> None:
        setattr(self._object(request), request["name"], request["read"][0])

    def _special(self, request: Request) -> object:
        """Looked up on the type, as the interpreter does it."""
        name, target = request["name"], self._object(request)
        return getattr(type(target), name)(target, *request["read"])

    def _raised(self, error: BaseException, writer: Writer) -> Json:
        """[type, arguments, cause, context, handle of an exception of no built-in type, name]."""
        return [
            writer.write(type(error)),
            _plain_or_text(error.args, writer),
            _name_of(error.__cause__),
            _name_of(error.__context__),
            self.give(error) if type(error).__module__ != "builtins" else None,
            error.name if isinstance(error, ImportError) else None,
        ]

    def take(self, form: Json) -> object:
        """The object of a handle."""
        if form[0] == "cb":
            return self._callbacks.setdefault(form[1], Callback(self, form))
        if form[0] != "h" or len(form) != 2 or not 0 <= form[1] < len(self._objects):
            raise ValueError("no such object")
        return self._objects[form[1]]

    def give(self, value: object) -> Json:
        """The handle of an object, described when it is new to the other side."""
        if isinstance(value, Callback):
            return ["cb", value.number]
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)  # kept for good, so that its id stays its own
        if number in self._told:
            return ["h", number]
        self._told.add(number)
        return ["h", number, *self._describe(value)]

    def _describe(self, value: object) -> list[Json]:
        """[kind, description] of an object that the other side has not met."""
        if isinstance(value, type):
            return ["class", self._class(value)]
        if isinstance(value, types.ModuleType):
            is_package = hasattr(value, "__path__")
            about: Json = {"name": value.__name__, "package": is_package, "doc": _doc(value)}
            return ["module", about]
        if isinstance(value, _FUNCTIONS) or type(value).__name__ == "functools.partial":
            return ["function", _function(value)]
        if inspect.isawaitable(value):
            return ["awaitable", {}]
        if isinstance(value, AsyncIterator) and type(value).__module__ == "builtins":
            return ["async iterator", {}]
        if isinstance(value, Iterator) and type(value).__module__ == "builtins":
            return ["iterator", {}]
        return ["instance", {"class": self.give(type(value))}]

    def _class(self, kind: type) -> Json:
        if kind is type or issubclass(kind, type):
            raise UncrossableError("a metaclass cannot cross")
        writer = Writer(self.give)
        # a lying subclass of list is an object like any other, with what it has of list's methods
        defined = {n for k in kind.__mro__ if k not in (object, *_EXCEPTIONS) for n in vars(k)}
        return {
            "name": kind.__name__,
            "qualname": kind.__qualname__,
            "module": kind.__module__,
            "doc": _doc(kind),
            "bases": [writer.write(base) for base in kind.__bases__],
            "specials": [n for n in sorted(SPECIALS & defined) if getattr(kind, n) is not None],
        }


@contextlib.contextmanager
def _printing_to(text: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        yield


async def _awaited(value: Any) -> object:
    return await value


def _function(value: Any) -> Json:
    return {
        "name": str(getattr(value, "__name__", "function")),
        "qualname": str(getattr(value, "__qualname__", "function")),
        "doc": _doc(value),
        "async": inspect.iscoroutinefunction(value),
        "attributes": bool(getattr(value, "__dict__", {}).keys() - {"__wrapped__"}),
    }


def _doc(value: object) -> str | None:
    return value.__doc__ if isinstance(value.__doc__, str) else None


def _plain_or_text(arguments: tuple[object, ...], writer: Writer) -> Json:
    try:
        return writer.write(list(arguments))
    except UncrossableError:
        return ["l", [_text(argument) for argument in arguments]]


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - foreign code
        return f"<{type(value).__name__}>"


def _name_of(error: BaseException | None) -> Json:
    return None if error is None else [type(error).__name__, _text(error)]
