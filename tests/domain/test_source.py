from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import MAX_TREE_BYTES, SourceTree


@pytest.mark.parametrize("name", ["../a.py", "/a.py", "a/../b.py", "./a.py", "", "a\n.py", "a//b"])
def test_a_name_that_leaves_its_folder_is_refused(name: str) -> None:
    with pytest.raises(InputError) as refused:
        SourceTree({name: ""})
    assert refused.value.code is ErrorCode.BAD_FILE_NAME


@pytest.mark.parametrize("name", ["my notes.py", "a (copy).py", "v1+2/b.py"])
def test_names_that_people_give_are_taken(name: str) -> None:
    assert SourceTree({name: ""}).files == {name: ""}


def test_one_byte_too_many_is_refused_and_the_last_allowed_is_not() -> None:
    assert SourceTree({"a.py": "x" * MAX_TREE_BYTES}).size == MAX_TREE_BYTES
    with pytest.raises(InputError) as refused:
        SourceTree({"a.py": "x" * (MAX_TREE_BYTES + 1)})
    assert refused.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        SourceTree({"a.py": text})
    assert refused.value.code is ErrorCode.NOT_TEXT


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}\.py", fullmatch=True), st.text("ab\n")))
def test_the_digest_ignores_the_order_of_files(files: dict[str, str]) -> None:
    backwards = dict(reversed(files.items()))
    assert SourceTree(files).sha256 == SourceTree(backwards).sha256
