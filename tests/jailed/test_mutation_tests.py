"""Only what pytest reports as a failure, or would, kills a mutant."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Runner, RunRequest, Runtime
from tests.jailed.mutants import ROOM, Values, completed, edit, endings

pytestmark = pytest.mark.thorough


CODE = "def f(a, b=2):\n    return a + b\n"
TESTS = (
    "from solution import f\n"
    "def test_1():\n    assert f(1) == 3\n"
    "def test_2():\n    assert f(1, 1) == 2\n"
)


def test_a_failed_test_kills_and_a_passing_one_does_not(judge: Callable[..., Values]) -> None:
    value = judge(
        CODE, TESTS, edit(CODE, "a + b", "a - b"), edit(CODE, "a + b", "b + a"),
        edit(CODE, "b=2", "b=3"), edit(CODE, "a + b", "a + None"),
    )  # fmt: skip
    assert endings(value) == ["killed", "survived", "killed", "killed"]
    assert "test_1" in value["mutants"][0]["detail"]
    assert value["collected"] == 2


NEEDS_A_SESSION = "import pytest\n@pytest.fixture\ndef given():\n    yield 1\n"
BY_PYTEST = (
    ("__import__('pytest').skip('no')", "crashed"),
    ("__import__('pytest').exit('no')", "crashed"),
    ("__import__('pytest').xfail('no')", "crashed"),
    ("__import__('pytest').fail('yes')", "killed"),
    ("__import__('unittest').TestCase().skipTest('no')", "crashed"),
    ("1 / 0", "killed"),
)


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        *BY_PYTEST,
        ("(lambda: [0 for _ in iter(int, 1)])()", "timed_out"),
        ("__import__('time').sleep(60)", "timed_out"),
        ("__import__('os')._exit(1)", "crashed"),
        ("__import__('os')._exit(0)", "crashed"),
        ("__import__('sys').exit(1)", "crashed"),
        ("__import__('os').kill(__import__('os').getpid(), 11)", "crashed"),
        ("__import__('os').kill(__import__('os').getpid(), 9)", "crashed"),
        ("[0] * 10**10", "crashed"),
        ("(_ for _ in ()).throw(KeyboardInterrupt)", "crashed"),
    ],
)
def test_only_what_pytest_reports_as_a_failure_kills(
    judge: Callable[..., Values], text: str, ending: str
) -> None:
    alive = edit(CODE, "a + b", "b + a")
    value = judge(CODE, TESTS, edit(CODE, "a + b", text), alive)
    assert endings(value) == [ending, "survived"]


@pytest.mark.parametrize(("text", "ending"), BY_PYTEST)
def test_a_session_of_pytest_judges_alike(
    judge: Callable[..., Values], text: str, ending: str
) -> None:
    alive = edit(CODE, "a + b", "b + a")
    value = judge(CODE, NEEDS_A_SESSION + TESTS, edit(CODE, "a + b", text), alive)
    assert endings(value) == [ending, "survived"]


def test_what_a_mutant_started_ends_with_it(judge: Callable[..., Values]) -> None:
    text = "(__import__('os').fork() or __import__('time').sleep(60)) and a + b"
    value = judge(CODE, TESTS, edit(CODE, "a + b", text))
    assert endings(value) == ["survived"]
    assert value["mutants"][0]["duration_s"] < 5


def test_side_by_side_mutants_have_folders_of_their_own(judge: Callable[..., Values]) -> None:
    tests = textwrap.dedent("""\
        import os, tempfile, time
        from solution import f
        def test_1(tmp_path):
            place = os.path.join(tempfile.gettempdir(), 'mark')
            assert not os.path.exists(place)
            open(place, 'w').close()
            (tmp_path / 'mark').mkdir()
            time.sleep(0.05)
            assert f(1) == 3
    """)
    value = judge(CODE, tests, *[edit(CODE, "a + b", "b + a")] * 6)
    assert endings(value) == ["survived"] * 6


def test_mutants_that_do_not_fit_the_budget_are_left(run: Runner) -> None:
    files = {"code/solution.py": CODE, "tests/test_s.py": TESTS}
    payload: dict[str, Json] = {
        "tests": ["test_s.py"], "mutants": [edit(CODE, "a + b", "a - b")], "limit_s": 10.0,
        "budget_s": 0.0, "memory_mb": 1536,
    }  # fmt: skip
    request = RunRequest(Runtime.THICK, "mutation_tests", files, payload, ROOM)
    assert endings(completed(run, request)) == []


def test_who_holds_the_function_meets_the_mutant(judge: Callable[..., Values]) -> None:
    code = textwrap.dedent("""\
        class Base:
            def size(self):
                return 1
        class Derived(Base):
            def size(self, extra=1, *, times=1):
                found = super().size()
                return (found + extra) * times
            @staticmethod
            def fixed():
                return 5
            @classmethod
            def named(cls):
                return 'a' + cls.__name__
        def numbers(n):
            yield from range(n + 1)
        async def later(n):
            return n + 2
        size = Derived().size
    """)
    tests = textwrap.dedent("""\
        import asyncio
        from solution import size, Derived, numbers, later
        fixed, named = Derived.fixed, Derived.named
        def test_1():
            assert size() == 2
            assert fixed() == 5
            assert named() == 'aDerived'
            assert list(numbers(2)) == [0, 1, 2]
            assert asyncio.run(later(1)) == 3
    """)
    mutants = [
        {**edit(code, "super().size()", "None", "Derived.size"), "line": 5},
        {**edit(code, "extra=1", "extra=2", "Derived.size"), "line": 5},
        {**edit(code, "times=1", "times=2", "Derived.size"), "line": 5},
        {**edit(code, "return 5", "return 6", "Derived.fixed"), "line": 9},
        {**edit(code, "'a' +", "'b' +", "Derived.named"), "line": 12},
        edit(code, "n + 1", "n - 1", "numbers"),
        edit(code, "n + 2", "n - 2", "later"),
        edit(code, "yield from range(n + 1)", "return None", "numbers"),
    ]
    assert endings(judge(code, tests, *mutants)) == ["killed"] * len(mutants)


def test_what_a_decorator_left_at_import_is_mutated(judge: Callable[..., Values]) -> None:
    code = textwrap.dedent("""\
        import functools
        def doubled(function):
            @functools.wraps(function)
            def inner(*given):
                return function(*given) * 2
            return inner
        @doubled
        def f(a):
            return a
        keys = (lambda a: a + 5), (lambda a: a + 6)
        def make(n):
            return lambda a: a + n
        more = make(7)
    """)
    tests = "from solution import f, more\ndef test_1():\n    assert (f(2), more(1)) == (4, 8)\n"
    mutants = edit(code, "* 2", "* 3", "doubled"), edit(code, "a + n", "a - n", "make")
    assert endings(judge(code, tests, *mutants)) == ["killed", "killed"]


def test_a_falsified_property_kills_without_a_search_for_its_smallest_example(
    judge: Callable[..., Values],
) -> None:
    code = "def f(rows):\n    return sum(rows)\n"
    tests = textwrap.dedent("""\
        import time
        from hypothesis import given, settings, strategies as st
        from solution import f
        @given(st.lists(st.integers(), min_size=3, max_size=30))
        def test_1(rows):
            time.sleep(0.002)
            assert f(rows) == sum(reversed(rows))
        @settings(max_examples=5)
        @given(st.integers())
        def test_2(n):
            assert f([n]) == n
    """)
    value = judge(code, tests, edit(code, "sum(rows)", "sum(rows) if sum(rows) < 99 else 0"))
    assert endings(value) == ["killed"]
    assert value["mutants"][0]["duration_s"] < 2 * value["unmutated"]["duration_s"] + 1


def test_a_file_that_a_test_imports_late_is_mutated_too(judge: Callable[..., Values]) -> None:
    late = "def f():\n    return 1\n"
    tests = "def test_1():\n    import late\n    assert late.f() == 1\n"
    mutant = edit(late, "return 1", "return 2", path="late.py")
    assert endings(judge("", tests, mutant, late=late)) == ["killed"]


def test_the_mutant_is_not_told_that_it_is_one(judge: Callable[..., Values]) -> None:
    code = textwrap.dedent("""\
        import os, sys, inspect
        seen = sorted(os.environ), sorted(sys.modules)
        def g(a):
            return a + 1
        def f():
            frame = inspect.currentframe()
            code, here = g.__code__, frame.f_code
            return [
                code.co_filename == here.co_filename == __file__, code.co_firstlineno, code.co_name,
                code.co_qualname, here.co_firstlineno, frame.f_lineno, g.__module__, g.__name__,
                [name for name in os.environ if 'MUT' in name.upper()],
                'a + 1' in inspect.getsource(g),
            ]
    """)
    tests = (
        "from solution import f\ndef test_1():\n    assert f() =="
        " [True, 3, 'g', 'g', 5, 10, 'solution', 'g', [], True]\n"
    )
    mutants = [edit(code, "a + 1\n", "a + 2\n", "g"), edit(code, "'MUT'", "'MUTANT'")]
    assert endings(judge(code, tests, *mutants)) == ["survived", "survived"]


def test_code_that_looks_at_its_own_bytecode_is_noticed(judge: Callable[..., Values]) -> None:
    code = (
        "def f(a):\n    'Doc.'\n    return g(a) + 1\ndef g(a):\n    return a\n"
        "seen = f.__code__.co_code\n"
        "def h(a):\n    assert f.__code__.co_code == seen\n    return f(a)\n"
    )
    honest = judge(code, "from solution import f\ndef test_1():\n    f(1)\n", edit(code, "1", "2"))
    assert endings(honest) == ["survived"]
    assert (honest["noticed"], honest["looked"], honest["controls"]) == (0, "", 2)
    looking = judge(code, "from solution import h\ndef test_1():\n    h(1)\n", edit(code, "1", "2"))
    assert looking["noticed"] == 2
    assert looking["looked"] == "solution.py:8 reads __code__"


def test_a_control_behaves_as_the_code_does(judge: Callable[..., Values]) -> None:
    """Whatever the function is made of."""
    code = textwrap.dedent("""\
        import asyncio
        class Base:
            def size(self):
                return 1
        class C(Base):
            def f(self, a, *more, b=2):
                'Doc.'
                global count
                count = 0
                x: int = a + b
                for n in range(len(more)):
                    count += more[n] if n % 2 == 0 else -more[n]
                while x > 0 and count < 99:
                    x -= 1
                    count += super().size()
                match a:
                    case -1 | 3 + 2j:
                        return f'{a + 1:>{b + 3}}'
                    case {'k': [first, *_]}:
                        return first + 0
                    case int() if (y := a * 2) < 100:
                        return [y * n for n in more if n > 1], {**{'a': count}}
                return (yield_all(a), *more)
        def yield_all(a):
            got = yield a + 1
            yield from [got * 2, a[0] if isinstance(a, list) else -a]
        async def later(a):
            found = await asyncio.sleep(0, a * 3)
            return found + 1
    """)
    tests = textwrap.dedent("""\
        import asyncio
        from solution import C, yield_all, later
        def test_1():
            c = C()
            assert c.f(2, 5, 7, 9) == ([20, 28, 36], {'a': 11})
            assert c.f(-1) == '    0'
            assert c.f({'k': [7, 8]}, b=0) if False else True
            steps = yield_all(4)
            assert next(steps) == 5
            assert (steps.send(10), next(steps)) == (20, -4)
            assert asyncio.run(later(2)) == 7
    """)
    mutants = [
        edit(code, "'Doc.'", "'XX'", "C.f"),
        edit(code, "got * 2", "got * 3", "yield_all"),
        edit(code, "a * 3", "a * 4", "later"),
    ]
    for _ in range(4):
        value = judge(code, tests, *mutants)
        assert (value["noticed"], value["looked"]) == (0, "")
        assert endings(value) == ["survived", "killed", "killed"]


def test_tests_that_fail_before_any_mutant_are_no_basis(judge: Callable[..., Values]) -> None:
    value = judge(CODE, TESTS.replace("3", "4"), edit(CODE, "a + b", "a - b"))
    assert value["unmutated"]["ending"] == "killed"
    assert value["mutants"] == []


def test_tests_that_stumble_over_what_they_left_are_found_out(judge: Callable[..., Values]) -> None:
    tests = (
        "import os\nfrom solution import f\ndef test_1():\n    os.mkdir('made')\n    assert f(1)\n"
    )
    value = judge(CODE, tests, edit(CODE, "a + b", "b + a"))
    assert value["closing"]["ending"] == "killed"
    assert value["side_by_side"] == 1


def test_a_file_without_tests_is_a_problem_or_runs_nothing(judge: Callable[..., Values]) -> None:
    value = judge(CODE, "from solution import nothing\n", edit(CODE, "a + b", "a - b"))
    assert "could not be imported" in value["problem"]
    assert value["unmutated"] is None
