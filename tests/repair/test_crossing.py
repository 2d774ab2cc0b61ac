from __future__ import annotations

from dataclasses import replace

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.crossing import crossed, winners
from fractal_rmo.repair.ways import Way

CODE = SourceTree({"a.py": "x = 1 + 2 + 3\n"})


def way(at: int, text: str, won: str, score: float = 0.5) -> Way:
    """One digit replaced, and the tests, a letter each, that it wins."""
    edit = Edit(at, at + 1, text, 1, f"to {text}")
    step = Proposal("a.py", "any", edit, score)
    return Way((step,), (len(won), 0), ",".join(won), won=frozenset(won))


FIRST, SECOND, THIRD = way(4, "10", "a"), way(8, "20", "bc"), way(12, "30", "d")


def texts(layer: list[Way], others: list[Way]) -> list[str]:
    return [item.tree.files["a.py"] for item in crossed(layer, others, CODE)]


def test_edits_that_won_tests_are_made_together_each_pair_once() -> None:
    singles = [FIRST, SECOND, THIRD]
    made = texts(singles, singles)
    assert sorted(made) == ["x = 1 + 20 + 30\n", "x = 10 + 2 + 30\n", "x = 10 + 20 + 3\n"]


def test_one_more_is_made_with_what_a_layer_holds() -> None:
    (pair,) = [item.way for item in crossed([FIRST], [SECOND], CODE)]
    pair = replace(pair, won=frozenset("abc"), gain=(3, 0))
    (item,) = crossed([pair], [FIRST, SECOND, THIRD], CODE)
    assert item.tree.files["a.py"] == "x = 10 + 20 + 30\n"
    assert (item.start, len(item.way.steps)) == (0, 3)


def test_what_wins_other_tests_comes_before_what_is_likelier() -> None:
    likelier = way(12, "40", "a", 0.9)
    assert texts([FIRST], [likelier, SECOND]) == ["x = 10 + 20 + 3\n", "x = 10 + 2 + 40\n"]


@pytest.mark.parametrize("at", [3, 4, 5])
def test_what_touches_is_not_made_together(at: int) -> None:
    assert not texts([FIRST], [way(at, "7", "b")])


def test_who_wins_is_chosen_by_promise_and_few_win_the_same() -> None:
    alike = [way(8, str(n), "a", n / 10) for n in range(1, 10)]
    mixed = replace(THIRD, gain=(0, -1))
    none = replace(SECOND, gain=(0, 1), won=frozenset())
    kept = winners([*alike, mixed, none])
    assert [w.steps[0].edit.text for w in kept] == ["9", "8", "7", "6", "5", "4", "30"]
