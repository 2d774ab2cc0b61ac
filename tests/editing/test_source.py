"""What is asked of a file's tree."""

from __future__ import annotations

import ast
from threading import Lock

from fractal_rmo.editing.source import copied


def test_a_copy_leaves_alone_what_others_note_on_the_nodes_that_all_trees_share() -> None:
    tree = ast.parse("a + b")
    shared = next(node for node in ast.walk(tree) if isinstance(node, ast.Load))
    above = getattr(shared, "parent", None)
    shared.parent = Lock()  # type: ignore[attr-defined]  # which nobody can copy
    try:
        made = copied(tree)
    finally:
        shared.parent = above  # type: ignore[attr-defined]
    assert made is not tree
    assert made.body[0] is not tree.body[0]
    assert ast.unparse(made) == "a + b"
