"""Values cross unchanged, by exact type; what cannot be trusted does not cross."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.jailed.split.values import DEEPEST, Reader, UncrossableError, Writer


def cross(value: object) -> Any:
    return Reader().read(json.loads(json.dumps(Writer().write(value))))


def same(left: Any, right: Any) -> bool:
    """Equal, of the same types all the way down, NaN like NaN and -0.0 unlike 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return bool(left.hex() == right.hex())
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, list | tuple | deque):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, complex):
        return same([left.real, left.imag], [right.real, right.imag])
    return repr(left) == repr(right) if isinstance(left, Decimal) else bool(left == right)


ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.complex_numbers() | st.decimals() | st.fractions() | st.dates() | st.times()
    | st.datetimes() | st.timedeltas() | st.builds(range, st.integers(-9, 9), st.integers(-9, 9))
    | st.sampled_from([int, len, ValueError, Ellipsis])
)  # fmt: skip
HASHABLE = st.recursive(
    st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=5,
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(HASHABLE, inner)
        | st.sets(HASHABLE) | st.builds(deque, st.lists(inner))
        | st.builds(OrderedDict, st.dictionaries(HASHABLE, inner))
    ),
    max_leaves=20,
)  # fmt: skip


@pytest.mark.thorough
@given(VALUES)
def test_values_cross_unchanged(value: object) -> None:
    assert same(cross(value), value)


@pytest.mark.parametrize(
    "value",
    [
        10**5000, -0.0, math.nan, math.inf, -math.inf, complex(-0.0, math.nan), "\ud800\0\x1b",
        bytearray(b"x"), Counter("aab"), Decimal("-0E+9"), Decimal("sNaN"), Fraction(1, 3),
        slice(None, 2), deque([1, 2], maxlen=2), b"",
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), {1: "a", True + 1: "b"},
        defaultdict(list, {1: [2]}), (), [[]], {(1, 2): frozenset({3})}, print, StopIteration,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_odd_values_cross_unchanged(value: object) -> None:
    found = cross(value)
    assert same(found, value)
    assert getattr(found, "maxlen", None) == getattr(value, "maxlen", None)


def test_aliases_and_cycles_survive() -> None:
    inner: list[object] = [1]
    value: list[object] = [inner, inner]
    value.append(value)
    found = cross(value)
    assert found[0] is found[1]
    assert found[2] is found


class LyingInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class LyingStr(str):
    __slots__ = ()


class LyingDict(dict[str, int]):
    pass


class LyingBool:
    def __bool__(self) -> bool:
        return True


@pytest.mark.parametrize("value", [LyingInt(3), LyingStr("x"), LyingDict(), LyingBool(), object()])
def test_subclasses_and_objects_never_cross_as_data(value: object) -> None:
    for wrapped in (value, [value], {"key": value}, (value,)):
        with pytest.raises(UncrossableError):
            Writer().write(wrapped)


def test_what_is_not_plain_is_named_by_a_handle() -> None:
    things: list[object] = [object()]
    form = Writer(lambda value: ["h", things.index(value)]).write([things[0], 1])
    assert Reader(lambda named: things[named[1]]).read(form) == [things[0], 1]


def test_what_is_too_deep_or_contains_itself_is_said() -> None:
    deep: list[object] = []
    for _ in range(DEEPEST + 1):
        deep = [deep]
    with pytest.raises(UncrossableError, match="deeper"):
        Writer().write(deep)
    inner: list[object] = []
    knot = (inner,)
    inner.append(knot)
    with pytest.raises(UncrossableError, match="itself"):
        Writer().write(knot)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["l", "t", "d", "@", "b", "n", "f", "y", "c", "z", "default", "deque", "h"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)  # fmt: skip


@given(JSON)
def test_forms_that_nobody_writes_are_an_error_and_nothing_else(form: object) -> None:
    with contextlib.suppress(ValueError, TypeError, UncrossableError, ArithmeticError):
        Reader().read(form)


def test_arguments_are_filled_again_in_place() -> None:
    inner = [3, 1]
    argument = {"a": inner}
    writer = Writer()
    form = writer.write([argument])
    reader = Reader()
    (there,) = reader.read(form)
    there["a"].sort()
    there["b"] = there["a"]
    answer = Writer(known=reader.containers)
    contents = [answer.contents(container) for container in reader.containers]
    back = Reader(known=writer.containers)
    for container, content in zip(writer.containers, contents, strict=True):
        back.refill(container, content)
    assert argument == {"a": [1, 3], "b": [1, 3]}
    assert argument["b"] is inner
