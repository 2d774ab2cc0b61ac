"""Parsing what level 1 has passed already."""

from __future__ import annotations

import ast
import warnings


def parsed(text: str) -> ast.Module:
    """The syntax tree; what Python warns of is the linters' to say, not ours to print.

    Raises ``SyntaxError`` for code that does not parse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
