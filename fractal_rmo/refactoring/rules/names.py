"""Rules for names that nobody uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from fractal_rmo.refactoring.rewrite import Rewrite
from fractal_rmo.refactoring.rules.blocks import removal
from fractal_rmo.refactoring.rules.rule import Rule
from fractal_rmo.refactoring.scopes import home, is_dynamic, mentions
from fractal_rmo.refactoring.view import View

_WITHOUT_EFFECT = frozenset(
    {
        "abc", "array", "ast", "base64", "bisect", "calendar", "cmath", "collections",
        "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib",
        "enum", "fractions", "functools", "hashlib", "heapq", "html", "inspect", "io",
        "itertools", "json", "math", "numbers", "operator", "os", "pathlib", "pprint",
        "queue", "random", "re", "secrets", "shutil", "statistics", "string", "struct",
        "sys", "tempfile", "textwrap", "time", "types", "typing", "unicodedata", "uuid",
    }
)  # fmt: skip
"""Modules of the standard library that do nothing to a program by being imported."""


def _unused_import(node: ast.AST, view: View) -> Iterator[Rewrite]:
    if not isinstance(node, ast.Import | ast.ImportFrom) or not _may_go(node, view):
        return
    kept = [alias for alias in node.names if not _is_unused(alias, node, view)]
    if not kept:
        yield from removal(node, view)
    elif len(kept) < len(node.names):
        new: ast.Import | ast.ImportFrom = ast.Import(names=kept)
        if isinstance(node, ast.ImportFrom):
            new = ast.ImportFrom(module=node.module, names=kept, level=node.level)
        yield Rewrite([node], [new], [ast.unparse(new)])


def _may_go(node: ast.Import | ast.ImportFrom, view: View) -> bool:
    """Whether nobody elsewhere can count on what this statement imports."""
    path = view.file.path.rpartition("/")[2]
    if path == "__init__.py" or view.dynamic or view.elsewhere is None:
        return False
    if not isinstance(view.file.parent(node), ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    if isinstance(node, ast.ImportFrom):
        return not node.level and node.module in _WITHOUT_EFFECT
    return all(alias.name in _WITHOUT_EFFECT for alias in node.names)


def _is_unused(alias: ast.alias, node: ast.Import | ast.ImportFrom, view: View) -> bool:
    """Whether a name stands nowhere else: not in code, texts or comments, nor beside ours."""
    name = alias.asname or alias.name
    if (
        name == "*"
        or view.elsewhere is None
        or name in view.elsewhere
        or alias.asname == alias.name
    ):
        return False
    start, end = view.file.span(node)
    rest = view.file.text[:start] + " " + view.file.text[end:]
    return not re.search(rf"\b{re.escape(name)}\b", rest)


def _unused_variable(node: ast.AST, view: View) -> Iterator[Rewrite]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if not name.startswith("_"):
            function = home(view.file, node) if _is_constant(value) else None
            if function is None or mentions(function)[name] > 1 or is_dynamic(function):
                return
            yield from removal(node, view)


def _is_constant(node: ast.expr) -> bool:
    """Whether making a value does nothing and cannot fail."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() | complex())):
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(_is_constant(part) for part in parts)
        case ast.Dict(keys=[], values=[]):
            return True
    return False


RULES = (
    Rule(
        "unused-import",
        "Nothing uses what is imported here.",
        _unused_import,
        (
            ("import math\n\nx = 1\n", "x = 1\n"),
            ("import os, math as m\nx = os.sep\n", "import os\nx = os.sep\n"),
            (
                "from typing import (\n    List,\n    Dict,\n)\nx: List = []\n",
                "from typing import List\nx: List = []\n",
            ),
        ),
        (
            "import math\n__all__ = ['math']\n",
            "import math\n# see math\nx = 1\n",
            "import antigravity\nx = 1\n",
            "import os.path\nx = 1\n",
            "import math as math\nx = 1\n",
            "from __future__ import annotations\nx = 1\n",
            "try:\n    import math\n    x = 1\nexcept ImportError:\n    x = 2\n",
            "import math\nx = globals()\n",
            "from . import math\nx = 1\n",
            "import math  # noqa: F401\nx = 1\n",
        ),
    ),
    Rule(
        "unused-variable",
        "Nothing reads this variable.",
        _unused_variable,
        (
            ("def f(a):\n    b = -1\n    return a\n", "def f(a):\n    return a\n"),
            ("def f(a):\n    print(a)\n    b = ([], {}, 'x')\n", "def f(a):\n    print(a)\n"),
        ),
        (
            "def f(a):\n    b = g()\n    return a\n",
            "def f(a):\n    b = c\n    return a\n",
            "def f(a):\n    _ = 1\n    return a\n",
            "def f(a):\n    b = 1\n    return locals()\n",
            "def f(a):\n    b = 1\n    return lambda: b\n",
            "def f(a):\n    global b\n    b = 1\n    return a\n",
            "def f(a):\n    b = 1\n    'no docstring'\n",
            "class A:\n    b = 1\n    c = 2\n",
            "b = 1\nc = 2\n",
        ),
    ),
)
