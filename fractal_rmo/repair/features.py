"""What learning may know of a problem and of an edit: a word each."""

from __future__ import annotations

import ast
from collections import Counter

from fractal_rmo.domain.priors import Shape, Symptom
from fractal_rmo.editing.judging import TestReport
from fractal_rmo.editing.source import ParsedFile

_SYMPTOMS = {
    "AssertionError": Symptom.WRONG_VALUE,
    "TypeError": Symptom.TYPE,
    "IndexError": Symptom.LOOKUP,
    "KeyError": Symptom.LOOKUP,
    "NameError": Symptom.NAME,
    "UnboundLocalError": Symptom.NAME,
    "AttributeError": Symptom.NAME,
    "ValueError": Symptom.VALUE,
    "ZeroDivisionError": Symptom.VALUE,
    "OverflowError": Symptom.VALUE,
    "StepLimitExceeded": Symptom.ENDLESS,
    "RecursionError": Symptom.ENDLESS,
}
_SHAPES: dict[type[ast.AST], Shape] = {
    ast.Return: Shape.RETURN,
    ast.If: Shape.BRANCH,
    ast.For: Shape.LOOP,
    ast.While: Shape.LOOP,
    ast.Assign: Shape.ASSIGN,
    ast.AnnAssign: Shape.ASSIGN,
    ast.AugAssign: Shape.UPDATE,
    ast.Expr: Shape.CALL,
}


def symptom_of(report: TestReport) -> Symptom:
    """The commonest error of the failing tests; code that gave no report never ended."""
    if not report.outcomes:
        return Symptom.ENDLESS
    errors = [report.errors.get(test, "") for test in report.failing]
    found = Counter(_SYMPTOMS.get(error, Symptom.OTHER) for error in errors)
    return max(found, key=lambda symptom: (found[symptom], symptom), default=Symptom.OTHER)


def shape_of(file: ParsedFile, node: ast.AST) -> Shape:
    """The kind of the innermost statement that holds a node."""
    statement = file.statement(node)
    return _SHAPES.get(type(statement), Shape.OTHER) if statement else Shape.OTHER
