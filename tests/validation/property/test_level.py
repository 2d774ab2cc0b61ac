"""Level 5 on real code in real jails: what fails, what is a note, and what is not judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.run import RunEnding, RunResult, Tier
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.property.level import property_level
from fractal_rmo.validation.subject import Subject

pytestmark = pytest.mark.thorough

Canned = Callable[..., tuple[Any, Any]]
Driver = Callable[..., Any]


def _subject(
    code: str, *calls: str, original: str | None = None, same_behaviour: bool = False
) -> Subject:
    """``code`` with tests that compare ``f`` exactly, once for each call's arguments."""
    body = "".join(f"    assert f({arguments}) == 0\n" for arguments in calls)
    tests = SourceTree({"test_s.py": f"from solution import f\ndef test():\n{body}"})
    before = None if original is None else SourceTree({"solution.py": original})
    return Subject(SourceTree({"solution.py": code}), tests, before, same_behaviour=same_behaviour)


def _calls(verdict: Verdict) -> list[str]:
    found = verdict.evidence["counter_examples"]
    assert isinstance(found, list)
    return [one["call"] for one in found]


def _notes(verdict: Verdict) -> dict[str, str]:
    """The calls of the notes by kind."""
    found = verdict.evidence["notes"]
    assert isinstance(found, list)
    return {note["kind"]: note["call"] for note in found}


def test_code_that_keeps_its_word_passes_and_says_what_was_asked(real: Driver) -> None:
    verdict = real(property_level(_subject("def f(a, b):\n    return a + b\n", "1, 2", "3, -4")))
    assert (verdict.level, verdict.outcome) == (Level.PROPERTY, Outcome.PASSED), verdict
    functions = verdict.evidence["functions"]["solution.f"]
    assert functions == {"inputs": verdict.evidence["answers"]["value"], "of_the_tests": 2}
    assert functions["inputs"] >= 100
    assert verdict.evidence["dropped"] == 0
    assert verdict.evidence["determinism"] == "asked"
    assert not verdict.shared_process
    assert "python" in verdict.tools


@pytest.mark.parametrize(
    ("code", "calls", "smallest"),
    [
        # a name that is bound in one branch only
        (
            "def f(n: int):\n    if n < 40:\n        r = n\n    return r\n",
            ["1"],
            "solution.f(40)",
        ),
        ("def f(s: str):\n    return s and sizee(s)\n", ["''"], "solution.f('a')"),
        (
            "import re\ndef f(s: str):\n    return re.match('[a-z]', s).group()\n",
            ["'abc'"],
            "solution.f('')",
        ),
        (
            "def f(x: list[int] | None):\n    return x[0] if x != [] else 0\n",
            ["[1, 2]"],
            "solution.f(None)",
        ),
        ("def f(n: int):\n    return 0 if n % 5 else f(n)\n", ["1", "8"], "solution.f(5)"),
    ],
)
def test_a_crash_that_no_program_means_fails_with_the_smallest_call(
    real: Driver, code: str, calls: list[str], smallest: str
) -> None:
    verdict = real(property_level(_subject(code, *calls)))
    assert verdict.outcome is Outcome.FAILED, verdict
    assert _calls(verdict) == [smallest]
    assert verdict.summary.startswith(f"{smallest} raises ")


@pytest.mark.parametrize(
    ("code", "calls", "kind"),
    [
        # nobody promised that a list is never empty, or that a number is never 0
        ("def f(x: list[int]):\n    return x[0]\n", ["[1, 2]"], "crash"),
        ("def f(n: int):\n    return 10 // n\n", ["1", "5"], "crash"),
        ("def f(n: int):\n    return 1 if n == 0 else n * f(n - 1)\n", ["1", "5"], "crash"),
        # no hints, no promise
        ("def f(n):\n    if n != 6: r = n\n    return r\n", ["1", "9"], "crash"),
        ("def f(x):\n    for y in x: z = y\n    return z\n", ["[1, 2]"], "crash"),
        ("def f(x):\n    x.append(1)\n    return 0\n", ["[1, 2]"], "changed argument"),
    ],
)
def test_what_nobody_promised_is_a_note(
    real: Driver, code: str, calls: list[str], kind: str
) -> None:
    verdict = real(property_level(_subject(code, *calls)))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert kind in _notes(verdict)


def test_what_is_raised_on_purpose_is_not_even_a_note(real: Driver) -> None:
    code = (
        "def f(n: int):\n    if n < 0:\n        raise UnboundLocalError('no')\n"
        "    assert n < 50\n    return n\n"
    )
    verdict = real(property_level(_subject(code, "1", "-1")))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert not verdict.evidence["notes"]


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        # a call alone lacks what the tests do first
        (
            "def init():\n    global v\n    v = 1\ndef f(n: int):\n    return v\n",
            "from solution import f, init\ndef test():\n    init()\n    assert f(1) == 1\n",
        ),
        (
            "v = []\ndef init():\n    v.append(1)\ndef f(n: int):\n    if v: r = n\n    return r\n",
            "from solution import f, init\ndef test():\n    init()\n    assert f(1) == 1\n",
        ),
        (
            "def f(n: int):\n    return helper(n)\n",
            "import solution\nsolution.helper = abs\ndef test():\n    assert solution.f(1) == 1\n",
        ),
    ],
)
def test_what_the_tests_prepare_is_not_missed(real: Driver, code: str, tests: str) -> None:
    subject = Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.PASSED, verdict


SETS = "def f(x):\n    return list({*x})\n"


def test_an_answer_that_changes_with_the_hash_seed_fails(real: Driver) -> None:
    verdict = real(property_level(_subject(SETS, "['b', 'a']")))
    assert verdict.outcome is Outcome.FAILED, verdict
    (found,) = verdict.evidence["counter_examples"]
    assert found["property"] == "gives the same answer in every process"
    assert "as the process's hash seed has it" in verdict.summary
    assert len(set(found["answers"])) == 2
    assert len(verdict.evidence["counter_examples"][0]["call"]) < len("solution.f(['b', 'a', 'b'])")


def test_a_tie_that_the_order_of_a_set_breaks_fails(real: Driver) -> None:
    code = "def f(x):\n    return max({*x}, key=x.count)\n"
    verdict = real(property_level(_subject(code, "['b', 'a', 'b']")))
    assert verdict.outcome is Outcome.FAILED, verdict


def test_the_order_of_a_set_counts_only_where_the_tests_see_it(real: Driver) -> None:
    subject = _subject(SETS, "['b', 'a']")
    tests = "from solution import f\ndef test():\n    assert set(f(['b', 'a'])) == {'a', 'b'}\n"
    subject = Subject(subject.code, SourceTree({"test_s.py": tests}))
    assert real(property_level(subject)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("def f(s):\n    return hash(s) % 1000\n", Outcome.FAILED),
        ("def g(s):\n    return id(s)\ndef f(s):\n    return g(s)\n", Outcome.FAILED),
        ("def f(s):\n    return hash(s) == hash(s[:]) and id(s) == id(s)\n", Outcome.PASSED),
        ("def f(s):\n    return hash(len(s))\n", Outcome.PASSED),
    ],
)
def test_hash_and_id_fail_where_the_answer_hangs_on_them(
    real: Driver, code: str, outcome: Outcome
) -> None:
    tests = "from solution import f\ndef test():\n    assert f('ab') >= 0\n"
    subject = Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))
    verdict = real(property_level(subject))
    assert verdict.outcome is outcome, verdict
    assert verdict.evidence["determinism"] == "asked"
    assert ("hash() or id()" in verdict.summary) is (outcome is Outcome.FAILED)


@pytest.mark.parametrize(
    "code",
    [
        "import random\ndef f(n):\n    return random.random() * 0\n",
        "import uuid\ndef f(n):\n    return str(uuid.uuid4())\n",
    ],
)
def test_code_that_asks_for_chance_may_differ(real: Driver, code: str) -> None:
    verdict = real(property_level(_subject(code, "1")))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert verdict.evidence["determinism"].startswith("not asked: solution.f uses ")


def test_an_answer_that_depends_on_earlier_calls_is_a_note(real: Driver) -> None:
    code = "seen = []\ndef f(n):\n    seen.append(n)\n    return len(seen)\n"
    verdict = real(property_level(_subject(code, "1")))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert "depends on earlier calls" in _notes(verdict)


def test_round_trips_and_repetitions_that_do_not_hold_are_notes(real: Driver) -> None:
    code = (
        "def encode(s):\n    return s.upper()\n"
        "def decode(s):\n    return s.lower()\n"
        "def strip_x(s):\n    return s[1:] if s.startswith('x') else s\n"
        "def sort(x):\n    return sorted(x)\n"
    )
    tests = (
        "from solution import encode, strip_x, sort\n"
        "def test():\n    assert encode('ab') == 'AB'\n    assert strip_x('xxa') == 'xa'\n"
        "    assert sort([2, 1]) == [1, 2]\n"
    )
    subject = Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.PASSED, verdict
    notes = _notes(verdict)
    assert notes["no round trip"].startswith("solution.decode(solution.encode('")
    assert notes["not idempotent"] == "solution.strip_x(solution.strip_x('xx'))"
    assert not any("sort" in call for call in notes.values())


ORIGINAL = "def f(n):\n    return abs(n)\n"
CHANGED = "def f(n):\n    return n if n > -30 else -n\n"


def test_a_difference_from_the_original_of_a_fix_is_a_question(real: Driver) -> None:
    verdict = real(property_level(_subject(CHANGED, "1", original=ORIGINAL)))
    assert verdict.outcome is Outcome.PASSED, verdict
    notes = [n for n in verdict.evidence["notes"] if n["kind"] == "differs from the original"]
    assert notes[0] == {
        "kind": "differs from the original",
        "call": "solution.f(-1)",
        "says": "Before, it gives 1; now it gives -1. Is that meant?",
    }
    assert len(notes) == 3


def test_a_refactoring_must_answer_as_before(real: Driver) -> None:
    subject = _subject(CHANGED, "1", original=ORIGINAL, same_behaviour=True)
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.FAILED
    (found,) = verdict.evidence["counter_examples"]
    assert found["call"] == "solution.f(-1)"
    assert found["answers"] == ["gives 1", "gives -1"]


def test_a_refactoring_may_answer_where_the_original_raised(real: Driver) -> None:
    before, now = "def f(n):\n    return 6 // n\n", "def f(n):\n    return 6 // n if n else 0\n"
    subject = _subject(now, "1", original=before, same_behaviour=True)
    assert real(property_level(subject)).outcome is Outcome.PASSED


def test_a_crash_that_the_original_had_is_not_held_against_a_fix(real: Driver) -> None:
    code = "def f(n: int):\n    if n < 40:\n        r = n{}\n    return r\n"
    subject = _subject(code.format(" + 1"), "1", original=code.format(""))
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.PASSED, verdict
    says = [n["says"] for n in verdict.evidence["notes"] if n["call"] == "solution.f(40)"]
    assert any("the original did no better" in words for words in says)


def test_an_order_that_changed_before_is_not_held_against_a_fix(real: Driver) -> None:
    subject = _subject(SETS.replace("x})", "x} - {0})"), "['b', 'a']", original=SETS)
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert "as bad as before" in _notes(verdict)


def test_properties_of_the_tests_are_counted_and_not_run_again(real: Driver) -> None:
    tests = (
        "from hypothesis import given, strategies as st\nfrom solution import f\n"
        "@given(st.integers())\ndef test(n):\n    assert f(n) == n\n"
    )
    code = SourceTree({"solution.py": "def f(n: int):\n    return n\n"})
    verdict = real(property_level(Subject(code, SourceTree({"test_s.py": tests}))))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert verdict.evidence["properties_of_the_tests"] == 1
    assert verdict.summary.endswith("own properties, 1 of them, have run at level 3.")


def test_inputs_that_take_too_long_are_dropped_and_counted(real: Driver) -> None:
    code = "def f(n):\n    while n == 0: pass\n    return n\n"
    verdict = real(property_level(_subject(code, "1")))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert verdict.evidence["answers"]["late"] == verdict.evidence["dropped"] == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f(n):\n    while True: pass\n", " took too long"),
        ("import os\ndef f(n):\n    n == 1 or os._exit(0)\n", "ended the process"),
    ],
)
def test_where_most_calls_gave_no_answer_nothing_is_said_of_the_others(
    real: Driver, code: str, words: str
) -> None:
    verdict = real(property_level(_subject(code, "1")))
    assert verdict.outcome is Outcome.ERROR, verdict
    assert verdict.summary.startswith("Only ")
    assert words in verdict.summary


def test_many_calls_that_never_end_do_not_hide_the_others(real: Driver) -> None:
    code = "def f(a, b):\n    while b in (0, 1): pass\n    return a + b\n"
    verdict = real(property_level(_subject(code, "2, 3", "10, 1000")))
    assert verdict.outcome is Outcome.PASSED, verdict
    answers = verdict.evidence["answers"]
    assert answers["late"] > 10
    assert answers["value"] > 120


EXIT = "import os\n\n\ndef f(n{}):\n    if n >= 40:\n        os._exit(0)\n    return n\n"


@pytest.mark.parametrize(
    ("code", "calls", "says"),
    [
        (EXIT.format(": int"), ["1"], "solution.f(40) ends the process: exit code 0"),
        (
            "import sys\ndef f(n):\n    if n == 7: sys.exit(2)\n    return n\n",
            ["1", "9"],
            "solution.f(7) raises SystemExit: 2",
        ),
        (
            "import os\ndef f(n: int):\n    n == 4 and os.kill(os.getpid(), 11)\n    return n\n",
            ["1", "3"],
            "solution.f(4) ends the process: signal 11 (SIGSEGV)",
        ),
    ],
)
def test_a_promised_call_that_ends_the_process_fails(
    real: Driver, code: str, calls: list[str], says: str
) -> None:
    verdict = real(property_level(_subject(code, *calls)))
    assert verdict.outcome is Outcome.FAILED, verdict
    assert verdict.summary.startswith(says)
    assert verdict.evidence["answers"]["value"] > 20  # it is asked on


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("def test(monkeypatch):\n    monkeypatch.setattr('os._exit', print)\n", Outcome.PASSED),
        ("def test():\n    1\n", Outcome.FAILED),
    ],
)
def test_tests_may_want_an_end_of_the_process(real: Driver, test: str, outcome: Outcome) -> None:
    code = "import os\ndef f(n: int):\n    if n in (2, 3): os._exit(0)\n    return n\n"
    tests = f"from solution import f\n{test}    assert f(2) == 2\n    assert f(9) == 9\n"
    subject = Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))
    assert real(property_level(subject)).outcome is outcome


@pytest.mark.parametrize(
    "code",
    [
        EXIT.format(""),
        "import sys\ndef f(n: int):\n    if n > 30: sys.exit('usage')\n    return n\n",
    ],
)
def test_an_end_of_the_process_that_nobody_ruled_out_is_a_note(real: Driver, code: str) -> None:
    verdict = real(property_level(_subject(code, "1", "2")))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert "crash" in _notes(verdict)


def test_only_what_a_function_uses_itself_excuses_it(real: Driver) -> None:
    code = (
        "import os, time\nfrom random import random\n"
        "def init():\n    global v\n    v = time.time()\n"
        "def roll(x):\n    return pick(x)\ndef pick(x):\n    return random()\n"
        "def order(x):\n    return list({*x})\n"
        "def late(n: int):\n    if n < 40: r = n\n    return r\n"
    )
    tests = (
        "from solution import init, late, order, roll\ndef test():\n    init()\n"
        "    assert order(['a', 'b']) == 1\n    assert late(1) == 1\n    assert roll(1) == 1\n"
    )
    subject = Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.FAILED, verdict
    names = {call.partition("(")[0] for call in _calls(verdict)}
    assert names == {"solution.late", "solution.order"}
    assert verdict.evidence["determinism"] == (
        "asked, but not of all: solution.init uses time (solution.py);"
        " solution.roll uses random.random (solution.py)"
    )


METHODS = (
    "class Bag:\n    def __init__(self, items):\n        self.items = items\n"
    "    def listed(self, more):\n        return list({*self.items, *more})\n"
    "    def first(self, n: int):\n        return self.found.group(n)\n    found = None\n"
)


def test_methods_are_called_on_objects_as_the_tests_make_them(real: Driver) -> None:
    tests = (
        "from solution import Bag\ndef test():\n"
        "    bag = Bag(['x', 'y'])\n    assert bag.listed(['a']) == 1\n"
    )
    subject = Subject(SourceTree({"solution.py": METHODS}), SourceTree({"test_s.py": tests}))
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.FAILED, verdict
    assert verdict.summary.startswith("solution.Bag(['x', 'y']).listed([")
    assert verdict.evidence["counter_examples"][0]["property"] == (
        "gives the same answer in every process"
    )


def test_the_state_of_an_object_is_for_the_tests_to_prepare(real: Driver) -> None:
    tests = (
        "from solution import Bag\ndef test():\n    bag = Bag([])\n    bag.found = set()\n"
        "    assert bag.first(0) == 1\n"
    )
    subject = Subject(SourceTree({"solution.py": METHODS}), SourceTree({"test_s.py": tests}))
    verdict = real(property_level(subject))
    assert verdict.outcome is Outcome.PASSED, verdict


@pytest.mark.parametrize(
    ("code", "tests", "words"),
    [
        ("class A: ...\n", "from solution import A\ndef test():\n    A()\n", "solution.A: a class"),
        ("X = 1\n", "def test():\n    assert 1\n", "The tests call no function of the code"),
        (
            "def f(x):\n    return x\n",
            "from solution import f\ndef test():\n    f(object())\n",
            "Nothing says what solution.f may be called with",
        ),
    ],
)
def test_without_a_function_to_call_it_is_not_applicable(
    canned: Canned, code: str, tests: str, words: str
) -> None:
    subject = Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))
    verdict, asked = canned(property_level(subject), [])
    assert (verdict.outcome, asked) == (Outcome.NOT_APPLICABLE, [])
    assert words in verdict.summary


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (RunResult(RunEnding.UNAVAILABLE, detail="no jail"), "no jail"),
        (RunResult(RunEnding.CRASHED, detail="Signal 9."), "ended as crashed"),
        (RunResult(RunEnding.COMPLETED, {"answers": 7}), "does not fit its schema"),
        (RunResult(RunEnding.COMPLETED, {"answers": [None] * 200, "problem": "x: E"}), "x: E"),
    ],
)
def test_without_answers_it_is_an_error(canned: Canned, result: RunResult, words: str) -> None:
    subject = _subject("def f(a, b):\n    return a\n", "[3, 1, 2], 'ab'")
    verdict, _ = canned(property_level(subject), [result])
    assert verdict.outcome is Outcome.ERROR
    assert words in verdict.summary
    assert verdict.evidence["ending"] == result.ending.value
    assert verdict.tier == Tier.RLIMITS


def test_code_that_claims_to_have_passed_is_not_believed(real: Driver) -> None:
    """It may write what it likes: an answer is compared, never obeyed."""
    code = (
        "import json\ndef f(n: int):\n"
        "    if n == 7: print(json.dumps({'outcome': 'passed'}))\n"
        "    if n < 40: r = n\n    return r\n"
    )
    assert real(property_level(_subject(code, "1"))).outcome is Outcome.FAILED
