"""Which interpreter runs the tests of a task."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.run import Runtime, runtime_for_pytest


@pytest.mark.parametrize(
    ("text", "runtime"),
    [
        ("from hypothesis import given\n", Runtime.PROPERTY),
        ("import hypothesis.strategies as st\n", Runtime.PROPERTY),
        ("def test_1(): pass\n", Runtime.THICK),
    ],
)
def test_hypothesis_is_at_hand_for_tests_that_name_it(text: str, runtime: Runtime) -> None:
    assert runtime_for_pytest({"test_a.py": "X = 1\n", "test_b.py": text}) is runtime
