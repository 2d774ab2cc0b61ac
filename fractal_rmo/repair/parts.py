"""Failing tests taken apart: one part for each of their assertions.

A test says only that its first wrong assertion is wrong.  Where several faults are behind one
test, an edit that mends a later assertion, or the fault of another function, looks as useless
as any other.  Parts tell them apart, and lay the blame on fewer lines (Xuan and Monperrus, "Test
Case Purification for Improving Fault Localization", FSE 2014; here what the other
assertions do is still done, since it may change what is tested).  Parts guide a search; whether
a candidate passes is said by the tests themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.source import called_name, copied, parse

PARTS = 8
"""Parts of one test, at most: neighbouring assertions share one where there are more."""
MOST = 48
"""Parts of all tests together, at most: each is run for every candidate."""
_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def in_parts(tests: SourceTree, failing: Sequence[str]) -> SourceTree:
    """The tests and parts of the failing ones; the same tree where there are none.

    The tests stay: parts that run in one process may see what those before them left.
    ``failing`` holds ids as pytest writes them.
    """
    wanted: dict[str, set[str]] = {}
    for test in failing:
        path, _, name = test.partition("::")
        wanted.setdefault(path, set()).add(name.partition("[")[0])
    left = MOST
    for path, names in wanted.items():
        tree = parse(tests.files.get(path, ""))
        if tree is None:
            continue
        made = 0
        for owner, function in list(_functions(tree)):
            several = _parts(function) if _id(owner, function) in names else []
            if 1 < len(several) <= left - made:
                at = owner.body.index(function)
                owner.body[at + 1 : at + 1] = several
                made += len(several)
        if made:
            left -= made
            tests = tests.replace(path, ast.unparse(ast.fix_missing_locations(tree)) + "\n")
    return tests


def _functions(tree: ast.Module) -> Iterator[tuple[ast.Module | ast.ClassDef, _Function]]:
    owners: list[ast.Module | ast.ClassDef] = [tree]
    owners += [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for owner in owners:
        for node in owner.body:
            if isinstance(node, _Function):
                yield owner, node


def _id(owner: ast.Module | ast.ClassDef, function: _Function) -> str:
    return f"{owner.name}::{function.name}" if isinstance(owner, ast.ClassDef) else function.name


def _parts(function: _Function) -> list[_Function]:
    """One function for each group of assertions; [] where they hang together too closely."""
    checks = [n for n, statement in enumerate(function.body) if _checks(statement)]
    if len(checks) < 2 or any(_names_error(function.body[n]) for n in checks):
        return []
    size = -(-len(checks) // PARTS)
    groups = [checks[n : n + size] for n in range(0, len(checks), size)]
    return [_part(function, number, group, checks) for number, group in enumerate(groups, 1)]


def _part(
    function: _Function, number: int, group: Sequence[int], checks: Sequence[int]
) -> _Function:
    """The function as far as its last assertion of ``group``, the others without a say."""
    made = copied(function)
    end = len(made.body) if group[-1] == checks[-1] else group[-1] + 1
    made.name = f"{function.name}_part_{number}"
    made.body = [
        _without_a_say(statement) if n in checks and n not in group else statement
        for n, statement in enumerate(made.body[:end])
    ]
    return made


def _without_a_say(statement: ast.stmt) -> ast.stmt:
    """What an assertion does is done, and whatever it raises is nobody's business."""
    body = (
        statement.body if isinstance(statement, ast.With) and _expects(statement) else [statement]
    )
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    return ast.Try(body, [handler], [], [])


def _checks(statement: ast.stmt) -> bool:
    """Whether a statement holds an assertion, not one of a function that it defines."""
    return any(_is_assertion(node) for node in _inside(statement))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, _DEFINITIONS):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _inside(child)


def _is_assertion(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (
        isinstance(node, ast.Call) and called_name(node).startswith(("assert", "raises", "fail"))
    )


def _expects(statement: ast.With) -> bool:
    """Whether a block is expected to raise."""
    contexts = (item.context_expr for item in statement.items)
    return any(isinstance(c, ast.Call) and called_name(c) in _RAISES for c in contexts)


def _names_error(statement: ast.stmt) -> bool:
    """Whether an expected error is given a name, of which later assertions may ask."""
    return any(
        isinstance(node, ast.With) and _expects(node) and node.items[0].optional_vars is not None
        for node in _inside(statement)
    )
