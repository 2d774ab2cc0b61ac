"""Type hints as promises: values that one allows, and whether it allows a value."""

# pylint: disable=unidiomatic-typecheck  # a truth value is no number to a hint

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import islice, product
from typing import Final

_SCALARS: Final[dict[str, tuple[type, tuple[object, ...]]]] = {
    "int": (int, (0, 1, 2, 3, 5, 10, 17, -1, -7, 100)),
    "float": (float, (0.0, 1.0, 0.5, 2.75, -1.5, 10.0, 100.25)),
    "str": (str, ("", "a", "b", "ab", "aa", "Hello World", "12", " a b ", "x-y_z", "É")),
    "bool": (bool, (False, True)),
    "bytes": (bytes, (b"", b"a", b"ab\x00")),
    "complex": (complex, (0j, 1 + 2j)),
}
_LISTS: Final = ("list", "List", "Sequence", "MutableSequence", "Iterable", "Collection")
_SETS: Final = ("set", "Set", "AbstractSet", "MutableSet")
_DICTS: Final = ("dict", "Dict", "Mapping", "MutableMapping")
_TUPLES: Final = ("tuple", "Tuple")
_DEEPEST: Final = 14
_LONGEST: Final = 1000
_ANYTHING: Final = (0, 1, "a", None, 2.5)


def samples(hint: ast.expr | None) -> list[object] | None:
    """Some values that the hint allows, the plainest first; None when it is not understood."""
    name, inner = _parts(hint)
    if name in _SCALARS:
        return list(_SCALARS[name][1])
    if name in _READERS:
        return _READERS[name](inner)
    return None


def allows(hint: ast.expr | None, value: object) -> bool:
    """Whether the hint promises that the value may come; False when it is not understood."""
    name, inner = _parts(hint)
    if name in _SCALARS:
        return type(value) is _SCALARS[name][0]
    if name == "None":
        return value is None
    if name == "Union":
        return any(allows(part, value) for part in inner)
    if name == "Literal":
        return any(isinstance(p, ast.Constant) and p.value == value for p in inner)
    return _allows_container(name, inner, value)


def _allows_container(name: str, inner: list[ast.expr], value: object) -> bool:
    if name in _LISTS or name in _SETS:
        kind = list if name in _LISTS else set
        return isinstance(value, kind) and bool(inner) and all(allows(inner[0], v) for v in value)
    if name in _DICTS:
        pairs = value.items() if isinstance(value, dict) and len(inner) == 2 else None
        return pairs is not None and all(
            allows(inner[0], k) and allows(inner[1], v) for k, v in pairs
        )
    if name in _TUPLES and isinstance(value, tuple) and inner:
        if _is_endless(inner):
            return all(allows(inner[0], v) for v in value)
        return len(value) == len(inner) and all(map(allows, inner, value))
    return False


def _parts(hint: ast.expr | None) -> tuple[str, list[ast.expr]]:
    """A hint's name without its module, and what stands in its brackets."""
    if isinstance(hint, ast.Constant):
        return _of_constant(hint.value)
    if hint is None or not _is_readable(hint):
        return "", []
    if isinstance(hint, ast.BinOp) and isinstance(hint.op, ast.BitOr):
        return "Union", [hint.left, hint.right]
    inner: list[ast.expr] = []
    if isinstance(hint, ast.Subscript):
        inner = hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]
        hint = hint.value
    name = hint.attr if isinstance(hint, ast.Attribute) else getattr(hint, "id", "")
    if name == "Optional":
        return "Union", [*inner, ast.Constant(None)]
    return str(name), inner


def _is_readable(hint: ast.expr) -> bool:
    """Whether the hint is no deeper than a person would write it."""
    level: list[ast.AST] = [hint]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return not level


def _of_constant(value: object) -> tuple[str, list[ast.expr]]:
    if value is None:
        return "None", []
    try:
        return _parts(ast.parse(value, mode="eval").body) if isinstance(value, str) else ("", [])
    except (SyntaxError, ValueError, RecursionError):
        return "", []


def _is_endless(inner: list[ast.expr]) -> bool:
    return len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is Ellipsis


def _lists(inner: list[ast.expr]) -> list[object] | None:
    items = samples(inner[0]) if inner else list(_SCALARS["int"][1])
    if not items or len(repr(items)) > _LONGEST:
        return None
    first, last = items[0], items[-1]
    rows = [[], items[:1], [last], items[:2], [last, first], [first, first], items[:5], items[::-1]]
    return [*rows, [last] * 3]


def _tuples(inner: list[ast.expr]) -> list[object] | None:
    if not inner or _is_endless(inner):
        rows = _lists(inner[:1])
        return None if rows is None else [tuple(row) for row in rows if isinstance(row, list)]
    parts = [samples(part) for part in inner]
    if any(part is None for part in parts):
        return None
    return [tuple(row) for row in islice(product(*[part or [] for part in parts]), 12)]


def _sets(inner: list[ast.expr]) -> list[object] | None:
    try:
        return [set(row) for row in _lists(inner) or [] if isinstance(row, list)] or None
    except TypeError:
        return None


def _dicts(inner: list[ast.expr]) -> list[object] | None:
    keys, values = (samples(part) for part in inner) if len(inner) == 2 else (["a", "b"], [1, 2])
    if not keys or not values:
        return None
    try:
        turned = [values[n % len(values)] for n in range(1, len(keys) + 1)]
        pairs = list(zip(keys, turned, strict=True))
        return [{}, dict(pairs[:1]), dict(pairs[:2]), dict(pairs[:5])]
    except TypeError:
        return None


def _unions(inner: list[ast.expr]) -> list[object] | None:
    parts = [samples(part) for part in inner]
    known = [part for part in parts if part is not None]
    return [value for part in known for value in part] or None


def _literals(inner: list[ast.expr]) -> list[object] | None:
    return [part.value for part in inner if isinstance(part, ast.Constant)] or None


_READERS: dict[str, Callable[[list[ast.expr]], list[object] | None]] = {
    **dict.fromkeys(_LISTS, _lists),
    **dict.fromkeys(_SETS, _sets),
    **dict.fromkeys(_DICTS, _dicts),
    **dict.fromkeys(_TUPLES, _tuples),
    "Union": _unions,
    "Literal": _literals,
    "None": lambda _: [None],
    "Any": lambda _: list(_ANYTHING),
    "object": lambda _: list(_ANYTHING),
}
