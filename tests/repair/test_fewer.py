"""Every subset of a way's edits gives the program in which just those were made."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.candidates import Proposal
from fractal_rmo.repair.fewer import fewer
from fractal_rmo.repair.ways import Way

CODE = SourceTree({"a.py": "abcdefghij"})


def step(start: int, end: int, text: str) -> Proposal:
    return Proposal("a.py", "any", Edit(start, end, text, 1, text), 0.5)


def made(changes: dict[str, str]) -> str:
    return "".join(changes.get(letter, letter) for letter in "abcdefghij")


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefghij"), st.text("XY", max_size=4)),
        min_size=2,
        max_size=4,
        unique_by=lambda change: change[0],
    )
)
@settings(max_examples=60, deadline=None)
def test_edits_apart_may_be_left_out_in_any_order(changes: list[tuple[str, str]]) -> None:
    steps, text = list[Proposal](), CODE.files["a.py"]
    for letter, new in changes:
        at = text.index(letter)
        steps.append(step(at, at + 1, new))
        text = steps[-1].edit.apply(text)
    found = [way.tree(CODE).files["a.py"] for way in fewer(Way(tuple(steps)))]
    sizes = range(1, len(changes))
    wanted = [made(dict(kept)) for size in sizes for kept in combinations(changes, size)]
    touching = any(new == "" for _, new in changes)  # what was put in may be nothing to stand apart
    assert found == wanted or (touching and set(found) <= set(wanted))


def test_an_edit_of_what_another_put_in_goes_with_it() -> None:
    way = Way((step(1, 2, "XX"), step(2, 3, "Y")))
    assert [less.tree(CODE).files["a.py"] for less in fewer(way)] == ["aXXcdefghij"]


def test_a_single_edit_has_none_to_spare() -> None:
    assert not list(fewer(Way((step(1, 2, "X"),))))
