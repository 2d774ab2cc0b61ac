from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import ParsedFile, literals, parse
from fractal_rmo.repair.candidates import errors_named
from fractal_rmo.repair.edits import OPERATORS, Edit, Operator, Site
from fractal_rmo.repair.shipped import SHIPPED_PRIORS

EXAMPLES = [(op, before, after) for op in OPERATORS for before, after in op.examples]


def edits(operator: Operator, text: str) -> list[Edit]:
    file = ParsedFile("solution.py", text)
    tree = SourceTree({"test_solution.py": text})
    site = Site(file, tuple(literals(file.tree)), file.functions, errors_named(tree))
    return [edit for node in file.editable for edit in operator.generate(node, site)]


@pytest.mark.parametrize(
    ("operator", "before", "after"), EXAMPLES, ids=[f"{o.name}-{a!r}" for o, _, a in EXAMPLES]
)
def test_every_example_is_produced(operator: Operator, before: str, after: str) -> None:
    assert after in [edit.apply(before) for edit in edits(operator, before)]


def test_names_are_unique_and_each_operator_has_an_example() -> None:
    assert len({op.name for op in OPERATORS}) == len(OPERATORS)
    assert all(op.examples and 0 < SHIPPED_PRIORS.weights[op.name] <= 1 for op in OPERATORS)
    assert len(SHIPPED_PRIORS.weights) == len(OPERATORS)


PROGRAM = '''"""Doc."""
import math


class Stack:
    """A stack."""

    def __init__(self, items=None):
        self.items = items or []  # shared?

    def peek(self, depth: int = 0):
        if not self.items:
            raise IndexError(f"only {depth}")
        return self.items[-1 - depth]


def median(values, key=None):
    ordered = sorted(values, key=key)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1 and middle >= 0:
        return ordered[middle]
    total = 0
    for value in ordered[middle - 1 : middle + 1]:
        total += value  # ünïcode
        continue
    while total > 100 or total is None:
        break
    return ("é" and total) / 2 if total else math.floor(0.5)
'''


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda op: op.name)
def test_edits_stay_inside_and_keep_the_rest(operator: Operator) -> None:
    for edit in edits(operator, PROGRAM):
        assert 0 <= edit.start <= edit.end <= len(PROGRAM)
        changed = edit.apply(PROGRAM)
        assert changed[: edit.start] == PROGRAM[: edit.start]
        assert changed.endswith(PROGRAM[edit.end :])
        assert 1 <= edit.line <= PROGRAM.count("\n")
        assert 0 < edit.weight <= 1


@pytest.mark.thorough
def test_nearly_all_edits_compile() -> None:
    texts = [edit.apply(PROGRAM) for op in OPERATORS for edit in edits(op, PROGRAM)]
    broken = [text for text in texts if parse(text) is None]
    assert len(texts) > 300
    assert len(broken) < len(texts) / 50, broken[:3]


names = st.sampled_from(["a", "b", "(a + b)", "é", "f(a)", "a[0]", "1", "'ü'", "(a)", "not a"])
signs = st.sampled_from(["+", "-", "*", "//", "%", "<", "==", "and", "or", "is", "in"])


@given(st.lists(st.tuples(names, signs), min_size=1, max_size=4), names)
@settings(max_examples=60, deadline=None)
def test_swapped_expressions_read_as_meant(terms: list[tuple[str, str]], last: str) -> None:
    """An edit described as replacing a node by an expression puts in that very expression."""
    text = "def f(a, b, é):\n    return " + " ".join(f"{n} {s}" for n, s in terms) + f" {last}\n"
    if parse(text) is None:
        return
    file = ParsedFile("solution.py", text)
    site = Site(file, (), {})
    for node in file.editable:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            changed = parse(site.swap(node, "a if b else é").apply(text))
            assert changed is not None
            assert sum(isinstance(n, ast.IfExp) for n in ast.walk(changed)) == 1
