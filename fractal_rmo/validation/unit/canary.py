"""A known-wrong stand-in of the code: tests that pass on it show nothing."""

from __future__ import annotations

import ast

from fractal_rmo.domain.source import SourceTree


def canary_of(code: SourceTree) -> SourceTree | None:
    """The code with every function's body replaced by a raise; None when there is no function."""
    found = {path: _blanked(text) for path, text in code.python_files()}
    if not any(found.values()):
        return None
    return SourceTree({**code.files, **{p: text for p, text in found.items() if text}})


def _blanked(text: str) -> str:
    """The text with blank functions; "" when it has none or does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    blank = _Blank()
    changed = ast.fix_missing_locations(blank.visit(tree))
    return ast.unparse(changed) if blank.count else ""


class _Blank(ast.NodeTransformer):
    """Blanks outermost functions; what lies inside them goes with them."""

    def __init__(self) -> None:
        self.count = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Keep the signature, raise in the body."""
        return self._blank(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """The same."""
        return self._blank(node)

    def _blank(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.count += 1
        error = ast.Call(ast.Name("NotImplementedError", ast.Load()), [], [])
        # a docstring does nothing, but its examples may be what the tests run
        told = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
        node.body = [*told, ast.Raise(exc=error)]
        return node
