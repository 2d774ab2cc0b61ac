"""Values as JSON and back, between two jails that do not trust each other.

Only values of *exact* built-in types cross as data: ``type(value) is int``,
never ``isinstance``, so a lying subclass cannot pass for what it derives from.
Everything else stays where it is and crosses as a handle.  Aliases and cycles
survive: a container that was met before is named by its number in the message.
"""

# pylint: disable=unidiomatic-typecheck  # isinstance would let subclasses through

from __future__ import annotations

import base64
import builtins
import datetime
import decimal
import fractions
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

Json = Any
DEEPEST = 150
"""Levels of nesting that cross as data: reading one takes five of the interpreter's thousand."""
_WIDEST_PLAIN_INT = 1 << 62


class UncrossableError(Exception):
    """A value that can neither cross nor be named by a handle; the text says which."""


def _no_handle(value: object) -> Json:
    raise UncrossableError(f"a value of type {type(value).__qualname__} cannot cross")


class Writer:
    """Writes the values of one message.

    ``give`` names what is not plain data.  ``known`` are containers that both
    sides already number alike, from 0: they are written as references.
    """

    def __init__(
        self, give: Callable[[object], Json] = _no_handle, known: Iterable[object] = ()
    ) -> None:
        self._give = give
        self.containers: list[Any] = list(known)
        self._numbers = {id(value): number for number, value in enumerate(self.containers)}
        self._unfinished: set[int] = set()
        self._depth = 0

    def write(self, value: object) -> Json:
        """The JSON form.  Raises ``UncrossableError``."""
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind in _ATOMS:
            try:
                return _ATOMS[kind](value)
            except UncrossableError:
                return self._give(value)
        if kind in _CONTAINERS:
            return self._container(value, _CONTAINERS[kind])
        name = _NAMES.get(id(value))
        return ["b", name] if name else self._give(value)

    def _give_deep(self, value: Any) -> Json:
        try:
            return self._give(value)
        except UncrossableError:
            words = f"a value nested deeper than {DEEPEST} levels cannot cross"
            raise UncrossableError(words) from None

    def contents(self, container: Any) -> Json:
        """What a container that is already numbered holds now."""
        return _CONTAINERS[type(container)][1](self, container)

    def changes(self, count: int) -> Json:
        """[number, contents] of the mutable ones among the first ``count`` containers."""
        return [
            [number, self.contents(container)]
            for number, container in enumerate(self.containers[:count])
            if type(container) in MUTABLE
        ]

    def _container(self, value: Any, how: _Container) -> Json:
        number = self._numbers.get(id(value))
        if number is not None:
            if number in self._unfinished and type(value) in _FROZEN:
                raise UncrossableError("a tuple that contains itself cannot cross")
            return ["@", number]
        if self._depth >= DEEPEST:
            return self._give_deep(value)
        number = len(self.containers)
        self.containers.append(value)
        self._numbers[id(value)] = number
        self._unfinished.add(number)
        self._depth += 1
        try:
            return [how[0], how[1](self, value)]
        finally:
            self._depth -= 1
            self._unfinished.discard(number)


class Reader:
    """Reads the values of one message.  Raises ``ValueError`` for what no writer writes.

    ``take`` finds what a handle names; ``known`` as for ``Writer``.
    """

    def __init__(
        self, take: Callable[[Json], object] = _no_handle, known: Iterable[object] = ()
    ) -> None:
        self._take = take
        self.containers: list[Any] = list(known)

    def read(self, form: Json) -> Any:
        """The value.  Forms come from the other side and may be anything that JSON holds."""
        if form is None or type(form) in (bool, int, float, str):
            return form
        if type(form) is not list or not form or type(form[0]) is not str:
            raise ValueError("no value has this form")
        tag = form[0]
        if tag == "@":
            return self._known(form)
        if tag in _READ_ATOMS:
            return _READ_ATOMS[tag](_only(form))
        if tag in _READ_CONTAINERS:
            return self._container(tag, _only(form))
        return self._take(form)

    def refill(self, container: Any, contents: Json) -> None:
        """Let a mutable container hold what ``contents`` says."""
        _REFILL[type(container)](self, container, contents)

    def follow(self, changes: Json) -> None:
        """Bring known containers into the state that ``Writer.changes`` tells."""
        for number, contents in changes:
            self.refill(self.containers[number], contents)

    def _known(self, form: Json) -> Any:
        number = _only(form)
        if type(number) is not int or not 0 <= number < len(self.containers):
            raise ValueError("a reference to nothing")
        found = self.containers[number]
        if found is _PENDING:
            raise ValueError("a tuple that contains itself")
        return found

    def _container(self, tag: str, contents: Json) -> Any:
        kind: Any = _READ_CONTAINERS[tag]
        number = len(self.containers)
        if kind in _FROZEN:
            self.containers.append(_PENDING)
            self.containers[number] = value = kind(self.read(item) for item in _list(contents))
            return value
        value = deque(maxlen=_list(contents)[0]) if kind is deque else kind()
        self.containers.append(value)
        self.refill(value, contents)
        return value


_PENDING = object()
_Container = tuple[str, Callable[[Writer, Any], Json]]


def _only(form: Json) -> Json:
    if len(form) != 2:
        raise ValueError("no value has this form")
    return form[1]


def _list(contents: Json) -> list[Json]:
    if type(contents) is not list:
        raise ValueError("a container's contents are a list")
    return contents


def _int(value: int) -> Json:
    return value if abs(value) < _WIDEST_PLAIN_INT else ["n", hex(value)]


def _float(value: float) -> Json:
    return value if math.isfinite(value) else ["f", repr(value)]


def _read_float(text: Json) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise ValueError("a plain number stands for itself")
    return float(text)


def _read_int(text: Json) -> int:
    if type(text) is not str:
        raise ValueError("a number is written as a text")
    return int(text, 16)


def _base64(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode("ascii")


def _read_bytes(text: Json) -> bytes:
    return base64.b64decode(str(text), validate=True)


def _delta(value: datetime.timedelta) -> Json:
    return ["timedelta", [value.days, value.seconds, value.microseconds]]


def _zoned(value: datetime.datetime | datetime.time) -> str:
    """Only without a zone or in UTC: other zones are objects of somebody's class."""
    if value.tzinfo not in (None, datetime.UTC):
        raise UncrossableError("a time in a zone other than UTC cannot cross")
    return f"{value.isoformat()}|{value.fold}"


def _read_zoned(kind: Any) -> Callable[[Json], Any]:
    def read(text: Json) -> Any:
        said, _, fold = str(text).rpartition("|")
        found = kind.fromisoformat(said).replace(fold=int(fold))
        utc = found.tzinfo is not None
        return found.replace(tzinfo=datetime.UTC) if utc else found

    return read


def _small(value: Any) -> Json:
    """One bound of a range or a slice: a number or nothing, for nothing else is plain."""
    if value is not None and type(value) is not int:
        raise UncrossableError("a slice of other things than numbers cannot cross")
    return None if value is None else hex(value)


def _bounds(value: range | slice) -> list[Json]:
    return [_small(value.start), _small(value.stop), _small(value.step)]


def _read_bounds(kind: Any) -> Callable[[Json], Any]:
    def read(bounds: Json) -> Any:
        start, stop, step = (None if b is None else _read_int(b) for b in _list(bounds))
        return kind(start, stop, step)

    return read


_ATOMS: dict[type, Callable[[Any], Json]] = {
    int: _int,
    float: _float,
    bytes: lambda value: ["y", _base64(value)],
    complex: lambda value: ["c", [_float(value.real), _float(value.imag)]],
    range: lambda value: ["range", _bounds(value)],
    slice: lambda value: ["slice", _bounds(value)],
    decimal.Decimal: lambda value: ["decimal", str(value)],
    fractions.Fraction: lambda value: ["fraction", [hex(value.numerator), hex(value.denominator)]],
    datetime.date: lambda value: ["date", value.isoformat()],
    datetime.datetime: lambda value: ["datetime", _zoned(value)],
    datetime.time: lambda value: ["time", _zoned(value)],
    datetime.timedelta: _delta,
}


def _read_complex(parts: Json) -> complex:
    real, imaginary = (_read_float(p[1]) if type(p) is list else float(p) for p in _list(parts))
    return complex(real, imaginary)


def _read_fraction(parts: Json) -> fractions.Fraction:
    above, below = (_read_int(part) for part in _list(parts))
    return fractions.Fraction(above, below)


def _read_delta(parts: Json) -> datetime.timedelta:
    days, seconds, microseconds = (int(part) for part in _list(parts))
    return datetime.timedelta(days, seconds, microseconds)


def _builtin(name: Json) -> Any:
    if type(name) is not str or id(getattr(builtins, name, None)) not in _NAMES:
        raise ValueError("no such built-in")
    return getattr(builtins, name)


_READ_ATOMS: dict[str, Callable[[Json], Any]] = {
    "n": _read_int,
    "f": _read_float,
    "y": _read_bytes,
    "c": _read_complex,
    "range": _read_bounds(range),
    "slice": _read_bounds(slice),
    "decimal": lambda text: decimal.Decimal(str(text)),
    "fraction": _read_fraction,
    "date": lambda text: datetime.date.fromisoformat(str(text)),
    "datetime": _read_zoned(datetime.datetime),
    "time": _read_zoned(datetime.time),
    "timedelta": _read_delta,
    "b": _builtin,
}


def _items(writer: Writer, value: Iterable[object]) -> Json:
    return [writer.write(item) for item in value]


def _pairs(writer: Writer, value: dict[object, object]) -> Json:
    return [[writer.write(key), writer.write(item)] for key, item in value.items()]


def _factory_and_pairs(writer: Writer, value: defaultdict[object, object]) -> Json:
    return [writer.write(value.default_factory), _pairs(writer, value)]


def _bound_and_items(writer: Writer, value: deque[object]) -> Json:
    return [value.maxlen, _items(writer, value)]


_CONTAINERS: dict[type, _Container] = {
    list: ("l", _items),
    tuple: ("t", _items),
    set: ("s", _items),
    frozenset: ("z", _items),
    dict: ("d", _pairs),
    bytearray: ("a", lambda _, value: _base64(value)),
    OrderedDict: ("ordered", _pairs),
    Counter: ("counter", _pairs),
    defaultdict: ("default", _factory_and_pairs),
    deque: ("deque", _bound_and_items),
}
_READ_CONTAINERS = {tag: kind for kind, (tag, _) in _CONTAINERS.items()}
_FROZEN = (tuple, frozenset)
MUTABLE = tuple(kind for kind in _CONTAINERS if kind not in _FROZEN)


def _fill_list(reader: Reader, value: list[Any], contents: Json) -> None:
    value[:] = [reader.read(item) for item in _list(contents)]


def _fill_set(reader: Reader, value: set[Any], contents: Json) -> None:
    items = [reader.read(item) for item in _list(contents)]
    value.clear()
    value.update(items)


def _fill_dict(reader: Reader, value: dict[Any, Any], contents: Json) -> None:
    pairs = [(reader.read(key), reader.read(item)) for key, item in map(_list, _list(contents))]
    value.clear()
    for key, item in pairs:
        value[key] = item  # noqa: PERF403 - Counter.update would add


def _fill_default(reader: Reader, value: defaultdict[Any, Any], contents: Json) -> None:
    factory, pairs = _list(contents)
    value.default_factory = reader.read(factory)
    _fill_dict(reader, value, pairs)


def _fill_bytes(_: Reader, value: bytearray, contents: Json) -> None:
    value[:] = _read_bytes(contents)


def _fill_deque(reader: Reader, value: deque[Any], contents: Json) -> None:
    bound, items = _list(contents)
    if bound != value.maxlen:
        raise ValueError("a deque keeps its bound")
    found = [reader.read(item) for item in _list(items)]
    value.clear()
    value.extend(found)


_REFILL: dict[type, Callable[[Reader, Any, Json], None]] = {
    list: _fill_list,
    set: _fill_set,
    dict: _fill_dict,
    OrderedDict: _fill_dict,
    Counter: _fill_dict,
    defaultdict: _fill_default,
    bytearray: _fill_bytes,
    deque: _fill_deque,
}

_PLAIN_BUILTINS = (
    abs, all, any, bin, bool, bytearray, bytes, chr, complex, dict, divmod, enumerate, filter,
    float, format, frozenset, hash, hex, int, len, list, map, max, min, next, object, oct, ord,
    pow, print, range, repr, reversed, round, set, slice, sorted, str, sum, tuple, type, zip,
)  # fmt: skip
_NAMES = {
    **{id(value): value.__name__ for value in _PLAIN_BUILTINS},
    **{
        id(value): name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    },
    id(Ellipsis): "Ellipsis",
    id(NotImplemented): "NotImplemented",
}
