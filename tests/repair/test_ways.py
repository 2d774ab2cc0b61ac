from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.editing.forms import normal_form
from fractal_rmo.repair.beam import measured, nearest
from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.trail import BEGINNING, Trail, read_trail
from fractal_rmo.repair.trials import Trial
from fractal_rmo.repair.ways import Gain, Way

TEXT = "x = 1 + 2\n"


def step(start: int, end: int, text: str, score: float = 0.5, *, deletes: bool = False) -> Proposal:
    edit = Edit(start, end, text, 1, f"to {text}", deletes=deletes)
    return Proposal("a.py", "any", edit, score)


def way(gain: Gain, key: str, score: float = 0.5) -> Way:
    return Way((step(4, 5, key, score),), gain, key)


def test_edits_are_made_one_in_what_the_other_left() -> None:
    both = Way((step(4, 5, "10"), step(9, 10, "y")))
    assert both.tree(SourceTree({"a.py": TEXT})).files["a.py"] == "x = 10 + y\n"
    assert both.score == 0.25
    assert both.says() == "line 1: to 10; line 1: to y"


@pytest.mark.parametrize(
    ("second", "repeats"),
    [
        (step(4, 6, "3"), True),
        (step(5, 6, "3"), True),
        (step(9, 10, "3"), False),
        (step(4, 10, "(10 + 2)"), False),
        (step(4, 10, "3"), True),
    ],
)
def test_an_edit_that_takes_back_the_last_one_is_a_single_edit(
    second: Proposal, repeats: bool
) -> None:
    assert Way((step(4, 5, "10"),)).repeats(second) is repeats


def test_a_test_that_breaks_counts_against_one_that_passes() -> None:
    passes = Trial(frozenset({"a", "b"}), {"c": 7}, broken=("d",))
    kept = measured(Way(), passes, Trial(reached={"c": 5}))
    assert kept is not None
    assert kept.gain == (1, 1)
    as_many = measured(Way(), Trial(frozenset({"a"}), broken=("d",)), Trial())
    assert as_many is not None
    assert as_many.is_mixed
    assert not kept.is_mixed
    assert measured(Way(), Trial(frozenset({"a"}), broken=("d", "e")), Trial()) is None
    assert measured(Way(), Trial(frozenset({"a"}), trouble="endless"), Trial()) is None


def test_of_what_came_equally_far_few_are_kept_and_the_likeliest() -> None:
    ways = [way((2, 0), "one", score) for score in (0.1, 0.9, 0.5, 0.2, 0.3)]
    kept = nearest([*ways, way((1, 0), "other")], gained=10, alike=2)
    assert [(w.key, w.score) for w in kept] == [("one", 0.9), ("one", 0.5), ("other", 0.5)]


def test_a_test_that_gives_up_earlier_than_before_has_fallen_back() -> None:
    control = Trial(reached={"a": 5, "b": 5, "c": 5})
    kept = measured(Way(), Trial(frozenset({"a"}), {"b": 3, "c": 4}), control)
    assert kept is not None
    assert kept.gain == (1, -2)


def test_values_that_come_nearer_count_where_a_test_gives_up_in_the_same_line() -> None:
    control = Trial(reached={"a": 5, "b": 5, "c": 5}, far={"a": 0.9, "b": 0.3, "c": 0.5})
    trial = Trial(reached={"a": 5, "b": 5, "c": 7}, far={"a": 0.2, "b": 0.4, "c": 0.9})
    kept = measured(Way(), trial, control)
    assert kept is not None
    assert (kept.gain, kept.nearer) == ((0, 1), 0.6)
    unseen = measured(Way(), trial, control, values=False)
    assert unseen is not None
    assert unseen.nearer == 0


def test_of_ways_that_gain_alike_those_count_for_more_that_come_nearer() -> None:
    plain, near, away = (way((0, 0), str(n), 0.5) for n in range(3))
    likely = way((0, 0), "3", 0.9)
    ways = [plain, replace(near, nearer=0.5), replace(away, nearer=-0.5), likely]
    assert [w.key for w in nearest(ways, most=3)] == ["1", "3", "0"]
    assert replace(near, nearer=0.5).promise > plain.promise > replace(away, nearer=-0.5).promise


def test_where_there_was_no_end_an_end_is_further() -> None:
    kept = measured(Way(), Trial(reached={"a": 5}), Trial(trouble="a", is_endless=True))
    assert kept is not None
    assert kept.gain == (0, 1)


@pytest.mark.parametrize(
    ("passed", "reached", "may"),
    [({"a", "b"}, {}, True), ({"a"}, {}, False), ({"a", "b"}, {"c": 3}, False)],
)
def test_more_lines_are_for_what_passes_most_and_fails_nothing(
    passed: set[str], reached: dict[str, int], may: bool
) -> None:
    trial = Trial(frozenset(passed), reached, trouble="d", is_endless=True)
    assert trial.may_mend(["a", "b", "c", "d"]) is may


def test_a_trail_is_kept_as_json() -> None:
    near = replace(way((2, 0), "l"), nearer=0.25)
    followed = replace(way((1, 2), "k"), tried=7, known=1, won=frozenset({"k"}))
    known = tuple(step.kind for step in followed.steps)
    trail = Trail((followed,), 40, (near, way((0, 0), "")), ("a.py::test_flaky",), known)
    trail = replace(trail, won=(near,), layer=(near, followed), winners=(followed,))
    assert read_trail(json.loads(json.dumps(trail.as_json()))) == trail


@pytest.mark.parametrize(
    "value", [None, 3, {}, {"ways": 1}, {"ways": [{}], "near": [], "begun": 0}]
)
def test_anything_else_is_the_beginning(value: object) -> None:
    assert read_trail(value) == BEGINNING  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x = 1\n", "x = (1)  # why\n", True),
        ("x = 1 + 1\n", "x = 2\n", True),
        ("x = 1\n", "x = True\n", False),
        ("x = 0.0\n", "x = -0.0\n", False),
        ("x = y in {1, 2}\n", "x = y in {2, 1}\n", True),
        ("def f(a): return a\n", "def f(b): return b\n", False),
        ("def f(a, b=1): return a\n", "def f(a, b=2): return a\n", False),
    ],
)
def test_the_normal_form_is_what_a_program_does(one: str, other: str, same: bool) -> None:
    assert (normal_form(one) == normal_form(other)) is same


def test_what_does_not_compile_has_no_normal_form() -> None:
    assert normal_form("return 1\n") is None
