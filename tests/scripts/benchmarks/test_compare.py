from __future__ import annotations

import pytest

from scripts.benchmarks._compare import Ours, Pair, disagreements, explain, paired
from scripts.benchmarks._mutmut import Mutated


def ours(shape: str, ending: str = "killed", detail: str = "") -> Ours:
    return Ours("a.py", "f", shape, ending, detail, f"+{shape}", "")


def theirs(shape: str, ending: str = "killed", exit_code: int = 1) -> Mutated:
    return Mutated("a.py", "f", shape, ending, exit_code)


def test_mutants_of_one_shape_meet_in_their_order_and_the_rest_is_left_over() -> None:
    pairs = paired(
        [ours("x"), ours("x", "survived"), ours("y")],
        [theirs("x"), theirs("x", "survived"), theirs("z")],
    )
    assert [pair.agrees for pair in pairs] == [True, True, False, False]
    assert pairs[2].theirs is None
    assert pairs[3].ours is None


def test_what_a_sample_left_out_is_no_disagreement() -> None:
    pairs = paired([ours("x")], [theirs("x"), theirs("z")])
    assert disagreements(pairs, lambda _: "", sampled=True) == []
    (one,) = disagreements(pairs, lambda _: "", sampled=False)
    assert (one["ours"], one["mutmut"]) == ("not made", "killed")
    assert one["explanation"]


@pytest.mark.parametrize(
    ("mine", "other", "plain", "words"),
    [
        (ours("x", "survived"), theirs("x", "no tests", 33), "passed", "no test calls"),
        (ours("x", "killed"), theirs("x", "no tests", 33), "failed", "in another way"),
        (ours("x", "crashed", "SystemExit"), theirs("x"), "failed", "(SystemExit)"),
        (ours("x", "killed"), theirs("x", "timeout", -24), "failed", "time ran out"),
        (ours("x", "survived"), theirs("x", "killed", 3), "passed", "exit code 3 is 'killed'"),
        (ours("x", "timed_out"), theirs("x", "killed"), "timed out", "timed out on"),
    ],
)
def test_plain_pytest_explains_a_difference(
    mine: Ours, other: Mutated, plain: str, words: str
) -> None:
    assert words in explain(Pair(mine, other), plain)


@pytest.mark.parametrize(
    ("mine", "other", "plain"),
    [
        (ours("x", "survived"), theirs("x"), "failed"),
        (ours("x", "killed"), theirs("x", "survived", 0), "passed"),
        (ours("x", "survived"), theirs("x", "no tests", 33), "failed"),
        (ours("x", "timed_out"), theirs("x", "survived", 0), "passed"),
    ],
)
def test_where_plain_pytest_is_against_us_nothing_is_explained_away(
    mine: Ours, other: Mutated, plain: str
) -> None:
    assert explain(Pair(mine, other), plain) == ""
