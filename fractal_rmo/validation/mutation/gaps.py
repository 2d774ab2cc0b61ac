"""Inputs for the attack on survivors, and what it finds, as questions.

Inputs come from the calls that the tests make with literals, from type hints
and, where there is neither, from a few values of each built-in type; then
from small changes of those, one argument at a time, and from the constants of
the function itself, at whose sides the edges of its cases lie.  All are literals.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

MOST_CALLS = 300
_MOST_CHARS = 600
_MOST_SEEDS = 20
_MOST_CONSTANTS = 30
_CONSTANT_CHARS = 40
_RECEIVERS = 6
_ANYTHING: tuple[Any, ...] = (0, 1, -1, 2, 7, "", "a", "ab C", [], [3, 1, 2], 2.5, (1, 2), None)
_BY_HINT: Mapping[str, tuple[Any, ...]] = {
    "int": (0, 1, -1, 2, 3, 10, 17),
    "float": (0.0, 1.0, -1.5, 2.25, 10.0),
    "str": ("", "a", "ab", "Hello, World", "aba", "12"),
    "bool": (False, True),
    "bytes": (b"", b"ab"),
    "list": ([], [1], [3, 1, 2], [2, 2, 0, -1]),
    "Sequence": ([], [1], [3, 1, 2], [2, 2, 0, -1]),
    "Iterable": ([], [1], [3, 1, 2], [2, 2, 0, -1]),
    "tuple": ((), (1, 2), (3, 1, 2)),
    "set": (set(), {1, 2}, {3}),
    "dict": ({}, {"a": 1}, {"a": 1, "b": 2}),
    "Mapping": ({}, {"a": 1}, {"a": 1, "b": 2}),
    "None": (None,),
}
_Def = ast.FunctionDef | ast.AsyncFunctionDef
Arguments = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """How a function is called: ``receiver`` are the arguments that make its object, if any."""

    arguments: Arguments
    receiver: Arguments | None = None

    def as_json(self) -> list[Json]:
        """Both as text of literal tuples, "" for no receiver."""
        return ["" if self.receiver is None else repr(self.receiver), repr(self.arguments)]


@dataclass(frozen=True, slots=True)
class Target:
    """A function that can be called, and calls of it; ``owner`` is its class or ""."""

    path: str
    owner: str
    name: str
    calls: tuple[Call, ...]

    def as_json(self) -> dict[str, Json]:
        """For a run's payload."""
        calls: list[Json] = [call.as_json() for call in self.calls]
        return {"path": self.path, "class": self.owner, "function": self.name, "calls": calls}

    def written(self, call: Call) -> str:
        """The call as a test would write it."""
        made = f"{self.owner}({_listed(call.receiver)})" if call.receiver is not None else ""
        where = f"{made or self.owner}." if self.owner else ""
        return f"{where}{self.name}({_listed(call.arguments)})"


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that the tests leave open, and the assertion that would close it.

    ``rank`` sorts the best questions first.
    """

    question: str
    assertion: str
    rank: tuple[int, int]


def make_target(path: str, function: str, code: SourceTree, literals: Literals) -> Target | None:
    """What can be called with generated inputs; None for what cannot (coroutines, no such name)."""
    tree = _parsed(code.files[path])
    owner, _, name = function.rpartition(".")
    body = next((s.body for s in tree.body if isinstance(s, ast.ClassDef) and s.name == owner), [])
    within: Sequence[ast.stmt] = body if owner else tree.body
    node = next((s for s in within if isinstance(s, _Def) and s.name == name), None)
    if node is None or isinstance(node, ast.AsyncFunctionDef):
        return None
    marks = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
    skipped = 1 if owner and "staticmethod" not in marks else 0
    inputs = list(_inputs(node, skipped, literals))
    if not owner or marks:
        calls = [Call(arguments) for arguments in inputs]
    else:
        init = next((s for s in body if isinstance(s, _Def) and s.name == "__init__"), None)
        makers = list(_inputs(init, 1, literals, owner)) if init else [()]
        calls = [Call(i, m) for i, m in _paired(inputs, makers[:_RECEIVERS])]
    return Target(path, owner, name, tuple(calls[:MOST_CALLS])) if calls else None


def _paired(
    inputs: Sequence[Arguments], makers: Sequence[Arguments]
) -> Iterator[tuple[Arguments, Arguments]]:
    """Each input with each way to make the object, all ways in turn from the start."""
    for shift in range(len(makers)):
        for number, arguments in enumerate(inputs):
            yield arguments, makers[(number + shift) % len(makers)]


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


class Literals:
    """What the tests write out; parsed once."""

    def __init__(self, tests: SourceTree) -> None:
        self._nodes = [n for _, text in tests.python_files() for n in ast.walk(_parsed(text))]

    def calls(self, name: str, least: int, most: int) -> Iterator[Arguments]:
        """The arguments of calls by that name; then rows that begin with as many values."""
        for node in self._nodes:
            if isinstance(node, ast.Call) and _last_name(node.func) == name and not node.keywords:
                found = _literal(ast.Tuple(node.args, ast.Load()))
                if isinstance(found, tuple) and least <= len(found) <= most:
                    yield found
        for node in self._nodes:
            if isinstance(node, ast.Tuple | ast.List) and len(node.elts) > most > 0:
                found = _literal(ast.Tuple(node.elts[:most], ast.Load()))
                if isinstance(found, tuple):
                    yield found


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _literal(node: ast.expr) -> object:
    """The value of a literal expression; ``NotImplemented`` for anything else or too long."""
    try:
        value = ast.literal_eval(node)
        return value if len(repr(value)) <= _MOST_CHARS else NotImplemented
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return NotImplemented


def _literal_text(text: str) -> bool:
    """Whether a jail can read it back; ``inf`` and frozen sets are no literals."""
    try:
        return len(text) <= _MOST_CHARS and ast.literal_eval(text) is not None
    except (ValueError, SyntaxError, RecursionError):
        return False


def _inputs(node: _Def, skipped: int, literals: Literals, name: str = "") -> Iterator[Arguments]:
    """Argument tuples, those of the tests first, each once; the same for the same code."""
    parameters = [*node.args.posonlyargs, *node.args.args][skipped:]
    least = max(0, len(parameters) - len(node.args.defaults))
    seeds = list(islice(literals.calls(name or node.name, least, len(parameters)), _MOST_SEEDS))
    hinted = [_by_hint(p.annotation) for p in parameters]
    seen: set[str] = set()
    shortest = seeds or [()] if not least else seeds
    for arguments in _generated(shortest, hinted, _constants(node)):
        text = repr(arguments)
        if text not in seen and _literal_text(text):
            seen.add(text)
            yield arguments
            if len(seen) >= MOST_CALLS:
                return


def _generated(
    seeds: Sequence[Arguments], hinted: Sequence[Sequence[Any]], constants: Sequence[Any]
) -> Iterator[Arguments]:
    yield from seeds
    for changes in zip_longest(*(_one_changed(seed, constants) for seed in seeds)):
        yield from (arguments for arguments in changes if arguments is not None)
    chance = random.Random(len(hinted))  # noqa: S311 - inputs that are the same each time
    pools = [_pool(at, seeds, values, constants) for at, values in enumerate(hinted)]
    for _ in range(MOST_CALLS):
        yield tuple(chance.choice(pool) for pool in pools)


def _pool(
    at: int, seeds: Sequence[Arguments], hinted: Sequence[Any], constants: Sequence[Any]
) -> list[Any]:
    """Values of one argument: of any type where neither the tests nor a hint says which."""
    known = [seed[at] for seed in seeds if len(seed) > at]
    near = [value for each in known for value in islice(_near(each), 6)]
    plain = [*known, *near, *hinted] or list(_ANYTHING)
    kinds = {type(value) for value in plain}
    return plain + [value for value in constants if type(value) in kinds]


def _one_changed(seed: Arguments, constants: Sequence[Any]) -> Iterator[Arguments]:
    columns = [
        [(*seed[:at], value, *seed[at + 1 :]) for value in _instead(each, constants)]
        for at, each in enumerate(seed)
    ]
    for row in zip_longest(*columns):
        yield from (arguments for arguments in row if arguments is not None)


def _instead(value: Any, constants: Sequence[Any]) -> Iterator[Any]:
    """What one argument is changed to: its neighbours in turn with what the constants suggest."""
    alike = [constant for constant in constants if type(constant) is type(value)]
    if isinstance(value, str | bytes):
        alike += [joined for c in alike for joined in (c + value, value + c)]
    elif isinstance(value, list | tuple):
        alike = [type(value)([*value, constant]) for constant in constants]
    for pair in zip_longest(_near(value), alike, fillvalue=NotImplemented):
        yield from (each for each in pair if each is not NotImplemented)


def _constants(node: _Def) -> list[Any]:
    """The function's own numbers and texts with their neighbours, each once."""
    found = [
        value
        for statement in node.body
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Constant)
        and type(inner.value) in (int, float, str, bytes)
        and len(repr(inner.value)) <= _CONSTANT_CHARS  # longer texts are for people
        for value in _beside(inner.value)
    ]
    return list({repr(value): value for value in found}.values())[:_MOST_CONSTANTS]


def _beside(value: Any) -> tuple[Any, ...]:
    return (value, value + 1, value - 1) if isinstance(value, int | float) else (value,)


def _by_hint(hint: ast.expr | None) -> tuple[Any, ...]:
    """Values of an annotation; of its alternatives for a union, () where it is not known."""
    if hint is None:
        return ()
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        try:
            return _by_hint(ast.parse(hint.value, mode="eval").body)
        except (SyntaxError, ValueError, RecursionError):
            return ()
    if isinstance(hint, ast.BinOp):
        return _by_hint(hint.left) + _by_hint(hint.right)
    if isinstance(hint, ast.Subscript):
        return _of_subscript(_last_name(hint.value), hint.slice)
    name = str(hint.value) if isinstance(hint, ast.Constant) else _last_name(hint)
    return _BY_HINT.get(name, _BY_HINT.get(name.lower(), ()))


def _of_subscript(name: str, inner: ast.expr) -> tuple[Any, ...]:
    if name in ("Optional", "Union"):
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        also = (None,) if name == "Optional" else ()
        return tuple(value for part in parts for value in _by_hint(part)) + also
    values = [] if isinstance(inner, ast.Tuple) else list(_by_hint(inner))
    if name in ("list", "List", "Sequence", "Iterable") and values:
        return [], values[:1], values, values[::-1], values + values[:2]
    return _BY_HINT.get(name, _BY_HINT.get(name.lower(), ()))


def _near(value: Any) -> Iterator[Any]:
    """Values of the same type, close by and at the edges."""
    kind = type(value)
    if kind is bool:
        yield not value
    elif kind in (int, float):
        yield from (value + 1, value - 1, kind(0), kind(1), -value, kind(2), value * 2, value + 10)
        yield from map(kind, (7, 100, -3, 5, 12))
    elif kind in (str, bytes):
        yield from _near_text(value)
    elif kind in (list, tuple):
        yield from _near_row(value)
    elif kind in (set, frozenset):
        yield kind()
        yield from (kind([*value, near]) for each in list(value)[:2] for near in _near(each))
    elif kind is dict:
        yield {}
        yield dict(list(value.items())[1:])
        for name, each in list(value.items())[:3]:
            yield from ({**value, name: near} for near in islice(_near(each), 3))


def _near_text(value: Any) -> Iterator[Any]:
    empty = value[:0]
    yield from (empty, value[::-1], value.upper(), value.lower(), value + value, value[:1])
    yield from (value[1:], value[:-1], value.swapcase())
    more = (" ", "a", "Z", "1", ".", "XX") if isinstance(value, str) else (b" ", b"a")
    for each in more:
        yield value + each
        yield each + value
    yield from more


def _near_row(value: Any) -> Iterator[Any]:
    kind = type(value)
    yield from (kind(), value[:1], value[::-1], value[1:], value[:-1], value + value)
    yield value + value[:1]
    for at, each in list(enumerate(value))[:6]:
        for near in islice(_near(each), 4):
            yield kind([*value[:at], near, *value[at + 1 :]])


def read_gap(item: Mapping[str, Json], target: Target) -> Gap | None:
    """The question in one answer of the attack; None when it found no difference."""
    number, one, other = item.get("call"), item.get("original"), item.get("mutant")
    if not isinstance(number, int) or not 0 <= number < len(target.calls):
        return None
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None
    call = target.calls[number]
    text = target.written(call)
    listed = f"list({text})" if one.get("list") is True else text
    answer, raises = _word(one, "answer"), _word(one, "raises")
    if raises:
        question = f"Is it right that {text} raises {raises}?"
        assertion = f"with pytest.raises({raises}):\n    {text}"
    elif answer == _word(other, "answer") and not _word(other, "raises"):
        return _gap_of_change(target, call, one, other)
    else:
        question = f"Is {listed} == {answer} right?"
        assertion = f"assert {listed} == {answer}"
    whole = f"{question} A mutant that {_deed(other)} passes all tests."
    rank = 2 * bool(raises) + bool(_word(other, "raises"))
    return Gap(whole, assertion, (rank + (answer == "None"), len(text) + len(answer)))


def _gap_of_change(
    target: Target, call: Call, one: Mapping[str, Json], other: Mapping[str, Json]
) -> Gap:
    """The answers are alike, but the arguments are left differently."""
    given, (after, otherwise) = repr(call.arguments), (_word(s, "after") for s in (one, other))
    callee = target.written(call).removesuffix(f"({_listed(call.arguments)})") + "(*given)"
    right, wrong = after or given, otherwise or given
    question = (
        f"Is it right that {callee} with given = {given} leaves {right}?"
        f" A mutant that leaves {wrong} passes all tests."
    )
    return Gap(question, f"given = {given}\n{callee}\nassert given == {right}", (1, len(given)))


def _deed(side: Mapping[str, Json]) -> str:
    raises = _word(side, "raises")
    return f"raises {raises}" if raises else f"answers {_word(side, 'answer')}"


def _word(side: Mapping[str, Json], name: str) -> str:
    value = side.get(name)
    return value[:_MOST_CHARS] if isinstance(value, str) else ""


def _listed(arguments: Iterable[Any] | None) -> str:
    return ", ".join(map(repr, arguments or ()))
