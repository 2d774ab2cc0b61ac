"""A proven patch in a person's files: all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from fractal_rmo.adapters.source_files import read_tree
from fractal_rmo.cli.apply import apply
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree

BEFORE = SourceTree({"a.py": "A = 1\n", "b.py": "B = 1\n", "c.py": "C = 1\n"})
AFTER = SourceTree({"a.py": "A = 2\n", "b.py": "B = 2\n", "c.py": "C = 1\n"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files as they were read."""
    below = tmp_path / "with space"
    below.mkdir()
    for name, text in BEFORE.files.items():
        (below / name).write_text(text)
    return below


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_what_changed_is_written_with_its_permissions(folder: Path) -> None:
    (folder / "a.py").chmod(0o755)
    assert apply(folder, BEFORE, AFTER) == [folder / "a.py", folder / "b.py"]
    assert texts(folder) == dict(AFTER.files)
    assert (folder / "a.py").stat().st_mode & 0o777 == 0o755


def test_a_file_that_changed_meanwhile_keeps_every_file(folder: Path) -> None:
    (folder / "b.py").write_text("B = 1  # mine\n")
    with pytest.raises(InputError) as refused:
        apply(folder, BEFORE, AFTER)
    assert refused.value.code is ErrorCode.STALE_VERSION
    assert texts(folder) == {**BEFORE.files, "b.py": "B = 1  # mine\n"}


def test_a_file_that_is_no_text_any_more_keeps_every_file(folder: Path) -> None:
    (folder / "b.py").write_bytes(b"\xff")
    with pytest.raises(InputError) as refused:
        apply(folder, BEFORE, AFTER)
    assert refused.value.code is ErrorCode.STALE_VERSION
    assert (folder / "a.py").read_text() == "A = 1\n"


def test_a_link_stays_one_and_its_file_is_mended(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("A = 1\n")
    (folder / "a.py").unlink()
    (folder / "a.py").symlink_to(elsewhere)
    apply(folder, BEFORE, AFTER)
    assert (folder / "a.py").is_symlink()
    assert elsewhere.read_text() == "A = 2\n"


def test_a_byte_order_mark_stays_in_the_file_and_out_of_the_text(tmp_path: Path) -> None:
    target = tmp_path / "a.py"
    target.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    before = read_tree(target, tests=False)
    assert before.files["a.py"] == "x = 1\r\n"
    apply(target, before, before.replace("a.py", "x = 2\r\n"))
    assert target.read_bytes() == b"\xef\xbb\xbfx = 2\r\n"


def test_an_encoding_that_is_declared_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.py"
    target.write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'\r\n")
    before = read_tree(target, tests=False)
    assert before.files["a.py"] == "# -*- coding: utf-8 -*-\nx = 'é'\r\n"
    apply(target, before, before.replace("a.py", "# -*- coding: utf-8 -*-\nx = 'éü'\n"))
    assert target.read_bytes() == b"# -*- coding: latin-1 -*-\nx = '\xe9\xfc'\n"


def test_what_the_declared_encoding_lacks_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "a.py"
    target.write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    before = read_tree(target, tests=False)
    with pytest.raises(InputError, match="cannot be written in latin-1"):
        apply(target, before, before.replace("a.py", "# coding: utf-8\nx = '\u0416'\n"))
    assert target.read_bytes() == b"# coding: latin-1\nx = '\xe9'\n"


def test_an_encoding_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# coding: klingon\nx = 1\n")
    with pytest.raises(InputError, match="klingon"):
        read_tree(tmp_path / "a.py", tests=False)
