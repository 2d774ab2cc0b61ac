from __future__ import annotations

from fractal_rmo.editing.edit import replaced


def test_short_pieces_are_shown_whole() -> None:
    assert replaced("a  -\n b", "a + b") == "replace a - b with a + b"


def test_long_pieces_that_begin_alike_are_shown_where_they_differ() -> None:
    long = "max(height(root.left), height(root.right))"
    said = replaced(long, f"{long} + 1")
    assert said == "replace …root.right)) with …root.right)) + 1"
