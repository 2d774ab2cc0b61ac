"""The tests without those that did not pass: only what passes vouches for a call."""

from __future__ import annotations

import ast
from collections.abc import Collection

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import TestReport
from fractal_rmo.validation.generated.given_calls import FunctionNode, trees


def passing(tests: SourceTree, report: TestReport) -> SourceTree:
    """The test files without the test functions of which a case did anything but pass.

    What no report names (skipped, never collected) is left out as well.
    """
    seen = {(_key(test), outcome == "passed") for test, outcome in report.outcomes.items()}
    good = {key for key, passed in seen if passed and (key, False) not in seen}
    return SourceTree({path: _kept(path, tree, good) for path, tree in trees(tests)})


def _key(test: str) -> tuple[str, str]:
    """(the file's own name, ``Class::name`` without its parameters) of a test's id."""
    path, _, names = test.partition("::")
    return path.rpartition("/")[2], names.partition("[")[0]


def _kept(path: str, tree: ast.Module, good: Collection[tuple[str, str]]) -> str:
    own = path.rpartition("/")[2]

    def stays(node: ast.stmt, owner: str) -> bool:
        is_test = isinstance(node, FunctionNode) and node.name.startswith("test")
        return not is_test or (own, f"{owner}{getattr(node, 'name', '')}") in good

    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            kept = [inner for inner in node.body if stays(inner, f"{node.name}::")]
            node.body = kept or [ast.Pass()]
    tree.body = [node for node in tree.body if stays(node, "")]
    return ast.unparse(ast.fix_missing_locations(tree))
