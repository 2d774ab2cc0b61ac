"""Whether the quick runner does to a test file exactly what pytest would do."""

from __future__ import annotations

import ast
from pathlib import Path

_FAITHFUL = {"raises", "approx"}
"""What of pytest works outside its session."""
_FIXTURE_NAMES = {
    "setup_module", "teardown_module", "setup_function", "teardown_function", "setup_method",
    "teardown_method", "setUpModule", "tearDownModule", "setUpClass", "tearDownClass",
    "setup_class", "teardown_class", "pytest_plugins", "pytestmark", "__test__", "load_tests",
}  # fmt: skip


def is_supported(path: str, file: Path, with_pytest: bool) -> bool:
    """Judge by the text alone; a file that does not parse is left to pytest."""
    if path.rpartition("/")[2] in ("conftest.py", "pytest.py"):
        return False
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, RecursionError):
        return False
    return all(_is_plain(node, with_pytest) for node in ast.walk(tree)) and all(
        _is_plain_class(node) for node in tree.body if isinstance(node, ast.ClassDef)
    )


def _is_plain(node: ast.AST, with_pytest: bool) -> bool:
    match node:
        case ast.Import(names=names):
            return with_pytest or all(n.name.partition(".")[0] not in _TOOLS for n in names)
        case ast.ImportFrom(module=module, names=names):
            return _is_plain_import(module or "", {n.name for n in names}, with_pytest)
        case ast.Attribute(value=ast.Name(id="pytest"), attr=attr):
            return attr in _FAITHFUL
        case ast.AsyncFunctionDef():
            return False
        case ast.FunctionDef(name=name):
            return name not in _FIXTURE_NAMES and (
                not name.startswith("test") or _is_plain_test(node)
            )
        case ast.Assign(targets=targets):
            return not any(isinstance(t, ast.Name) and t.id in _FIXTURE_NAMES for t in targets)
        case _:
            return True


_TOOLS = {"pytest", "_pytest", "hypothesis"}


def _is_plain_import(module: str, names: set[str], with_pytest: bool) -> bool:
    root = module.partition(".")[0]
    if root in ("hypothesis", "_pytest") or "*" in names:
        return False
    return root != "pytest" or (with_pytest and names <= _FAITHFUL)


def _is_plain_test(node: ast.FunctionDef) -> bool:
    """No decorator (a mark, a patch, a skip) and no parameter but ``self``."""
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    starred = arguments.vararg or arguments.kwarg
    yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))
    return not node.decorator_list and names in ([], ["self"]) and not starred and not yields


def _is_plain_class(node: ast.ClassDef) -> bool:
    """A test class without decorators or bases, or a plain ``TestCase``."""
    bases = [ast.unparse(base) for base in node.bases]
    if not node.name.startswith("Test") and "TestCase" not in "".join(bases):
        return True
    own_setup = any(isinstance(n, ast.FunctionDef) and n.name == "__init__" for n in node.body)
    known = not bases or bases in (["unittest.TestCase"], ["TestCase"])
    return not node.decorator_list and not own_setup and known
