"""Plausible patches compared by what they do, through the real sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.problem import Candidate, Made, RepairOutcome, RepairProblem, RepairStatus
from fractal_rmo.repair.search import never
from fractal_rmo.services.choose import LEAST_SURE, RIGHT, WORSE, chosen
from fractal_rmo.services.drive import drive

BEFORE = "def largest(a: int, b: int) -> int:\n    return a\n"
TESTS = (
    "from solution import largest\n"
    "def test_1(): assert largest(3, 1) == 3\n"
    "def test_2(): assert largest(2, 5) == 5\n"
)
MAXIMUM = "def largest(a: int, b: int) -> int:\n    return max(a, b)\n"
COMPARED = "def largest(a: int, b: int) -> int:\n    return a if a > b else b\n"
BY_TWO = "def largest(a: int, b: int) -> int:\n    return b if a == 2 else a\n"
RAISING = "def largest(a: int, b: int) -> int:\n    return {3: 3, 2: 5}[a]\n"


@pytest.fixture(scope="module", name="run")
def make_run() -> Iterator[Runner]:
    sandbox = ZygoteSandbox()
    with sandbox.session() as session:
        yield session
    sandbox.close()


def choose(
    run: Runner,
    texts: dict[str, float],
    description: str = "",
    pause: Callable[[], bool] = never,
    others: tuple[Made, ...] = (),
) -> RepairOutcome:
    """The choice among patches of these merits, each with the ``others`` made as well."""
    problem = RepairProblem(
        SourceTree({"solution.py": BEFORE}),
        SourceTree({"test_solution.py": TESTS}),
        description=description,
    )
    candidates = tuple(
        Candidate(
            SourceTree({"solution.py": text}),
            (*others, Made("solution.py", f"kind {n}", 2, text)),
            text,
            merit,
        )
        for n, (text, merit) in enumerate(texts.items())
    )
    found = RepairOutcome(RepairStatus.REPAIRED, candidates)
    return drive(chosen(problem, found, pause), run)


def order(outcome: RepairOutcome) -> list[str]:
    return [candidate.description for candidate in outcome.candidates]


def test_a_behaviour_weighs_what_its_patches_weigh_together(run: Runner) -> None:
    outcome = choose(run, {BY_TWO: 0.5, MAXIMUM: 0.4, COMPARED: 0.4})
    assert order(outcome) == [MAXIMUM, BY_TWO, COMPARED]
    assert 0.5 < outcome.sure < 1
    share = outcome.sure / RIGHT[0]
    assert share + outcome.alternatives[0].share == pytest.approx(1, abs=0.001)
    assert outcome.sure + outcome.alternatives[0].sure == pytest.approx(RIGHT[0], abs=0.001)


def test_where_nothing_else_passes_it_is_as_sure_as_such_patches_are(run: Runner) -> None:
    assert choose(run, {MAXIMUM: 0.4}).sure == RIGHT[0]
    outcome = choose(run, {MAXIMUM: 0.4, COMPARED: 0.4})
    assert (outcome.sure, outcome.alternatives) == (RIGHT[0], ())


def test_a_patch_with_a_parameter_that_nobody_reads_comes_last(run: Runner) -> None:
    odd = "def largest(a, b):\n    return b\n"
    assert order(choose(run, {odd: 0.9, MAXIMUM: 0.4})) == [MAXIMUM, odd]


def test_so_does_one_with_code_that_nobody_reaches(run: Runner) -> None:
    odd = "def largest(a, b):\n    return b or a\n    return a\n"
    assert order(choose(run, {odd: 0.9, MAXIMUM: 0.4})) == [MAXIMUM, odd]


def test_an_alternative_comes_with_a_call_that_tells_it_apart(run: Runner) -> None:
    (other,) = choose(run, {MAXIMUM: 0.9, BY_TWO: 0.1}).alternatives
    assert other.description == BY_TWO
    assert other.call.startswith("solution.largest(")
    assert (other.ours, other.theirs) != ("", "")
    assert other.ours != other.theirs


def test_an_exception_where_there_was_an_answer_speaks_against_a_patch(run: Runner) -> None:
    assert order(choose(run, {RAISING: 0.9, MAXIMUM: 0.1}))[0] == MAXIMUM


@pytest.mark.parametrize(
    "words",
    [
        ">>> largest(2, 1)\n2",
        "so largest(2, 1) == 2.",
        "largest(2, 1) -> 2",
        "largest(2, 1) returns 2",
    ],
)
def test_an_example_in_the_description_counts(run: Runner, words: str) -> None:
    assert order(choose(run, {BY_TWO: 0.9, MAXIMUM: 0.2}, words))[0] == MAXIMUM


def test_what_there_is_no_time_to_compare_comes_last(run: Runner) -> None:
    texts = {BY_TWO: 0.5, MAXIMUM: 0.9, COMPARED: 0.4}
    outcome = choose(run, texts, pause=lambda: True)
    assert order(outcome) == [MAXIMUM, BY_TWO, COMPARED]
    assert [other.description for other in outcome.alternatives] == [BY_TWO]


def test_a_single_patch_stays_what_it_is(run: Runner) -> None:
    assert order(choose(run, {MAXIMUM: 0.4})) == [MAXIMUM]


def choose_for(run: Runner, code: str, tests: str, *texts: str) -> RepairOutcome:
    """The choice among patches of one edit and of equal merit."""
    problem = RepairProblem(SourceTree({"solution.py": code}), SourceTree({"test_a.py": tests}))
    candidates = tuple(
        Candidate(
            SourceTree({"solution.py": text}), (Made("solution.py", text, 1, text),), text, 0.5
        )
        for text in texts
    )
    return drive(chosen(problem, RepairOutcome(RepairStatus.REPAIRED, candidates)), run)


def test_where_nothing_can_be_asked_each_patch_is_one_of_several(run: Runner) -> None:
    tests = "from solution import LIMIT\ndef test_a(): assert LIMIT > 1\n"
    outcome = choose_for(run, "LIMIT = 1\n", tests, "LIMIT = 2\n", "LIMIT = 9\n")
    assert (outcome.compared, outcome.sure) == (False, RIGHT[0] / 2)
    assert choose_for(run, "LIMIT = 1\n", tests, "LIMIT = 2\n").sure == RIGHT[0]


@pytest.mark.thorough
def test_what_the_same_code_answers_in_two_ways_tells_no_patches_apart(run: Runner) -> None:
    text = "import time\ndef stamp(a: int):\n    return [a{}, time.perf_counter_ns()]\n"
    tests = "from solution import stamp\ndef test_a(): assert stamp(1)[0] == 2\n"
    patches = [text.format(more) for more in (" + 1", " - -1")]
    outcome = choose_for(run, text.format(""), tests, *patches)
    assert (outcome.sure, outcome.alternatives) == (RIGHT[0], ())


@pytest.mark.thorough
def test_a_call_that_goes_wrong_now_and_did_not_before_is_told_and_speaks_against_it(
    run: Runner,
) -> None:
    outcome = choose(run, {RAISING: 0.5})
    assert outcome.sure == pytest.approx(RIGHT[0] * WORSE)
    assert "raises KeyError" in outcome.worse
    assert "where the submitted code gives" in outcome.worse
    assert not choose(run, {MAXIMUM: 0.5}).worse
    refusing = "def f(n: int):\n    if n > 2:\n        raise KeyError(n)\n    return n + 1\n"
    tests = "from solution import f\nimport pytest\ndef test_a():\n    assert f(1) == 2\n"
    meant = f"{tests}    with pytest.raises(KeyError): f(9)\n"
    before = "def f(n: int):\n    return n + 1\n"
    assert choose_for(run, before, tests, refusing).worse
    assert not choose_for(run, before, meant, refusing).worse


ELSEWHERE = Made("solution.py", "any", 1, "x")
BY_THREE = "def largest(a: int, b: int) -> int:\n    return a if a == 3 else b\n"


@pytest.mark.thorough
def test_unsure_patches_of_several_edits_are_left_to_a_person(run: Runner) -> None:
    texts = {MAXIMUM: 0.3, BY_TWO: 0.3, BY_THREE: 0.3}
    single, several = choose(run, texts), choose(run, texts, others=(ELSEWHERE,))
    assert (single.status, order(single)) == (RepairStatus.REPAIRED, order(several))
    assert len(single.offered) == 3
    assert (several.status, several.offered) == (RepairStatus.UNDECIDED, ())
    assert several.sure < LEAST_SURE
    other = several.alternatives[0]
    assert f"{other.call} {other.ours} with the first and {other.theirs} with" in several.note
    surer = choose(run, {**texts, MAXIMUM: 0.9}, others=(ELSEWHERE,))
    assert [each.description for each in surer.offered] == order(surer)[:1] == [MAXIMUM]


LEAVING = (
    "import os\ndef largest(a: int, b: int) -> int:\n    if (a, b) not in [(3, 1), (2, 5)]:\n"
    "        os._exit(0)\n    return max(a, b)\n"
)
ENDLESS = LEAVING.replace("os._exit(0)", "while True: pass")


@pytest.mark.thorough
@pytest.mark.parametrize(("text", "others"), [(LEAVING, 2), (ENDLESS, 1)])
def test_what_gives_no_answer_hides_none_that_does(run: Runner, text: str, others: int) -> None:
    outcome = choose(run, {text: 0.5, MAXIMUM: 0.3, BY_TWO: 0.1})
    assert order(outcome)[0] == MAXIMUM
    assert BY_TWO in [other.description for other in outcome.alternatives]
    assert len(outcome.alternatives) == others
    assert all(other.ours != other.theirs for other in outcome.alternatives)


PILE = """
class Pile:
    def __init__(self):
        self.things = []

    def put(self, thing):
        self.things.append(thing)

    def top(self):
        return self.things[{}]
"""
PILE_TESTS = """
from solution import Pile


def test_top():
    pile = Pile()
    pile.put(1)
    pile.put(2)
    assert pile.top() == 2
"""


def patch(number: str, merit: float, *others: Made) -> Candidate:
    made = (*others, Made("solution.py", f"kind {number}", 10, number))
    return Candidate(SourceTree({"solution.py": PILE.format(number)}), made, number, merit)


def pile(run: Runner, *candidates: Candidate) -> RepairOutcome:
    code, tests = PILE.format("0"), {"test_solution.py": PILE_TESTS}
    problem = RepairProblem(SourceTree({"solution.py": code}), SourceTree(tests))
    return drive(chosen(problem, RepairOutcome(RepairStatus.REPAIRED, candidates)), run)


def test_patches_of_a_class_are_told_apart_by_what_its_tests_do_with_other_values(
    run: Runner,
) -> None:
    outcome = pile(run, patch("-1", 0.48), patch("1", 0.5))
    assert order(outcome) == ["-1", "1"]  # the other one has no top of a single thing
    assert "pile.put(" in outcome.alternatives[0].call
    assert "IndexError" in outcome.alternatives[0].theirs


def test_a_patch_of_several_edits_competes_at_each_of_its_places(run: Runner) -> None:
    other = Made("solution.py", "any", 3, "x")
    variants = [patch(text, 0.3, other) for text in ("-1", "len(self.things) - 1")]
    outcome = pile(run, patch("1", 0.5, other), *variants)
    assert order(outcome)[0] == "-1"
    assert outcome.sure < RIGHT[1]
