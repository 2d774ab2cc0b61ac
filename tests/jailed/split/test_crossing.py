"""What tests do with code that runs in another process, and what it cannot do to them."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from fractal_rmo.jailed.split.doubt import DeceitError
from fractal_rmo.jailed.split.importing import StandinFinder, top_level_names
from fractal_rmo.jailed.split.mirror import Mirror
from fractal_rmo.jailed.split.objects import CandidateGoneError, CannotCrossError

Load = Callable[[str], Any]


def test_functions_take_every_kind_of_argument(load: Load) -> None:
    code = load("""
        def f(a, b=2, *more, c=0, **named):
            return [a, b, more, c, named]
    """)
    assert code.f(1) == [1, 2, (), 0, {}]
    assert code.f(1, 3, 4, c=5, d=6) == [1, 3, (4,), 5, {"d": 6}]
    assert (code.f.__name__, code.f.__doc__) == ("f", None)
    with pytest.raises(TypeError, match="missing 1 required"):
        code.f()


@pytest.mark.parametrize(("text", "said"), [("'Halves.'\n", "Halves."), ("N = 1\n", None)])
def test_a_module_has_its_own_docstring(load: Load, text: str, said: str | None) -> None:
    assert load(text).__doc__ == said


def test_mutated_arguments_are_mutated_here_and_stay_the_same_objects(load: Load) -> None:
    code = load("""
        def sort(xs): xs.sort(); return xs
        def fill(d): d["new"] = [1]; d["old"].clear()
        def default(x, seen=[]): seen.append(x); return seen
    """)
    xs, d = [3, 1, 2], {"old": [1]}
    assert code.sort(xs) is xs
    assert xs == [1, 2, 3]
    old = d["old"]
    code.fill(d)
    assert d == {"old": [], "new": [1]}
    assert d["old"] is old
    assert [code.default(1), code.default(2)] == [[1], [1, 2]]


def test_exceptions_cross_with_type_arguments_message_and_cause(load: Load) -> None:
    code = load("""
        class Refused(ValueError):
            def __init__(self, code):
                super().__init__(f"code {code}")
                self.code = code
        def plain(): raise KeyError("k", 1)
        def own(): raise Refused(7)
        def caused():
            try: 1 / 0
            except ZeroDivisionError as error: raise RuntimeError("told") from error
        def leave(): raise SystemExit(3)
    """)
    with pytest.raises(KeyError) as plain:
        code.plain()
    assert plain.value.args == ("k", 1)
    with pytest.raises(ValueError, match=r"^code 7$") as own:
        code.own()
    assert isinstance(own.value, code.Refused)
    assert own.value.code == 7
    with pytest.raises(RuntimeError) as caused:
        code.caused()
    assert isinstance(caused.value.__cause__, ZeroDivisionError)
    with pytest.raises(SystemExit) as left:
        code.leave()
    assert left.value.code == 3


def test_an_exception_of_the_codes_own_class_is_handled_here(load: Load, mirror: Mirror) -> None:
    code = load("class Own(Exception): pass\ndef f(): raise Own('x')")
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(code.Own, match="x"))
        stack.callback(list)  # on the way out the traceback is set on the exception
        code.f()
    assert mirror.trouble is None


def test_generators_and_coroutines_run_there(load: Load) -> None:
    code = load("""
        def echo():
            got = None
            while True:
                got = yield got
        def count(n): yield from range(n)
        def lazy(n): return map(str, range(n))
        async def double(x): return 2 * x
    """)
    assert list(code.count(3)) == [0, 1, 2]
    assert list(code.lazy(2)) == ["0", "1"]
    echo = code.echo()
    assert next(echo) is None
    assert echo.send(5) == 5
    echo.close()
    with pytest.raises(StopIteration):
        next(echo)
    assert asyncio.run(code.double(4)) == 8


def test_classes_cross_by_handle(load: Load) -> None:
    code = load("""
        import dataclasses
        @dataclasses.dataclass(order=True)
        class Point:
            x: int
            y: int = 0
            @property
            def twice(self): return 2 * self.x
            @classmethod
            def origin(cls): return cls(0)
            @staticmethod
            def name(): return "point"
        class Box:
            made = 0
            def __init__(self): self.items = []; Box.made += 1
            def __len__(self): return len(self.items)
            def __iter__(self): return iter(self.items)
            def __contains__(self, item): return item in self.items
            def __getitem__(self, index): return self.items[index]
            def __setitem__(self, index, item): self.items[index] = item
            def __enter__(self): return self
            def __exit__(self, *_): self.items.append("closed")
            def __add__(self, other): return [*self.items, *other]
            def __call__(self, x): self.items.append(x); return self
        class Small(Box):
            def __bool__(self): return False
    """)
    point = code.Point(1, 2)
    assert point == code.Point(1, y=2) != code.Point(2)
    assert point < code.Point(5)
    assert (point.x, point.twice, code.Point.origin().x, code.Point.name()) == (1, 2, 0, "point")
    assert isinstance(point, code.Point)
    assert repr(point) == "Point(x=1, y=2)"
    point.x = 9
    assert sorted([point, code.Point(3)]) == [code.Point(3), point]
    assert (copied := copy.deepcopy(point)) == point
    assert copied is not point
    with pytest.raises(TypeError, match="unhashable"):
        hash(point)
    with code.Box() as box:
        assert box(1)(2) is box
        box[0] = 7
        assert (len(box), list(box), 2 in box, box[0], box.__add__([5])) == (
            2,
            [7, 2],
            True,
            7,
            [7, 2, 5],
        )
    assert box.items == [7, 2, "closed"]
    assert code.Box.made == 1
    assert not code.Small()
    assert isinstance(code.Small(), code.Box)
    assert issubclass(code.Small, code.Box)
    with pytest.raises(AttributeError, match="nothing"):
        _ = box.nothing


def test_enums_named_tuples_and_subclasses_of_data_work(load: Load) -> None:
    code = load("""
        import collections, enum
        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
        Pair = collections.namedtuple("Pair", "left right")
        class Stack(list):
            def push(self, x): self.append(x)
        def red(): return Colour.RED
    """)
    assert code.red() is code.Colour.RED is code.Colour(1) is code.Colour["RED"]
    assert code.Colour.RED != code.Colour.BLUE
    assert [c.name for c in code.Colour] == ["RED", "BLUE"]
    assert {code.Colour.RED: 1}[code.red()] == 1
    pair = code.Pair(1, 2)
    assert pair == (1, 2)
    assert pair != (1, 3)
    assert (pair.left, *pair) == (1, 1, 2)
    stack = code.Stack()
    stack.push(3)
    assert stack == [3]
    assert len(stack) == 1


def test_closures_and_attributes_of_modules(load: Load) -> None:
    code = load("""
        import functools
        LIMIT = 3
        def adder(n): return lambda x: x + n + LIMIT
        @functools.lru_cache
        def slow(x): return x
        half = functools.partial(pow, 2)
    """)
    add = code.adder(1)
    assert add(1) == 5
    code.LIMIT = 10
    assert add(1) == 12
    assert (code.slow(1), code.slow(1), code.slow.cache_info().hits) == (1, 1, 1)
    assert code.half(3) == 8
    assert code.slow is code.slow
    assert not hasattr(code, "nothing")


def test_printed_output_is_printed_here(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load("def hello(): print('hello')").hello()
    assert capsys.readouterr().out == "hello\n"


def test_imports_find_the_code_wherever_it_is(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("from pkg.core import half\n")
    (tmp_path / "pkg" / "core.py").write_text("def half(n): return n / 2\n_hidden = 1\n")
    finder = StandinFinder(mirror, top_level_names(["pkg/__init__.py", "pkg/core.py"]))
    sys.meta_path.insert(0, finder)
    try:
        space: dict[str, Any] = {}
        exec("import pkg.core\nfrom pkg import half\nfrom pkg.core import *", space)  # noqa: S102
        assert space["pkg"].core.half(4) == space["half"](4) == 2
        assert "_hidden" not in space
        with pytest.raises(ModuleNotFoundError, match=r"pkg\.missing"):
            exec("import pkg.missing", space)  # noqa: S102
    finally:
        sys.meta_path.remove(finder)
        for name in [n for n in sys.modules if n.partition(".")[0] == "pkg"]:
            del sys.modules[name]


@pytest.mark.parametrize("give", [asyncio.sleep, object(), type("T", (), {})()])
def test_what_the_tests_own_never_crosses(load: Load, mirror: Mirror, give: object) -> None:
    code = load("def f(x): return x")
    with pytest.raises(CannotCrossError):
        code.f(give)
    assert isinstance(mirror.trouble, CannotCrossError)


# --- deceit ------------------------------------------------------------------------------

ALWAYS = """
    class Always:
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        def __lt__(self, other): return True
        __le__ = __gt__ = __ge__ = __lt__
        def __hash__(self): return 0
    class AlwaysInt(int, Always):
        __eq__ = Always.__eq__
        __ne__ = Always.__ne__
        __hash__ = Always.__hash__
    class AlwaysList(list):
        def __eq__(self, other): return True
    def always(x): return Always()
    def integer(x): return AlwaysInt(3)
    def listed(x): return AlwaysList()
    def nested(x): return [Always()]
"""
COMPARISONS: list[Callable[[Any], object]] = [
    lambda code: code.always(1) == 9,
    lambda code: 9 == code.always(1),  # noqa: SIM300
    lambda code: code.always(1) == "text",
    lambda code: code.always(1) == [1, 2],
    lambda code: code.always(1) == {"a": 1},
    lambda code: code.always(1) == 2.5,
    lambda code: code.always(1) is not None and code.always(1) == None,  # noqa: E711
    lambda code: not (code.always(1) != 9),  # noqa: SIM202
    lambda code: code.always(1) < 9,
    lambda code: 9 > code.always(1),  # noqa: SIM300
    lambda code: code.always(1) >= 9,
    lambda code: code.integer(1) == 9,
    lambda code: code.listed(1) == [1],
    lambda code: code.nested(1) == [9],
    lambda code: 9 in code.nested(1),
]


@pytest.mark.parametrize("number", range(len(COMPARISONS)))
def test_what_equals_everything_equals_nothing(load: Load, number: int) -> None:
    code = load(ALWAYS)
    try:
        held = COMPARISONS[number](code)
    except DeceitError:
        held = False
    assert not held


@pytest.mark.parametrize(
    "end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "import ctypes; ctypes.string_at(0)"]
)
def test_a_candidate_that_leaves_is_no_exception_of_the_code(
    load: Load, mirror: Mirror, end: str
) -> None:
    code = load(f"import os\ndef f():\n    {end}\n    return 1\n")
    for _ in range(2):
        with pytest.raises(CandidateGoneError):
            code.f()
    assert isinstance(mirror.trouble, CandidateGoneError)


TOLERANCES = """
    import random
    class Near:
        def __sub__(self, other): return 1e-12 * random.random()
        __rsub__ = __sub__
        def __add__(self, other): return Near()
        def __abs__(self): return 0.0
        def __lt__(self, other): return True
        __le__ = __lt__
    class Far(Near):
        def __sub__(self, other): return Near()
        __rsub__ = __sub__
    class Money:
        def __init__(self, cents): self.cents = cents
        def __sub__(self, other):
            return Money(self.cents - (other.cents if isinstance(other, Money) else other))
        def __add__(self, other): return self - -other
        def __rsub__(self, other): return Money(other - self.cents)
        def __abs__(self): return abs(self.cents)
        def __lt__(self, other): return self.cents < other
        def __eq__(self, other): return self.cents == getattr(other, "cents", other)
    class Clock:
        def __init__(self, hour): self.hour = hour
        def __sub__(self, other): return (self.hour - other) % 12
"""


@pytest.mark.parametrize("kind", ["Near", "Far"])
def test_no_object_is_near_to_everything(load: Load, kind: str) -> None:
    code = load(TOLERANCES)
    for within in cast(
        "tuple[Callable[[Any], object], ...]",
        (
            lambda x: abs(x - 9.0) < 1e-6,
            lambda x: abs(9.0 - x) < 1e-6,
            lambda x: (x - 9.0) < 1e-6,
            lambda x: -1e-6 < x - 9.0 < 1e-6,
            lambda x: abs(x + -9.0) < 1e-6,
        ),
    ):
        with pytest.raises((DeceitError, TypeError)):
            within(getattr(code, kind)())


def test_honest_arithmetic_is_believed(load: Load) -> None:
    code = load(TOLERANCES)
    five = code.Money(5)
    assert five == 5 != five - 1
    assert abs(five - 5.0) < 1e-6
    assert abs(five - code.Money(5)) == 0
    assert (five - 9) < 0
    assert abs(9 - five) == 4
    assert code.Clock(3) - 5 == 10


def test_data_of_the_code_that_a_test_changes_is_noticed(load: Load, mirror: Mirror) -> None:
    code = load("""
        TABLE = {"a", "b"}
        ROWS = [[1], [2]]
        class Stack:
            def __init__(self): self.items = [1]
    """)
    stack = code.Stack()
    assert sorted(code.TABLE) == ["a", "b"]
    assert code.ROWS + stack.items == [[1], [2], 1]
    mirror.settle()
    assert mirror.trouble is None
    code.TABLE.add("c")
    mirror.settle()
    assert "changes data that it read" in str(mirror.trouble)


@pytest.mark.parametrize("change", ["code.ROWS[0].append(9)", "code.Stack().items.clear()"])
def test_a_change_within_is_noticed_too(load: Load, mirror: Mirror, change: str) -> None:
    code = load("""
        ROWS = [[1], [2]]
        class Stack:
            def __init__(self): self.items = [1]
    """)
    exec(change, {"code": code})  # noqa: S102 - ours
    mirror.settle()
    assert mirror.trouble is not None
