"""Which static findings are critical: code that certainly crashes, or a severe hole.

Ordinary untyped code that works must never be rejected, so the lists are
short and every doubt makes a note of a finding instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree

RUFF: Mapping[str, str] = {
    "E9": "cannot be read or parsed",
    "F501": "a % format that is no format",
    "F502": "a % format that wants a mapping",
    "F503": "a % format that wants a sequence",
    "F505": "a % format lacks a named argument",
    "F506": "a % format mixes named and positional",
    "F507": "a % format has the wrong number of arguments",
    "F508": "a % format wants a tuple for *",
    "F509": "a % format has an unknown letter",
    "F521": "a str.format that is no format",
    "F524": "a str.format lacks an argument",
    "F622": "two starred targets",
    "F70": "break, continue, return, yield or except where the language forbids it",
    "F821": "an undefined name",
    "F823": "a local that is read before it is set",
    "syntax": "cannot be parsed",
}
"""Ruff's rules by prefix.  F811 (redefined), the rest of B and the style rules stay notes."""

MYPY: Mapping[str, str] = {
    "call-arg": "a call with arguments that the function does not take",
    "name-defined": "an undefined name",
    "syntax": "cannot be parsed",
    "used-before-def": "a name that is read before it is set",
}
"""mypy's codes.  Mere mismatches of types stay notes: much of what works is loosely typed."""

BANDIT_NOTES = frozenset({"B324"})
"""Weak hashes are rated HIGH, yet md5 is ordinary where nothing is secret."""


def is_critical(tool: str, finding: Mapping[str, Json], code: SourceTree) -> bool:
    """Whether one finding of ``tool`` (ruff, mypy, bandit) fails level 2."""
    rule = str(finding["rule"])
    if tool == "bandit":
        grave = finding["severity"] == "high" and finding["confidence"] in ("medium", "high")
        return grave and rule not in BANDIT_NOTES
    if tool == "mypy" and (rule not in MYPY or _is_cooperative_super(finding)):
        return False
    if tool == "ruff" and not rule.startswith(tuple(RUFF)):
        return False
    return not _is_harmless_place(finding, rule, code)


def _is_cooperative_super(finding: Mapping[str, Json]) -> bool:
    """Mixins pass arguments on; mypy sees only that ``object`` takes none."""
    return 'of "object"' in str(finding["message"])


def _is_harmless_place(finding: Mapping[str, Json], rule: str, code: SourceTree) -> bool:
    """Inside ``try``, in an annotation, or in a module that makes names at run time."""
    text = code.files.get(str(finding["path"]), "")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    line, column = int(str(finding["line"])), int(str(finding["column"]))
    if any(_covers(statement, line) for statement in _guarded(tree)):
        return True
    if rule not in ("F821", "name-defined"):
        return False
    return _makes_names(tree) or not _is_evaluated_name(tree, line, column)


def _guarded(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try | ast.TryStar) and node.handlers:
            yield from node.body


def _covers(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _makes_names(tree: ast.Module) -> bool:
    """``exec``, ``globals()`` and star imports bring names that no tool can see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("exec", "globals", "vars", "__builtins__"):
            return True
        if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names):
            return True
        if isinstance(node, ast.Import) and any(name.name == "builtins" for name in node.names):
            return True
    return False


def _is_evaluated_name(tree: ast.Module, line: int, column: int) -> bool:
    """Whether an expression that runs reads a name there; ``column`` counts characters from 1."""
    lazy = _postpones_annotations(tree)
    skipped = {id(part) for note in _annotations(tree, lazy) for part in ast.walk(note)}
    return any(
        isinstance(node, ast.Name)
        and node.lineno == line
        and id(node) not in skipped
        and node.col_offset <= (column - 1) * 4  # bytes: a character takes up to four
        and (node.end_col_offset or 0) >= column
        for node in ast.walk(tree)
    )


def _postpones_annotations(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(name.name == "annotations" for name in node.names)
        for node in tree.body
    )


def _annotations(tree: ast.Module, lazy: bool) -> Iterator[ast.expr]:
    """Annotations that are never evaluated: those of locals, and all when postponed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (n.annotation for n in ast.walk(node) if isinstance(n, ast.AnnAssign))
        if lazy:
            yield from _own_annotations(node)


def _own_annotations(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case (
            ast.FunctionDef(returns=ast.expr() as note)
            | ast.AsyncFunctionDef(returns=ast.expr() as note)
        ):
            yield note
        case ast.arg(annotation=ast.expr() as note) | ast.AnnAssign(annotation=note):
            yield note
