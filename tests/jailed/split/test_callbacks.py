"""Functions of the tests that the code calls, and what it cannot do with them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.jailed.split.mirror import Mirror
from fractal_rmo.jailed.split.objects import CannotCrossError

Load = Callable[[str], Any]

CODE = """
    import concurrent.futures, functools, inspect, threading
    class Box:
        def __init__(self, x): self.x = x
        def each(self, f): return f(self)
    def apply(f, *args, **named): return f(*args, **named)
    def kept(f): return f
    def safely(f):
        try: return f()
        except Exception as error: return type(error).__name__, list(error.args)
    def wrapped(f):
        @functools.wraps(f)
        def call(*args): return ["wrapped", f(*args)]
        return call
    def chatty(f):
        print("before"); f(); print("after")
    def parameters(f): return len(inspect.signature(f).parameters)
    def elsewhere(f):
        thread = threading.Thread(target=f); thread.start(); thread.join()
    def spread(f, xs):
        with concurrent.futures.ThreadPoolExecutor(4) as pool: return list(pool.map(f, xs))
    def closure(f): return f.__closure__
    def inner(x): return x + 1
"""


def test_they_are_called_with_plain_data_and_stand_ins(load: Load, mirror: Mirror) -> None:
    code = load(CODE)
    assert code.apply(lambda a, b=2, *, c: [a, b, c], 1, c=3) == [1, 2, 3]
    assert code.Box(7).each(lambda box: box.x + 1) == 8
    seen: list[int] = []
    code.apply(seen.append, 4)
    assert seen == [4]
    assert code.apply(functools.partial(pow, 2), 5) == 32
    assert mirror.trouble is None


def test_they_may_ask_the_code_in_turn(load: Load) -> None:
    code = load(CODE)
    assert code.apply(lambda x: code.apply(lambda y: code.inner(y) * 2, x), 4) == 10


def test_what_they_do_to_their_arguments_is_seen_there(load: Load) -> None:
    code = load("def fill(f):\n    xs = [1]\n    f(xs)\n    return xs")
    assert code.fill(lambda xs: xs.append(2)) == [1, 2]


def test_their_exceptions_cross(load: Load) -> None:
    code = load(CODE)

    def refuse() -> None:
        raise ValueError("no", 3)

    assert code.safely(refuse) == ("ValueError", ["no", 3])
    with pytest.raises(ValueError, match="no"):
        code.apply(refuse)
    with pytest.raises(AssertionError, match="inside"):
        code.apply(_fail)


def _fail() -> None:
    raise AssertionError("inside")


def test_they_come_back_as_themselves_and_can_be_decorated(load: Load) -> None:
    code = load(CODE)

    def double(x: int) -> int:
        """Twice."""
        return 2 * x

    assert code.kept(double) is double
    decorated = code.wrapped(double)
    assert decorated(4) == ["wrapped", 8]
    assert (decorated.__name__, decorated.__doc__) == ("double", "Twice.")


def test_prints_keep_their_order(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load(CODE).chatty(lambda: print("within"))
    assert capsys.readouterr().out == "before\nwithin\nafter\n"


def test_threads_of_the_code_call_them_too(load: Load, mirror: Mirror) -> None:
    code = load(CODE)
    seen: list[int] = []
    code.elsewhere(lambda: seen.append(code.inner(1)))
    assert seen == [2]
    assert code.spread(lambda x: x * x, list(range(20))) == [x * x for x in range(20)]
    assert mirror.trouble is None


def test_their_parameters_can_be_looked_at(load: Load) -> None:
    code = load(CODE)
    assert code.parameters(lambda a, b=1, *more, c=2, **named: (a, b, more, c, named)) == 5
    with pytest.raises(AttributeError):
        code.closure(lambda: None)


def _make_object() -> object:
    return object()


class _OwnError(Exception):
    pass


def _raise_own() -> None:
    raise _OwnError


@pytest.mark.parametrize(
    "ask",
    [
        lambda code: code.apply(_make_object),
        lambda code: code.apply(_raise_own),
    ],
    ids=["returns an object", "raises its own"],
)
def test_what_cannot_be_done_apart_needs_one_process(
    load: Load, mirror: Mirror, ask: Callable[[Any], object]
) -> None:
    with pytest.raises(CannotCrossError):
        ask(load(CODE))
    assert isinstance(mirror.trouble, CannotCrossError)
