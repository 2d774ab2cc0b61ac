"""The diff is what ``git apply`` takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.diff import unified_diff

CASES = {
    "a changed line": ({"a.py": "x = 1\ny = 2\n"}, {"a.py": "x = 1\ny = 3\n"}),
    "no final newline before": ({"a.py": "x = 1"}, {"a.py": "x = 2\n"}),
    "no final newline after": ({"a.py": "x = 1\n"}, {"a.py": "x = 2"}),
    "no final newline at all": ({"a.py": "y = 0\nx = 1"}, {"a.py": "y = 0\nx = 2"}),
    "carriage returns": ({"a.py": "x = 1\r\ny = 1\r\n"}, {"a.py": "x = 2\r\ny = 1\r\n"}),
    "form feed and separators": ({"a.py": "x = '\x0c\x1c\u2028'\n"}, {"a.py": "x = '\x0c'\n"}),
    "a new file": ({"a.py": "x = 1\n"}, {"a.py": "x = 1\n", "b/c.py": "y = 1\n"}),
    "a lost file": ({"a.py": "x = 1\n", "b/c.py": "y = 1"}, {"a.py": "x = 1\n"}),
    "two files": ({"a.py": "1\n", "b.py": "2\n"}, {"a.py": "3\n", "b.py": "4\n"}),
}


def apply(folder: Path, before: SourceTree, patch: str) -> dict[str, str]:
    for path, text in before.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        input=patch.encode(),
        cwd=folder,
        check=True,
        env={"GIT_CEILING_DIRECTORIES": str(folder.parent), "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in files}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_git_applies_it(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> None:
    old, new = SourceTree(before), SourceTree(after)
    assert apply(tmp_path, old, unified_diff(old, new)) == after


def test_equal_trees_have_no_diff() -> None:
    tree = SourceTree({"a.py": "x = 1"})
    assert unified_diff(tree, SourceTree(dict(tree.files))) == ""


texts = st.lists(st.sampled_from(["a", "b", "", "é", "\r", "-- x", "\\ No"]), max_size=6).map(
    "\n".join
)


@given(texts.filter(bool), texts.filter(bool))
@settings(max_examples=25, deadline=None)
def test_git_applies_any_change(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str
) -> None:
    old, new = SourceTree({"a.py": before}), SourceTree({"a.py": after})
    if before != after:
        folder = tmp_path_factory.mktemp("diff")
        assert apply(folder, old, unified_diff(old, new)) == {"a.py": after}
