"""Failing tests in parts: each assertion has a say of its own, and what others do is still done."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.parts import in_parts

STACK = """\
def test_pops():
    stack = [1, 2, 3]
    assert stack.pop() == 9
    assert stack.pop() == 2
    with raises(IndexError):
        stack.pop(7)
    assert stack == [1]
"""


class raises:  # noqa: N801 - as pytest's
    """``pytest.raises``, as far as it is needed here."""

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        assert kind is self.kind
        return True


def outcomes(text: str) -> dict[str, str]:
    """What becomes of each test function of a module."""
    space: dict[str, object] = {"raises": raises}
    exec(text, space)  # noqa: S102 - our own  # pylint: disable=exec-used
    found = {}
    for name in [name for name in space if name.startswith("test")]:
        try:
            space[name]()  # type: ignore[operator]
            found[name] = "passed"
        except Exception as error:  # noqa: BLE001 - whatever a test raises is its outcome
            found[name] = type(error).__name__
    return found


def apart(text: str, *failing: str) -> str:
    tests = SourceTree({"test_a.py": text})
    return in_parts(tests, [f"test_a.py::{name}" for name in failing]).files["test_a.py"]


def test_each_assertion_has_a_say_of_its_own() -> None:
    assert outcomes(apart(STACK, "test_pops")) == {
        "test_pops": "AssertionError",
        "test_pops_part_1": "AssertionError",
        "test_pops_part_2": "passed",
        "test_pops_part_3": "passed",
        "test_pops_part_4": "passed",
    }


def test_what_passes_and_what_has_one_assertion_stays_whole() -> None:
    text = "def test_a():\n    assert f() == 1\n\n\ndef test_b():\n    assert 1\n    assert 2\n"
    assert apart(text, "test_a") == text


def test_methods_and_parameters_are_told_by_their_function() -> None:
    text = (
        "class TestA:\n    def test_b(self, n):\n        self.assertEqual(n, 1)\n"
        "        self.assertEqual(n, 2)\n"
    )
    assert apart(text, "TestA::test_b[3]").count("def test_b_part_") == 2


@pytest.mark.parametrize(
    "body",
    [
        "    with raises(KeyError) as error:\n        f()\n    assert 'a' in str(error.value)\n",
        "    def inner():\n        assert 1\n        assert 2\n    inner()\n",
    ],
)
def test_what_hangs_together_is_left_together(body: str) -> None:
    text = f"def test_a():\n{body}"
    assert apart(text, "test_a") == text


def test_neighbours_share_a_part_where_there_are_many() -> None:
    body = "".join(f"    assert {n} != 3\n" for n in range(20))
    found = outcomes(apart(f"def test_a():\n{body}", "test_a"))
    assert len(found) == 8
    assert [name for name, outcome in found.items() if outcome != "passed"] == [
        "test_a",
        "test_a_part_2",
    ]


def test_a_file_that_does_not_parse_is_left_as_it_is() -> None:
    assert apart("def (", "test_a") == "def ("
