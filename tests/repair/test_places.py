"""Each place of a patch is looked at again with its other edits made."""

from __future__ import annotations

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.candidates import Proposal, equally, smallness
from fractal_rmo.repair.places import openings
from fractal_rmo.repair.problem import RepairProblem
from fractal_rmo.repair.search import search
from fractal_rmo.repair.ways import Way
from fractal_rmo.services.drive import drive

CODE = "def f(a, b):\n    c = a + 1\n    return c - b\n"
TESTS = SourceTree({"test_a.py": "def test_a():\n    assert f(1, 2) == 3\n"})


def step(code: str, old: str, new: str) -> Proposal:
    start = code.index(old)
    edit = Edit(start, start + len(old), new, code.count("\n", 0, start) + 1, new)
    return Proposal("a.py", "any", edit, 0.4, mass=0.8)


def made(code: str, *changes: tuple[str, str]) -> Way:
    steps = list[Proposal]()
    for old, new in changes:
        steps.append(step(code, old, new))
        code = steps[-1].edit.apply(code)
    return Way(tuple(steps))


def test_each_place_has_the_other_edits_made_and_all_that_could_stand_there() -> None:
    way = made(CODE, ("a + 1", "a * 1"), ("c - b", "c + b"))
    first, second = openings(SourceTree({"a.py": CODE}), way)
    assert first.tree.files["a.py"] == CODE.replace("c - b", "c + b")
    assert second.tree.files["a.py"] == CODE.replace("a + 1", "a * 1")
    assert {p.edit.line for p in first.proposals(TESTS, equally)} == {2}
    assert {p.edit.line for p in second.proposals(TESTS, equally)} == {3}
    assert all(
        0 < p.score <= 1
        for p in (*first.proposals(TESTS, equally), *second.proposals(TESTS, equally))
    )


def test_edits_that_rest_on_each_other_are_one_place_where_a_single_one_may_do() -> None:
    way = made(CODE, ("return c - b", "return a - b"), ("a - b", "abs(a - b)"))
    both, second = openings(SourceTree({"a.py": CODE}), way)
    assert both.tree.files["a.py"] == CODE
    assert not both.way.steps
    assert any("return abs(c - b)" in p.edit.apply(CODE) for p in both.proposals(TESTS, equally))
    assert second.tree.files["a.py"] == CODE.replace("c - b", "a - b")


def test_a_place_is_as_suspicious_as_it_was() -> None:
    one = made(CODE, ("a + 1", "a * 1"), ("c - b", "c + b"))
    first, _ = openings(SourceTree({"a.py": CODE}), one)
    again = next(p for p in first.proposals(TESTS, equally) if p.edit.text == "*")
    assert again.mass == pytest.approx(0.8 * smallness(again.edit) * again.edit.weight)


def test_a_single_edit_has_no_other_to_be_seen_with() -> None:
    assert not list(openings(SourceTree({"a.py": CODE}), made(CODE, ("c - b", "c + b"))))


TALLEST = """
class Tree:
    def __init__(self, name, height):
        self.name = name
        self.height = height


def tallest(trees):
    best = trees[0]
    for tree in trees:
        if tree.name < best.height:
            best = tree
    return best.height
"""
TWO_FAULTS = SourceTree(
    {
        "test_a.py": """
from a import Tree, tallest


def test_the_last():
    assert tallest([Tree("oak", 3), Tree("fir", 5), Tree("poplar", 9)]) == 9


def test_the_first():
    assert tallest([Tree("a lime", 8), Tree("fir", 5)]) == 8
"""
    }
)


@pytest.mark.thorough
def test_alternatives_at_one_place_are_found_too() -> None:
    asked = RepairProblem(SourceTree({"a.py": TALLEST}), TWO_FAULTS)
    sandbox = ZygoteSandbox()
    with sandbox.session() as run:
        outcome = drive(search(asked, max_candidates=20_000), run)
    sandbox.close()
    patches = [{(m.line, m.text) for m in c.made} for c in outcome.candidates]
    assert all(len(candidate.made) == 2 for candidate in outcome.candidates)
    assert {(4, "height"), (11, ">")} in patches
    assert {(4, "height"), (11, ">=")} in patches
    assert {(4, "len(name)"), (11, ">")} in patches
    assert {(11, "height"), (11, ">")} in patches  # the fault may lie elsewhere
