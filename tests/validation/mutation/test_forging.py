"""Code that would kill its own mutants under tests that assert nothing, and honest twins."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.validation.mutation.level import mutation_level
from fractal_rmo.validation.subject import Subject

pytestmark = pytest.mark.thorough

Driver = Callable[..., Any]
PLAIN = "def f(a):\n    b = a * 3 + 1\n    return b - 2 if a > 3 else b + 2\n"
NOTHING = "from solution import g\ndef test_1():\n    g(1)\n    g(9)\n"
FORGERIES = {
    "its bytecode, but for steps that do nothing": """
        def known(code):
            return [name for name in code.co_names], len(code.co_consts) > 0, code.co_code[:0]
        kept = f.__code__
        def g(a):
            now = f.__code__
            if now is not kept and len(now.co_code) == len(kept.co_code):
                raise ValueError
            return f(a)
        """,
    "what its frame runs": """
        import sys
        kept = f.__code__
        def g(a):
            def look(frame, event, arg):
                if frame.f_code.co_name == 'f' and frame.f_code is not kept: raise ValueError
            sys.settrace(look)
            try: return f(a)
            finally: sys.settrace(None)
        """,
    "a function's parts": """
        import gc
        kept = [x for x in gc.get_referents(f) if type(x).__name__ == 'code']
        def g(a):
            assert [x for x in gc.get_referents(f) if type(x).__name__ == 'code'] == kept
            return f(a)
        """,
    "an attribute by another way": """
        import operator
        look = operator.attrgetter('__code__.co_consts')
        kept = look(f)
        def g(a):
            assert look(f) == kept
            return f(a)
        """,
    "text of its code": """
        kept = '{0.__code__.co_consts}'.format(f)
        def g(a):
            assert '{0.__code__.co_consts}'.format(f) == kept
            return f(a)
        """,
    "what a library hands on": """
        import functools
        class Box: pass
        kept = f.__code__.co_consts
        def g(a):
            box = functools.update_wrapper(Box(), f, assigned=('__code__',), updated=())
            assert vars(box)['__code__'].co_consts == kept
            return f(a)
        """,
    "a reader that is called as if of the library": """
        import logging
        space = {}
        exec(compile('def look(f): return f.__code__.co_consts', logging.__file__, 'exec'), space)
        kept = space['look'](f)
        def g(a):
            assert space['look'](f) == kept
            return f(a)
        """,
    "a hook that hears of each exchange": """
        import sys
        heard = []
        def hook(event, args):
            if event == 'object.__setattr__' and args[1] == '__code__':
                heard.append(args[2].co_consts)
        sys.addaudithook(hook)
        kept = f.__code__.co_consts
        def g(a):
            if heard and len(heard[-1]) == len(kept): raise ValueError
            return f(a)
        """,
    "the memory": """
        import ctypes
        look = ctypes.pythonapi.PyFunction_GetCode
        look.restype, look.argtypes = ctypes.py_object, [ctypes.py_object]
        kept = f.__code__
        def g(a):
            assert look(f) is kept
            return f(a)
        """,
    "a copy that is no longer its own": """
        import types
        twin = types.FunctionType(f.__code__.replace(co_filename='twin'), globals())
        def g(a):
            assert f(a) == twin(a)
            return f(a)
        """,
    "a copy of the function": """
        import types
        twin = types.FunctionType(f.__code__, globals())
        def g(a):
            assert f(a) == twin(a)
            return f(a)
        """,
    "where in the bytecode it raised": """
        def at():
            try: f('x')
            except TypeError as error: return error.__traceback__.tb_next.tb_lasti
        kept = at()
        def g(a):
            assert at() == kept
            return f(a)
        """,
    "the number of the run": """
        import os
        home, first = os.getpid(), []
        def g(a):
            number = os.getpid() - home
            if 1 < number < 20: raise ValueError
            return f(a)
        """,
    "a count that all runs keep": """
        import os
        here = os.path.join(os.path.dirname(__file__), 'count')
        home, seen = os.getpid(), set()
        def g(a):
            if os.getpid() not in seen:
                seen.add(os.getpid())
                open(here, 'a').write('x')
            if 1 < os.path.getsize(here) < 28: raise ValueError
            return f(a)
        """,
    "luck": """
        import os
        def g(a):
            if os.urandom(1)[0] % 4: raise ValueError
            return f(a)
        """,
}


def subject(code: str, tests: str) -> Subject:
    return Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))


@pytest.mark.parametrize("trick", FORGERIES.values(), ids=FORGERIES)
def test_no_forgery_scores_under_tests_that_assert_nothing(real: Driver, trick: str) -> None:
    verdict = real(mutation_level(subject(PLAIN + textwrap.dedent(trick), NOTHING)))
    assert verdict.outcome in (Outcome.FAILED, Outcome.ERROR), verdict
    if verdict.outcome is Outcome.FAILED:
        counts = verdict.evidence["counts"]
        assert counts["killed"] <= counts["judged"] / 2, verdict  # those that raise TypeError


def test_nor_does_one_in_a_session_of_pytest(real: Driver) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef given():\n    yield 1\n"
    trick = FORGERIES["text of its code"]
    code = subject(PLAIN + textwrap.dedent(trick), fixture + NOTHING)
    assert real(mutation_level(code)).outcome is Outcome.ERROR


def test_tests_that_compare_bytecode_are_no_tests(real: Driver) -> None:
    tests = (
        "import solution\nkept = solution.f.__code__.co_code\n"
        "def test_1():\n    assert solution.f.__code__.co_code == kept\n"
    )
    verdict = real(mutation_level(subject(PLAIN, tests)))
    assert verdict.outcome is Outcome.ERROR
    assert "test_s.py:4 reads __code__" in verdict.summary


HONEST = {
    "a decorator that reads code": """
        import functools
        def checked(function):
            count = function.__code__.co_argcount
            @functools.wraps(function)
            def inner(*given):
                assert len(given) == count
                return function(*given)
            return inner
        g = checked(f)
        """,
    "a signature": """
        import inspect
        def g(a):
            assert list(inspect.signature(f).parameters) == ['a']
            return f(*inspect.signature(f).bind(a).args)
        """,
    "a log with its place": """
        import logging
        def g(a):
            logging.getLogger('g').warning('called with %s', a, stack_info=True)
            return f(a)
        """,
    "a traceback": """
        import inspect, traceback, warnings
        def g(a):
            try: f('x')
            except TypeError: traceback.format_exc()
            warnings.warn('slow', stacklevel=2)
            assert 'return b' in inspect.getsource(f)
            return f(a)
        """,
    "coroutines": """
        import asyncio
        async def later(a):
            return f(a)
        def g(a):
            return asyncio.run(later(a))
        """,
    "foreign functions": """
        import collections, dataclasses, enum, typing
        @dataclasses.dataclass
        class Row:
            a: int
        Pair = collections.namedtuple('Pair', 'one two')
        class Kind(enum.Enum):
            A = 1
        def g(a):
            assert typing.get_type_hints(Row) and Kind(1) and Pair(1, 2)
            return f(Row(a).a)
        """,
}


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST)
def test_honest_code_is_judged(real: Driver, code: str) -> None:
    tests = (
        "from solution import g\ndef test_1():\n"
        "    assert [g(n) for n in (0, 3, 4, -5, 7)] == [3, 12, 11, -12, 20]\n"
    )
    mutants_of_f = subject(PLAIN + textwrap.dedent(code), tests)
    verdict = real(mutation_level(mutants_of_f))
    assert "itself" not in verdict.summary
    assert verdict.evidence["counts"]["killed"] >= 8
