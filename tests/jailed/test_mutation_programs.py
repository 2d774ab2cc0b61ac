"""Mutants are made of mutmut's operators, and only what pytest reports kills one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunEnding, Runner, RunRequest, Runtime, pytest_runtime

pytestmark = pytest.mark.thorough

Values = dict[str, Any]
ROOM = Limits(wall_s=60.0, memory_mb=1536)


@pytest.fixture
def make(run: Runner) -> Callable[..., Values]:
    """The mutants of code files."""

    def call(code: Mapping[str, str], most: int = 200, seed: int = 1) -> Values:
        files = {f"code/{path}": text for path, text in code.items()}
        payload: dict[str, Json] = {"code": list(code), "most": most, "seed": seed}
        return _completed(run, RunRequest(Runtime.MUTANTS, "mutants", files, payload))

    return call


@pytest.fixture
def judge(run: Runner) -> Callable[..., Values]:
    """What the tests say of hand-made mutants of ``solution.py``."""

    def call(code: str, tests: str, *mutants: Values, **more: str) -> Values:
        files = {"code/solution.py": code, "tests/test_s.py": tests}
        files |= {f"code/{name}.py": text for name, text in more.items()}
        payload: dict[str, Json] = {
            "tests": ["test_s.py"], "mutants": list(mutants), "limit_s": 10.0, "budget_s": 30.0,
            "memory_mb": 1536,
        }  # fmt: skip
        runtime = pytest_runtime(files)
        return _completed(run, RunRequest(runtime, "mutation_tests", files, payload, ROOM))

    return call


def _completed(run: Runner, request: RunRequest) -> Values:
    result = run(request)
    assert result.ending is RunEnding.COMPLETED, result
    assert isinstance(result.value, dict)
    return result.value


def edit(code: str, old: str, new: str, function: str = "f", path: str = "solution.py") -> Values:
    """The mutant that has ``new`` for the only ``old``."""
    assert code.count(old) == 1
    start = code.index(old)
    name = function.rpartition(".")[2]
    line = code.count("\n", 0, code.index(f"def {name}(")) + 1
    return {
        "path": path, "start": start, "end": start + len(old), "text": new, "function": function,
        "line": line,
    }  # fmt: skip


def endings(value: Values) -> list[str]:
    assert value["unmutated"]["ending"] == value["closing"]["ending"] == "survived", value
    return [mutant["ending"] for mutant in value["mutants"]]


def texts(code: str, value: Values) -> set[str]:
    """The mutated files."""
    return {code[: m["start"]] + m["text"] + code[m["end"] :] for m in value["mutants"]}


def test_mutants_are_edits_of_functions_and_methods(make: Callable[..., Values]) -> None:
    code = "LIMIT = 1\ndef f(a):\n    return a + 1\nclass C:\n    def g(self):\n        return 2\n"
    value = make({"solution.py": code})
    assert texts(code, value) == {
        code.replace("a + 1", "a - 1"), code.replace("a + 1", "a + 2"), code.replace("2", "3"),
    }  # fmt: skip
    assert {(m["function"], m["line"]) for m in value["mutants"]} == {("f", 2), ("C.g", 5)}
    assert value["possible"] == 3
    assert value["tools"]["mutmut"]


@pytest.mark.parametrize(
    "comment", ["# pragma: no mutate", "# pragma: no mutate block", "# pragma: no mutate start"]
)
def test_comments_switch_nothing_off(make: Callable[..., Values], comment: str) -> None:
    plain = make({"solution.py": "def f(a):\n    return a + 1\n"})
    commented = make(
        {"solution.py": f"{comment}\ndef f(a):  {comment}\n    return a + 1  {comment}\n"}
    )
    assert len(commented["mutants"]) == len(plain["mutants"]) == 2


@pytest.mark.parametrize(
    "code",
    [
        "x = 1 + 1\n",
        "",
        "def f():\n    'words'\n    return g()\n",
        "import functools\n@functools.cache\ndef f():\n    return 1\n",
        "class C:\n    class D:\n        def f(self):\n            return 1\n",
    ],
)
def test_what_mutmut_leaves_alone_and_docstrings_stay(
    make: Callable[..., Values], code: str
) -> None:
    assert make({"solution.py": code})["mutants"] == []


@pytest.mark.parametrize(
    "code", ["\ufeffdef f(é):\r\n    return 'é' + é\r\n", "def f(a):\n\treturn a*2"]
)
def test_places_are_right_whatever_the_text_looks_like(
    make: Callable[..., Values], code: str
) -> None:
    plain = code.removeprefix("\ufeff")
    for text in texts(plain, make({"solution.py": code})):
        compile(text, "solution.py", "exec")
        assert text.startswith("def f(")
        assert text != plain


def test_static_and_class_methods_are_placed_by_their_def(
    make: Callable[..., Values], judge: Callable[..., Values]
) -> None:
    code = (
        "class C:\n    @staticmethod\n    def f():\n        return 1\n"
        "    @classmethod\n    async def g(cls):\n        return 2\n"
    )
    made = make({"solution.py": code})["mutants"]
    assert [(m["function"], m["line"]) for m in made] == [("C.f", 3), ("C.g", 6)]
    tests = (
        "import asyncio\nfrom solution import C\n"
        "def test_1():\n    assert (C.f(), asyncio.run(C.g())) == (1, 2)\n"
    )
    assert endings(judge(code, tests, *made)) == ["killed", "killed"]


def test_a_block_keeps_its_indentation(make: Callable[..., Values]) -> None:
    code = (
        "def f(a):\n    if a:\n        match a:\n            case 1:\n                return a\n"
        "            case _:\n                return None\n"
    )
    without = code.replace("            case 1:\n                return a\n", "")
    assert without in texts(code, make({"solution.py": code}))


def test_a_sample_is_the_same_each_time(make: Callable[..., Values]) -> None:
    code = {"solution.py": "def f(a):\n" + "    a = a + 1\n" * 40 + "    return a\n"}
    one, again, other = make(code, 10), make(code, 10), make(code, 10, seed=2)
    assert one == again != other
    assert len(one["mutants"]) == 10
    assert one["possible"] == 120


def test_what_does_not_compile_is_no_mutant(make: Callable[..., Values]) -> None:
    code = "def f(a):\n    return g(a=a, *a)\n"
    value = make({"solution.py": code})
    assert len(value["mutants"]) <= value["possible"]
    for text in texts(code, value):
        compile(text, "solution.py", "exec")


def test_a_file_that_cannot_be_parsed_is_named(make: Callable[..., Values]) -> None:
    value = make({"a.py": "def f(:\n", "b.py": "def f():\n    return 1\n"})
    assert "a.py" in value["problem"]
    assert len(value["mutants"]) == 1


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


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("(lambda: [0 for _ in iter(int, 1)])()", "timed_out"),
        ("__import__('time').sleep(60)", "timed_out"),
        ("__import__('os')._exit(1)", "crashed"),
        ("__import__('os')._exit(0)", "crashed"),
        ("__import__('sys').exit(1)", "crashed"),
        ("__import__('os').kill(__import__('os').getpid(), 11)", "crashed"),
        ("__import__('os').kill(__import__('os').getpid(), 9)", "crashed"),
        ("__import__('pytest').skip('no')", "crashed"),
        ("__import__('pytest').exit('no')", "crashed"),
        ("__import__('pytest').xfail('no')", "crashed"),
        ("[0] * 10**10", "crashed"),
        ("(_ for _ in ()).throw(KeyboardInterrupt)", "crashed"),
        ("__import__('pytest').fail('yes')", "killed"),
        ("1 / 0", "killed"),
    ],
)
def test_only_what_pytest_reports_as_an_error_kills(
    judge: Callable[..., Values], text: str, ending: str
) -> None:
    alive = edit(CODE, "a + b", "b + a")
    value = judge(CODE, TESTS, edit(CODE, "a + b", text), alive)
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
    assert endings(_completed(run, request)) == []


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


def attack(run: Runner, code: str, calls: list[str], *mutants: Values, made: Json = None) -> Values:
    """What tells mutants of ``f``, or of a method ``C.f``, from the code."""
    call = {"module": "solution", "named": "{}", "then": [], "made": made}
    asked: list[Json] = [
        {**call, "name": mutants[0]["function"], "args": arguments} for arguments in calls
    ]
    numbered: list[Json] = [{"number": number, **each} for number, each in enumerate(mutants)]
    payload: dict[str, Json] = {
        "targets": [{"calls": asked, "mutants": numbered}],
        "budget_s": 10.0,
    }
    request = RunRequest(Runtime.THIN, "mutation_attack", {"code/solution.py": code}, payload, ROOM)
    return _completed(run, request)


def test_an_input_that_tells_a_mutant_from_the_code_is_found(run: Runner) -> None:
    code = "def f(a):\n    return a > 3\n"
    mutants = edit(code, "a > 3", "a >= 3"), edit(code, "a > 3", "a > 3 and True")
    found = {m["number"]: m for m in attack(run, code, ["[1]", "[3]", "[5]"], *mutants)["attacked"]}
    assert found[0]["call"] == 1
    assert found[0]["original"]["text"] == "False"
    assert found[0]["mutant"]["text"] == "True"
    assert found[1] == {"number": 1, "compared": 3, "call": -1}


@pytest.mark.parametrize(
    ("body", "old", "new", "calls", "call"),
    [
        ("a.append(1)", "1", "2", ["[[]]"], 0),
        ("yield a + 1", "1", "2", ["[1]"], 0),
        ("return 7 // a", "7", "8", ["[0]", "[1]"], 1),
        ("return 6 // 2 * a", "//", "/", ["[1]"], -1),  # 3.0 == 3
        ("return object() if 0 else a", "0", "1", ["[1]"], -1),  # no built-in data
        ("return [a for _ in iter(int, 1)] if 0 else a", "0", "1", ["[1]"], -1),
        ("return __import__('random').random() * 1", "* 1", "* 2", ["[1]"], -1),  # luck
        ("return 0 if a == 7 else len(a)", "7", "8", ["[8]"], -1),  # no sensible argument
        ("raise ValueError(f'{a}: 1')", "1", "2", ["[1]"], 0),  # another message
        ("print(a + 1)", "1", "2", ["[1]"], 0),
        ("import os; a == 1 and os._exit(0); return a + 1", "+ 1", "+ 2", ["[1]", "[2]"], 1),
    ],
)
def test_what_counts_as_a_difference(
    run: Runner, body: str, old: str, new: str, calls: list[str], call: int
) -> None:
    code = f"def f(a):\n    {body}\n"
    mutant = edit(code, body, body.replace(old, new, 1))
    (found,) = attack(run, code, calls, mutant)["attacked"]
    assert found["call"] == call


def test_agreement_on_none_says_nothing(run: Runner) -> None:
    code = "def f(a):\n    n = 'é'\n    return a or None\n"
    calls = ["[0]", "[1]", "['']"]
    (found,) = attack(run, code, calls, edit(code, "'é'", "'É'"))["attacked"]
    assert (found["compared"], found["call"]) == (1, -1)


def test_an_answer_is_preferred_to_an_exception(run: Runner) -> None:
    code = "def f(a):\n    return 6 / a\n"
    mutant = edit(code, "6 / a", "6 / (a - 1) if a - 3 else 5")
    (found,) = attack(run, code, ["[1]", "[3]"], mutant)["attacked"]
    assert found["call"] == 1


def test_methods_are_attacked_on_a_fresh_object(run: Runner) -> None:
    code = (
        "class C:\n    def __init__(self, n):\n        self.n = n\n"
        "    def f(self, a):\n        self.n += a\n        return self.n\n"
    )
    mutant = edit(code, "+=", "-=", "C.f")
    (found,) = attack(run, code, ["[0]", "[2]"], mutant, made=["[1]", "{}"])["attacked"]
    assert (found["call"], found["compared"]) == (1, 2)
