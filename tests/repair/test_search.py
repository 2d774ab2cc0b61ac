"""The search, judged in this process: what it finds, in which order, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import FIRST_STEPS
from fractal_rmo.editing.source import parse
from fractal_rmo.repair import hunt, rounds
from fractal_rmo.repair.candidates import equally, parse_files, rank
from fractal_rmo.repair.hunt import FURTHER
from fractal_rmo.repair.localise import Suspicion
from fractal_rmo.repair.problem import RepairOutcome, RepairProblem, RepairStatus
from fractal_rmo.repair.search import LOOKS, never, search
from fractal_rmo.repair.starts import Start, enumerated, plain_forms
from fractal_rmo.repair.trail import read_trail
from fractal_rmo.repair.ways import Way
from tests.repair.inprocess import TURNS, drive, run

MANY = 20_000
SUM = "def total(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n"
SUM_TESTS = (
    "from solution import total\n"
    "def test_small(): assert total(1) == 1\n"
    "def test_more(): assert total(4) == 10\n"
    "def test_none(): assert total(0) == 0\n"
)


def problem(code: str, tests: str, position: int = 0) -> RepairProblem:
    trees = SourceTree({"solution.py": code}), SourceTree({"test_solution.py": tests})
    return RepairProblem(*trees, position=position)


def solve(
    asked: RepairProblem, most: int = MANY, pause: Callable[[], bool] = never
) -> tuple[RepairOutcome, list[str]]:
    return drive(search(asked, max_candidates=most, pause=pause), run)


LEAP = "def leap(y):\n    return y % 4 == 0 and (y % 100 != 0 and y % 400 == 0)\n"
LEAP_TESTS = (
    "from solution import leap\n"
    "def test_yes(): assert leap(1996) and leap(2000)\n"
    "def test_no(): assert not leap(1900) and not leap(2023)\n"
)


def test_behind_a_patch_no_more_is_judged_than_the_search_wants() -> None:
    asked = list[int]()

    def counted(request: RunRequest) -> RunResult:
        asked.append(len(request.payload.get("candidates", ())))  # type: ignore[arg-type]
        return run(request)

    outcome, _ = drive(search(problem(LEAP, LEAP_TESTS), max_candidates=MANY), counted)
    assert sum(asked) == outcome.tried


def test_alternatives_are_sought_for_a_while_only() -> None:
    outcome, _ = solve(problem(LEAP, LEAP_TESTS))
    first = outcome.position - FURTHER
    earlier, _ = solve(problem(LEAP, LEAP_TESTS), most=first)
    assert earlier.candidates[0] == outcome.candidates[0]
    assert not solve(problem(LEAP, LEAP_TESTS), most=first - 1)[0].candidates


def test_many_are_judged_in_one_run_by_the_failing_tests_first() -> None:
    asked: list[dict[str, Json]] = []

    def watched(request: RunRequest) -> RunResult:
        asked.append({"program": request.program, **request.payload})
        return run(request)

    drive(search(problem(SUM, SUM_TESTS), max_candidates=20), watched)
    assert [a["program"] for a in asked[: 2 + LOOKS]].count("unit_tests") == 1 + LOOKS
    many = asked[1 + LOOKS]
    assert many["failing"] == ["test_solution.py::test_small", "test_solution.py::test_more"]
    assert len(many["candidates"]) == 20  # type: ignore[arg-type]


@pytest.mark.thorough
def test_a_run_that_was_cut_short_is_gone_on_with() -> None:
    """Its time was over; holes come where forks beside each other were cut."""
    judged = 5

    def cut(request: RunRequest) -> RunResult:
        result = run(request)
        if request.program == "unit_candidates" and isinstance(result.value, dict):
            entries = [
                e for e in result.value["judged"] if e["number"] < judged or e["number"] > 20
            ]
            return replace(result, value={**result.value, "judged": entries})
        return result

    whole, _ = solve(problem(SUM, SUM_TESTS))
    outcome, _ = drive(search(problem(SUM, SUM_TESTS), max_candidates=MANY), cut)
    assert [c.tree for c in outcome.candidates] == [c.tree for c in whole.candidates]
    assert (outcome.tried, outcome.position) == (whole.tried, whole.position)


def test_a_pause_is_heard_between_single_runs() -> None:
    labels: list[str] = []

    def lost(request: RunRequest) -> RunResult:
        labels.append(request.label)
        if request.program == "unit_candidates":
            return RunResult(RunEnding.CRASHED)
        return run(request)

    asked = problem(
        "def f():\n    return {}\n", "from solution import f\ndef test(): assert f() == 1\n"
    )
    outcome, _ = drive(
        search(asked, max_candidates=MANY, pause=lambda: len(labels) > 3 + LOOKS), lost
    )
    assert outcome.status is RepairStatus.PAUSED
    assert 0 < outcome.position < 5


def test_what_passes_among_many_is_run_once_more_alone() -> None:
    alone: list[str] = []

    def watched(request: RunRequest) -> RunResult:
        if request.program == "unit_tests":
            alone.append(request.label)
        return run(request)

    outcome, _ = drive(search(problem(SUM, SUM_TESTS), max_candidates=MANY), watched)
    assert {c.description for c in outcome.candidates} <= set(alone)


FLAKY = (
    "from tests.repair.inprocess import TURNS\n"
    "def test_now_and_then():\n    TURNS.append(not TURNS[-1])\n    assert TURNS[-1]\n"
)


def test_a_test_that_fails_at_times_is_left_out_and_named() -> None:
    """Were it heard, each candidate would win it, or lose it, by chance."""
    TURNS[:] = [True]
    name = "test_solution.py::test_now_and_then"
    outcome, _ = solve(problem(SUM, f"{FLAKY}{SUM_TESTS}"))
    steady, _ = solve(problem(SUM, SUM_TESTS))
    assert [c.tree for c in outcome.candidates] == [c.tree for c in steady.candidates]
    assert outcome.trail.flaky == (name,)
    assert read_trail(outcome.trail.as_json()).flaky == (name,)
    told = f"Left out, since they both passed and failed on the same code: {name}."
    assert outcome.telling("Words") == outcome.telling("Words.") == f"Words. {told}"
    assert steady.telling("Words.") == "Words."


@pytest.mark.thorough
def test_a_second_look_gives_an_endless_test_no_more_lines_than_the_first() -> None:
    steps = list[Json]()

    def watched(request: RunRequest) -> RunResult:
        if request.label.startswith(("all tests, as", "all tests, again")):
            steps.append(request.payload["step_limit"])
        is_free = request.payload.get("step_limit") is None  # nothing would end it in this process
        return RunResult(RunEnding.TIMED_OUT) if is_free else run(request)

    code = "def f(n):\n    while n:\n        n += 1\n    return n\n"
    tests = "from solution import f\ndef test(): assert f(2) == 0\n"
    drive(search(problem(code, tests), max_candidates=MANY), watched)
    assert steps == [FIRST_STEPS] * (1 + LOOKS)


def test_nothing_is_judged_by_tests_that_all_fail_at_times() -> None:
    TURNS[:] = [True]
    outcome, _ = solve(problem(SUM, FLAKY))
    assert outcome.status is RepairStatus.CANNOT_JUDGE
    assert outcome.note.startswith("Only tests fail that pass at other times")


@pytest.mark.thorough
def test_a_pause_is_heard_before_the_search_goes_on_from_many_ways() -> None:
    """Each way is traced first, which takes a run.  A resumed search traces them all."""
    code = "def f(a, b):\n    c = a - 1\n    d = b - 2\n    return c * 10, d * 10\n"
    tests = "from solution import f\ndef test_1(): assert f(1, 2) == (21, 41)\n"
    labels: list[str] = []

    def watched(request: RunRequest) -> RunResult:
        labels.append(request.label)
        return run(request)

    def later() -> bool:
        return labels[-1].startswith("after ")

    asked = problem(code, tests)
    outcome, _ = drive(search(asked, max_candidates=MANY, pause=later), watched)
    assert outcome.status is RepairStatus.PAUSED
    assert sum(label.startswith("after ") for label in labels) == 1
    assert len(outcome.trail.ways) > 1
    resumed = replace(asked, position=outcome.position, trail=outcome.trail)
    further, _ = drive(search(resumed, max_candidates=MANY, pause=lambda: True), run)
    assert further.position > outcome.position


def test_code_that_passes_is_left_alone() -> None:
    outcome, labels = solve(problem("def f():\n    return 1\n", "def test_1(): pass\n"))
    assert outcome.status is RepairStatus.ALREADY_PASSES
    assert len(labels) == 1


def test_what_no_edit_mends_is_exhausted() -> None:
    tests = (
        "from solution import f\ndef test_1(): assert f() == 'a long and unlikely answer'[::2]\n"
    )
    outcome, _ = solve(problem("def f():\n    return {}\n", tests))
    assert outcome.status is RepairStatus.EXHAUSTED
    assert outcome.tried == outcome.position > 0
    words = f"All candidates of up to 2 edits were tried, {outcome.tried}; none passes the tests."
    assert outcome.note == words


def test_a_rejected_candidate_does_not_come_again() -> None:
    asked = problem(SUM, SUM_TESTS)
    best = solve(asked)[0].candidates[0].tree
    again = RepairProblem(asked.code, asked.tests, frozenset({best.sha256}))
    assert best not in [c.tree for c in solve(again)[0].candidates]


def test_broken_code_cannot_be_judged() -> None:
    outcome, labels = solve(problem("def f(:\n", "def test_1(): pass\n"))
    assert outcome.status is RepairStatus.CANNOT_JUDGE
    assert outcome.note.startswith("solution.py is not valid Python")
    assert not labels


def test_a_lost_sandbox_is_no_verdict_and_loses_no_place() -> None:
    runs = 0

    def failing(request: RunRequest) -> RunResult:
        nonlocal runs
        runs += 1
        return run(request) if runs <= 3 else RunResult(RunEnding.UNAVAILABLE, detail="Gone.")

    outcome, _ = drive(search(problem(SUM, SUM_TESTS), max_candidates=MANY), failing)
    assert (outcome.status, outcome.note) == (RepairStatus.UNAVAILABLE, "Gone.")
    assert outcome.position == outcome.tried - 1


def test_a_test_that_disappears_is_no_repair() -> None:
    code = "import sys\nLIMIT = 1\ndef f():\n    return LIMIT\n"
    tests = (
        "from solution import LIMIT, f\n"
        "def test_1(): assert f() == 2\n"
        "if LIMIT == 1:\n    def test_2(): assert True\n"
    )
    outcome, _ = solve(problem(code, tests))
    assert all("LIMIT = 1" in c.tree.files["solution.py"] for c in outcome.candidates)


@pytest.mark.thorough
@given(cuts=st.lists(st.integers(1, 25), min_size=1, max_size=6))
@settings(max_examples=5, deadline=None)
def test_slices_judge_what_an_unbroken_search_judges(cuts: list[int]) -> None:
    """Paused anywhere and resumed at its position, a search tries the same candidates in order.

    Those that may mend it have runs of their own, whichever were asked about together.
    """
    whole = _judged(solve(problem(SUM, SUM_TESTS))[1])
    seen, position = [], 0
    for length in [*cuts, MANY]:
        left = iter(range(length - 1))
        asked = problem(SUM, SUM_TESTS, position)
        outcome, labels = solve(asked, pause=lambda left=left: next(left, None) is None)  # type: ignore[misc]
        seen += _judged(labels)
        position = outcome.position
        if outcome.status is not RepairStatus.PAUSED:
            break
    assert seen == whole[: len(seen)]
    assert outcome.status is RepairStatus.REPAIRED


def _judged(labels: list[str]) -> list[str]:
    """The candidates behind the labels of runs of their own, in order, each once."""
    others = ("all tests, ", "the best so far: ", " more")
    return list(
        dict.fromkeys(x for x in labels if not (x.startswith(others) or x.endswith(others)))
    )


PROGRAMS = st.sampled_from([SUM, LEAP])


@pytest.mark.thorough
@given(PROGRAMS, st.booleans())
@settings(max_examples=10, deadline=None)
def test_every_candidate_parses_and_differs(code: str, blank: bool) -> None:
    tree = SourceTree({"solution.py": code + ("\n# é\n" if blank else "")})
    files, broken = parse_files(tree)
    proposals = rank(files, SourceTree({}), Suspicion(known=False), equally)
    plain = plain_forms(files)
    start = Start(Way(), tree, [(p.score, p) for p in proposals], frozenset())
    trees = [item.tree for item in enumerated([start], [0], plain)]
    texts = [changed.files["solution.py"] for changed in trees]
    assert not broken
    assert len(trees) > 50
    assert all(parse(text) is not None for text in texts)
    assert len({*texts, tree.files["solution.py"]}) == len(texts) + 1
    assert [p.score for p in proposals] == sorted((p.score for p in proposals), reverse=True)


TWO = "def area(w, h):\n    return w + h\n\n\ndef small(text):\n    return text.upper()\n"
TWO_TESTS = """\
from solution import area, small
def test_both():
    assert area(2, 3) == 6
    assert area(5, 1) == 5
    assert small("Ab") == "ab"
"""


@pytest.mark.thorough
def test_faults_behind_one_test_are_mended_by_its_parts() -> None:
    outcome, _ = solve(problem(TWO, TWO_TESTS))
    assert outcome.status is RepairStatus.REPAIRED
    best = outcome.candidates[0]
    assert {len(c.made) for c in outcome.candidates} == {2}  # none that the tests do not ask for
    assert "w * h" in best.tree.files["solution.py"]
    assert "text.lower()" in best.tree.files["solution.py"]


def test_the_best_way_is_told_where_nothing_passes_and_is_no_candidate() -> None:
    tests = f"{TWO_TESTS}def test_all(): assert area(2, 3) == 6 and small('x') == object\n"
    tests += "def test_area(): assert area(2, 3) == 6\n"
    outcome, _ = drive(search(problem(TWO, tests), max_candidates=300), run)
    assert outcome.status is RepairStatus.EXHAUSTED
    assert not outcome.candidates
    assert outcome.partly is not None
    assert outcome.partly.won == ("test_solution.py::test_area",)
    assert outcome.partly.failing == ("test_solution.py::test_both", "test_solution.py::test_all")
    assert "makes 1 of 3 failing tests pass and is not proven" in outcome.note


def test_what_a_part_leaves_behind_hides_no_patch() -> None:
    code = "seen = []\n\n\ndef visit(x):\n    seen.append(x)\n    return len(seen) + 1\n"
    tests = "from solution import visit\ndef test_1():\n    assert visit(5) == 1\n"
    outcome, _ = solve(problem(code, f"{tests}    assert visit(5) == 2\n"))
    assert outcome.status is RepairStatus.REPAIRED


@pytest.mark.thorough
def test_where_no_way_may_have_an_edit_more_all_others_are_still_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tests = SUM_TESTS + "def test_never(): assert total(1) == total(1) + 1\n"
    asked = RepairProblem(SourceTree({"solution.py": SUM}), SourceTree({"test_a.py": tests}))
    monkeypatch.setattr(rounds, "DEPTH", 1)
    patient, _ = drive(search(asked, max_candidates=MANY), run)
    monkeypatch.setattr(rounds, "ENOUGH", 32)
    monkeypatch.setattr(rounds, "PATIENCE", 32)
    hasty, _ = drive(search(asked, max_candidates=MANY), run)
    assert hasty.position == patient.position > 2 * 32


@pytest.mark.thorough
def test_slices_try_what_an_unbroken_search_does_when_ways_come_and_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "ENOUGH", 64)
    monkeypatch.setattr(rounds, "MORE", 64)
    monkeypatch.setattr(rounds, "OPEN", 3)
    monkeypatch.setattr(hunt, "BATCH", 32)  # rounds end behind a run of many: of equal ones here
    code = "def f(a, b):\n    c = a - 1\n    d = b - 2\n    e = a * b\n    return c, d, e\n"
    tests = (
        "from solution import f\n"
        "def test_1(): assert f(1, 2)[0] == 2\n"
        "def test_2(): assert f(1, 2)[1] == 4\n"
        "def test_3(): assert f(1, 2)[2] == 'never'\n"
    )
    asked, most = problem(code, tests), 416

    def tried(sliced: bool) -> list[str]:
        seen = dict[str, None]()

        def watched(request: RunRequest) -> RunResult:
            found = request.payload.get("candidates", ())
            seen.update(dict.fromkeys(map(repr, found)))  # type: ignore[arg-type]
            return run(request)

        position, trail, status = 0, asked.trail, RepairStatus.PAUSED
        while status is RepairStatus.PAUSED:
            slice_ = replace(asked, position=position, trail=trail)
            dialogue = search(slice_, max_candidates=most, pause=lambda: sliced)
            outcome, _ = drive(dialogue, watched)
            position, trail = outcome.position, read_trail(outcome.trail.as_json())
            status = outcome.status
        assert len(trail.ways) > 2
        return list(seen)

    whole = tried(sliced=False)
    assert tried(sliced=True) == whole
    assert len(whole) > most * 0.9  # a way that is no longer followed may be met again
