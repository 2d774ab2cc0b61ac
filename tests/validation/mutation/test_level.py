"""Level 6: tests that would not notice another code show little."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from fractal_rmo.domain.run import RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome
from fractal_rmo.validation.mutation.level import BUDGET_S, mutation_level
from fractal_rmo.validation.mutation.mutant import Mutant, read_mutant
from fractal_rmo.validation.mutation.reading import MAX_GAPS
from fractal_rmo.validation.subject import Subject

pytestmark = pytest.mark.thorough

Canned = Callable[..., tuple[Any, Any]]
Driver = Callable[..., Any]
CODE = "def f(a):\n    return a > 3\n"
HEAD = "from solution import f\ndef test_1():\n"


def subject(tests: str, code: str = CODE) -> Subject:
    return Subject(SourceTree({"solution.py": code}), SourceTree({"test_s.py": tests}))


SUBJECT = subject(f"{HEAD}    assert f(4) and not f(3)\n")


def test_tests_that_notice_pass(real: Driver) -> None:
    verdict = real(mutation_level(SUBJECT))
    assert verdict.outcome is Outcome.PASSED, verdict
    assert verdict.level is Level.MUTATION
    assert verdict.shared_process
    assert verdict.evidence["counts"]["killed"] == verdict.evidence["counts"]["mutants"] == 2
    assert verdict.evidence["raw_score"] == 1
    assert {"mutmut", "libcst"} <= set(verdict.tools)
    assert verdict.duration_s > 0
    assert verdict.tier


def test_a_gap_is_shown_as_a_question_and_its_assertion_closes_it(real: Driver) -> None:
    weak = f"{HEAD}    assert f(9) and not f(1)\n"
    verdict = real(mutation_level(subject(weak)))
    assert verdict.outcome is Outcome.FAILED
    assert "The tests notice 0 of 2 mutants (0%); 80% are needed." in verdict.summary
    gaps = verdict.evidence["gaps"]
    assert {gap["assertion"] for gap in gaps} == {"assert f(3) == False", "assert f(4) == True"}
    first = next(gap for gap in gaps if "f(3)" in gap["question"])
    assert first["question"] == (
        "Is f(3) == False right? A mutant that answers True passes all tests."
    )
    assert (first["path"], first["line"], first["function"]) == ("solution.py", 2, "f")
    assert first["diff"] == "-    return a > 3\n+    return a >= 3"
    assert first["question"] in verdict.summary or gaps[0]["question"] in verdict.summary
    closed = weak + "".join(f"    {gap['assertion']}\n" for gap in gaps)
    assert real(mutation_level(subject(closed))).outcome is Outcome.PASSED


def test_a_mutant_that_nothing_tells_apart_does_not_count(real: Driver) -> None:
    code = (
        "def f(a):\n    if a > 3:\n        return a * 7 + 1\n    if a > 30:\n        return -a\n"
        "    return a - 5\n"
    )
    tests = f"{HEAD}    assert [f(a) for a in (3, 4, 50, -1)] == [-2, 29, 351, -6]\n"
    verdict = real(mutation_level(subject(tests, code)))
    counts = verdict.evidence["counts"]
    assert verdict.outcome in (Outcome.PASSED, Outcome.ERROR)
    assert counts["presumed_equivalent"] == counts["survived"] > 0
    statuses = {each["status"] for each in verdict.evidence["survivors"]}
    assert statuses == {"presumed equivalent"}


def test_too_many_that_nothing_tells_apart_are_an_error(real: Driver) -> None:
    code = "def f(a):\n    return a if a else a\n"
    tests = f"{HEAD}    assert f(1) == 1 and f(0) == 0\n"
    verdict = real(mutation_level(subject(tests, code)))
    assert verdict.outcome is Outcome.ERROR
    assert "presumed equivalent" in verdict.summary


@pytest.mark.parametrize("code", ["x = 1\n", "", "class A:\n    y: int = 2\n"])
def test_code_without_anything_to_mutate_is_not_applicable(real: Driver, code: str) -> None:
    verdict = real(mutation_level(subject("def test_1():\n    assert 1\n", code)))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "nothing to mutate" in verdict.summary
    assert not verdict.shared_process


def test_tests_that_fail_in_one_process_are_an_error(real: Driver) -> None:
    verdict = real(mutation_level(subject(f"{HEAD}    assert f(1)\n")))
    assert verdict.outcome is Outcome.ERROR
    assert "do not pass on the code itself in one process" in verdict.summary


@pytest.mark.parametrize(
    "trick",
    [
        "import os\nif os.environ.get('MUTANT_UNDER_TEST'):\n    os._exit(1)\n",
        "import atexit, os\natexit.register(os._exit, 1)\n",
    ],
)
def test_code_that_exits_scores_nothing_under_tests_that_assert_nothing(
    real: Driver, trick: str
) -> None:
    verdict = real(mutation_level(subject(f"{HEAD}    f(1)\n", trick + CODE)))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence["counts"]["killed"] == 0


def test_code_that_fails_once_it_is_changed_is_not_believed(real: Driver) -> None:
    trick = f"{CODE}same = f.__code__.co_code\ndef g(a):\n    assert f.__code__.co_code == same\n"
    tests = "from solution import g\ndef test_1():\n    g(1)\n"
    verdict = real(mutation_level(subject(tests, trick)))
    assert verdict.outcome is Outcome.ERROR
    assert "looks at itself" in verdict.summary


def test_a_mutant_that_never_ends_is_no_kill(real: Driver) -> None:
    code = "def f(a):\n    n = 0\n    while n < a:\n        n += 1\n    return n\n"
    verdict = real(
        mutation_level(subject(f"{HEAD}    assert f(5) == 5\n    assert f(0) == 0\n", code))
    )
    counts = verdict.evidence["counts"]
    assert counts["timed_out"] >= 1
    assert counts["killed"] + counts["timed_out"] + counts["survived"] == counts["mutants"]
    assert {each["ending"] for each in verdict.evidence["not_kills"]} == {"timed_out"}


def _value(value: Any) -> RunResult:
    return RunResult(RunEnding.COMPLETED, value, duration_s=0.5)


def _edit(start: int, text: str) -> dict[str, Any]:
    return {
        "path": "solution.py",
        "start": start,
        "end": start + 1,
        "text": text,
        "function": "f",
        "line": 1,
    }


MADE = _value({"mutants": [_edit(23, ">="), _edit(25, "4")], "possible": 2, "problem": ""})
FINE = {"ending": "survived", "detail": ""}


def judged(*endings: str, **more: Any) -> RunResult:
    mutants = [{"number": number, "ending": ending} for number, ending in enumerate(endings)]
    return _value({"unmutated": FINE, "closing": FINE, "mutants": mutants, "problem": "", **more})


@pytest.mark.parametrize(
    "results",
    [
        [RunResult(RunEnding.UNAVAILABLE, detail="no jail")],
        [RunResult(RunEnding.TIMED_OUT)],
        [_value([])],
        [_value({"mutants": [{}], "possible": 1})],
        [_value({"mutants": [], "possible": 0, "problem": "solution.py: ParserSyntaxError"})],
        [_value({"mutants": [_edit(99, "x")], "possible": 1})],
        [MADE, RunResult(RunEnding.CRASHED)],
        [MADE, RunResult(RunEnding.OUT_OF_MEMORY)],
        [MADE, judged("killed", "imagined")],
        [MADE, judged("killed", "killed", "killed")],
        [MADE, judged(problem="test_s.py could not be imported.")],
        [MADE, judged(unmutated={"ending": "killed"})],
        [MADE, judged(unmutated=None)],
        [MADE, judged("killed", "killed", closing={"ending": "timed_out"})],
        [MADE, judged()],
        [MADE, judged("killed", "killed", noticed=1)],
        [MADE, judged("killed", "killed", looked="solution.py:3 reads __code__")],
        [MADE, judged("killed", "survived"), RunResult(RunEnding.TIMED_OUT)],
    ],
)
def test_what_could_not_be_judged_is_an_error_with_its_reason(
    canned: Canned, results: list[RunResult]
) -> None:
    verdict, asked = canned(mutation_level(SUBJECT), results)
    assert verdict.outcome is Outcome.ERROR
    assert len(asked) == len(results)
    assert verdict.summary


def test_a_missing_jail_is_told_apart(canned: Canned) -> None:
    gone = RunResult(RunEnding.UNAVAILABLE, detail="no jail")
    verdict, _ = canned(mutation_level(SUBJECT), [gone])
    assert verdict.evidence["ending"] == "unavailable"


def many(count: int) -> RunResult:
    edits = [_edit(25, str(n)) for n in range(count)]
    return _value({"mutants": edits, "possible": count, "problem": ""})


def test_what_the_time_was_too_short_for_is_left_out_and_said(canned: Canned) -> None:
    ten = judged(*["killed"] * 10)
    verdict, asked = canned(mutation_level(SUBJECT), [many(40), ten])
    assert verdict.outcome is Outcome.PASSED
    assert verdict.summary == (
        "The tests notice 10 of 10 mutants (100%)."
        " 30 more were not judged: the tests take long, and a sample was taken."
    )
    assert verdict.evidence["counts"]["judged"] == 10
    assert verdict.evidence["raw_score"] == 1
    assert asked[1].limits.wall_s <= BUDGET_S
    assert asked[1].payload["budget_s"] < BUDGET_S


def test_too_small_a_sample_is_an_error(canned: Canned) -> None:
    verdict, _ = canned(mutation_level(SUBJECT), [many(40), judged(*["killed"] * 9)])
    assert verdict.outcome is Outcome.ERROR
    assert verdict.summary.startswith("The tests take too long: only 9 of 40 mutants")


@pytest.mark.slow
def test_slow_tests_are_judged_by_a_sample_within_the_budget(
    real: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fractal_rmo.validation.mutation.level.BUDGET_S", 18.0)
    code = "def f(a):\n" + "    a = a + 1\n" * 40 + "    return a\n"
    tests = f"import time\n{HEAD}    time.sleep(0.25)\n    assert f(1) == 41\n"
    begun = time.monotonic()
    verdict = real(mutation_level(subject(tests, code)))
    assert time.monotonic() - begun < 25
    assert verdict.outcome is Outcome.PASSED, verdict
    assert 10 <= verdict.evidence["counts"]["judged"] < 120
    assert "a sample was taken" in verdict.summary


def test_survivors_that_change_only_a_message_do_not_count(real: Driver) -> None:
    code = (
        "def f(a):\n    if a < 0:\n        raise ValueError('a is negative')\n"
        "    if a > 999_999:\n        raise ValueError('é: too large')\n    return a + 3\n"
    )
    tests = (
        "import pytest\nfrom solution import f\ndef test_1():\n"
        "    assert (f(0), f(7), f(999_999)) == (3, 10, 1_000_002)\n"
        "    for n in (-1, 1_000_000):\n        with pytest.raises(ValueError): f(n)\n"
    )
    verdict = real(mutation_level(subject(tests, code)))
    assert verdict.outcome is Outcome.PASSED, verdict
    counts = verdict.evidence["counts"]
    assert counts["of_words"] == counts["survived"] == 6
    assert "6 more change only the message of an exception." in verdict.summary
    assertions = [gap["assertion"] for gap in verdict.evidence["gaps"]]
    assert any("match=re.escape('a is negative')" in each for each in assertions)


def test_code_of_messages_alone_shows_nothing(real: Driver) -> None:
    code = "def f(a):\n    raise ValueError('no')\n"
    tests = f"import pytest\n{HEAD}    with pytest.raises(ValueError): f(1)\n"
    verdict = real(mutation_level(subject(tests, code)))
    assert verdict.outcome is Outcome.ERROR
    assert "so nothing is shown" in verdict.summary


def test_what_is_only_printed_counts(real: Driver) -> None:
    code = "def f(a):\n    print(a + 1)\n"
    verdict = real(mutation_level(subject(f"{HEAD}    f(1)\n", code)))
    assert verdict.outcome is Outcome.FAILED
    assert "Is it right that f(1) prints '2\\n'?" in verdict.summary


def attacked(*items: Any) -> RunResult:
    return _value({"attacked": list(items)})


def test_a_survivor_that_could_hardly_be_attacked_is_not_presumed_equivalent(
    canned: Canned,
) -> None:
    little = {"number": 1, "compared": 3, "call": -1}
    verdict, _ = canned(
        mutation_level(SUBJECT), [MADE, judged("killed", "survived"), attacked(little)]
    )
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence["counts"]["presumed_equivalent"] == 0
    assert verdict.evidence["survivors"][0]["status"] == "not told apart"
    assert "The first that they miss is in line 2 of solution.py (f)." in verdict.summary


@pytest.mark.parametrize(
    "item", [7, {}, {"number": 0, "compared": 50, "call": -1}, {"number": "1"}]
)
def test_answers_about_no_survivor_are_not_taken(canned: Canned, item: Any) -> None:
    verdict, _ = canned(
        mutation_level(SUBJECT), [MADE, judged("killed", "survived"), attacked(item)]
    )
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence["counts"]["presumed_equivalent"] == 0


def test_at_most_five_gaps_are_shown_one_a_line_first(real: Driver) -> None:
    lines = "".join(f"    if a == {n}:\n        return {n + 100}\n" for n in range(3, 11))
    verdict = real(
        mutation_level(
            subject(f"{HEAD}    assert f(-5) == 0\n", f"def f(a: int):\n{lines}    return 0\n")
        )
    )
    assert verdict.outcome is Outcome.FAILED
    gaps = verdict.evidence["gaps"]
    assert len(gaps) == MAX_GAPS
    assert len({gap["line"] for gap in gaps}) == MAX_GAPS


@pytest.mark.parametrize(
    ("code", "mutant", "line", "diff"),
    [
        ("a\nb\nc\n", Mutant("s.py", 2, 3, "x", "f", 1), 2, "-b\n+x"),
        ("\ufeffa\nb", Mutant("s.py", 2, 3, "x\ny", "f", 1), 2, "-b\n+x\n+y"),
        ("a b", Mutant("s.py", 1, 1, "!", "f", 1), 1, "-a b\n+a! b"),
    ],
)
def test_a_mutant_is_shown_by_its_lines(code: str, mutant: Mutant, line: int, diff: str) -> None:
    tree = SourceTree({"s.py": code})
    assert (mutant.place(tree), mutant.diff(tree)) == (line, diff)
    assert read_mutant(mutant.as_json(), tree) == mutant


@pytest.mark.parametrize(
    "wrong",
    [{"path": "other.py"}, {"start": -1}, {"start": 3, "end": 2}, {"end": 99}, {"text": None},
     {"text": "x" * 20_000}, {"line": "1"}, {"function": 1}],
)  # fmt: skip
def test_a_mutant_that_does_not_fit_the_code_is_none(wrong: Any) -> None:
    item = Mutant("s.py", 0, 1, "x", "f", 1).as_json() | wrong
    assert read_mutant(item, SourceTree({"s.py": "abc"})) is None


WORDS = """
def f(a):
    if a:
        raise ValueError(f'é {a}', 'two', a + 1)
    return 'x', g('y')
"""


@pytest.mark.parametrize(
    ("old", "is_of_words"),
    [("'two'", True), ("é", True), ("two", True), ("a + 1", False), ("'x'", False), ("if a", False),
     ("'y'", False), ("ValueError", False), ("'two', a", False)],
)  # fmt: skip
def test_an_edit_of_a_message_is_known_by_its_place(old: str, is_of_words: bool) -> None:
    start = WORDS.index(old)
    mutant = Mutant("s.py", start, start + len(old), "None", "f", 1)
    assert mutant.is_of_words(SourceTree({"s.py": WORDS})) is is_of_words
