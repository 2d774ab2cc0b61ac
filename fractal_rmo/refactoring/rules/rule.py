"""What a refactoring rule is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fractal_rmo.refactoring.rewrite import Rewrite
from fractal_rmo.refactoring.view import View


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to say the same in less.

    ``sentence`` tells a person what is done.  ``find`` gives the rewrites that
    begin at a node.  ``examples`` are (before, after) pairs and ``untouched``
    texts in which nothing may be found, each of them a test.
    """

    name: str
    sentence: str
    find: Callable[[ast.AST, View], Iterator[Rewrite]]
    examples: tuple[tuple[str, str], ...]
    untouched: tuple[str, ...]
