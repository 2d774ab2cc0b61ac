"""How far the two values of a failed comparison are from each other.

The operands of ``assert f(x) == y`` and of ``assert isclose(f(x), y)`` are kept in the test's
own frame: ``assert (left := f(x)) == (right := y)`` costs what an assignment costs, and nothing
is computed unless a test fails.  ``assertEqual`` and its kin have them in their frames already.

A distance is in 0..1, where 1 means nothing in common.  Only so many parts of a value are
looked at.  What its classes answer is asked in the candidate's own process and time: one that
lies about its values helps nobody but itself, and a distance never counts as a pass.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from operator import ne
from types import FrameType
from typing import Any

FARTHEST = 1.0
_LEFT, _RIGHT = "_left_of_line_{}", "_right_of_line_{}"
"""Names by line: an assertion that failed must not be told by an earlier one's operands."""
_COMPARED = (ast.Eq, ast.Is, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_OTHER_KIND, _OTHER_ROW, _SAME_KIND = 0.95, 0.1, 0.8
"""Values of two kinds (None, mostly no answer, is farther); what a list for a tuple adds; and the
most of one kind, so that the right kind is always nearer."""
_PLACES, _MEMBERS, _LENGTH = 0.5, 0.3, 0.2
"""What the places, the members and the length of two sequences count for."""
_MOST_PARTS = (60, 12, 6)
"""Parts of a value that are looked at, by depth."""


def keep_operands(tree: ast.Module) -> ast.Module:
    """Let every assertion of a comparison keep its operands; nothing else changes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            _keep(node.test, node.lineno)
    return ast.fix_missing_locations(tree)


def _keep(test: ast.expr, line: int) -> None:
    left_name, right_name = _LEFT.format(line), _RIGHT.format(line)
    match test:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _COMPARED):
            test.left = _named(left_name, left)
            if isinstance(right, ast.Call) and _called(right) == "approx" and right.args:
                right.args[0] = _named(right_name, right.args[0])
            else:
                test.comparators[0] = _named(right_name, right)
        case ast.Call(args=[left, right, *_]) if _called(test) == "isclose":
            test.args[:2] = [_named(left_name, left), _named(right_name, right)]


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _named(name: str, value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Starred):
        return value
    return ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), value), value)


def distance_at(error: BaseException | None) -> float:
    """Between the operands of the comparison in which a test failed; 1 where there are none."""
    traceback = error.__traceback__ if isinstance(error, AssertionError) else None
    found = FARTHEST
    while traceback is not None:
        operands = _operands(traceback.tb_frame, traceback.tb_lineno)
        if operands:
            found = _asked(*operands)
        traceback = traceback.tb_next
    return found


def _operands(frame: FrameType, line: int) -> tuple[Any, Any] | None:
    names = frame.f_locals
    left, right = _LEFT.format(line), _RIGHT.format(line)
    if left in names and right in names:
        return names[left], names[right]
    if frame.f_code.co_name.startswith("assert") and {"first", "second"} <= names.keys():
        return names["first"], names["second"]
    return None


def _asked(one: Any, other: Any) -> float:
    try:
        return round(distance(one, other), 6)
    except BaseException:  # noqa: BLE001 - what the values' own classes raise
        return FARTHEST


def distance(one: Any, other: Any, depth: int = 0) -> float:
    """In 0..1.

    Numbers by their relative difference, sequences by places, members and length, sets and
    the keys of dictionaries by what only one of them has (Jaccard's distance).

    >>> distance(10, 8), distance([1, 2, 3], [1, 2, 4]) < distance([1, 2, 3], [7, 8, 9])
    (0.16, True)
    """
    if one is None or other is None:
        return 0.0 if one is other else FARTHEST
    if depth >= len(_MOST_PARTS):
        return 0.0 if one == other else FARTHEST
    apart = 0.0
    match one, other:
        case (bool(), bool()):
            found = float(one is not other)
        case (bool(), _) | (_, bool()):
            return 0.0 if one == other else _OTHER_KIND
        case (int() | float(), int() | float()):
            found = _of_numbers(one, other)
        case (str(), str()) | (list() | tuple(), list() | tuple()):
            found = _of_sequences(one, other, depth)
            apart = 0.0 if type(one) is type(other) else _OTHER_ROW
        case (set() | frozenset(), set() | frozenset()):
            found = _of_sets(one, other)
        case (dict(), dict()):
            found = _of_dictionaries(one, other, depth)
        case _:
            return 0.0 if one == other else _OTHER_KIND
    return apart + _SAME_KIND * found


def _of_numbers(one: float, other: float) -> float:
    try:
        found = abs(one - other) / max(1, abs(one), abs(other))
    except (OverflowError, ValueError):
        return FARTHEST
    return min(found, FARTHEST) if math.isfinite(found) else float(one != other)


def _of_sequences(one: Sequence[Any], other: Sequence[Any], depth: int) -> float:
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    if not longer:
        return 0.0
    most = min(shorter, _MOST_PARTS[depth])
    places = _by_places(one[:most], other[:most], depth)
    if len(one) != len(other) and most:  # what is missing may be missing at the beginning
        places = min(places, _by_places(one[-most:], other[-most:], depth))
    length = (longer - shorter) / longer
    places = length + (1 - length) * places  # a place that only one has is as far as can be
    return _PLACES * places + _MEMBERS * _of_members(one, other) + _LENGTH * length


def _by_places(one: Sequence[Any], other: Sequence[Any], depth: int) -> float:
    """The mean distance at each place of two of one length."""
    if isinstance(one, str):
        found = float(sum(map(ne, one, other)))
    else:
        found = sum(distance(a, b, depth + 1) for a, b in zip(one, other, strict=True) if a != b)
    return found / max(1, len(one))


def _of_members(one: Sequence[Any], other: Sequence[Any]) -> float:
    """Jaccard's distance of what is in them; what cannot be hashed is told by its text."""
    heads = one[: _MOST_PARTS[0]], other[: _MOST_PARTS[0]]
    try:
        ours, theirs = map(set, heads)
    except TypeError:
        ours, theirs = ({repr(part)[:200] for part in head} for head in heads)
    return len(ours ^ theirs) / max(1, len(ours | theirs))


def _of_sets(one: Collection[Any], other: Collection[Any]) -> float:
    parts = (set(islice(each, _MOST_PARTS[0] * 10)) for each in (one, other))
    ours, theirs = parts
    return len(ours ^ theirs) / max(1, len(ours | theirs))


def _of_dictionaries(one: Mapping[Any, Any], other: Mapping[Any, Any], depth: int) -> float:
    shared = list(islice((key for key in one if key in other), _MOST_PARTS[depth]))
    values = [distance(one[key], other[key], depth + 1) for key in shared]
    missing = _of_sets(one.keys(), other.keys())
    return (missing + (sum(values) / len(values) if values else missing)) / 2
