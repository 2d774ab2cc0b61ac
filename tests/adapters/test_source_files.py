"""How a person's files are named in a task."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fractal_rmo.adapters.source_files import base_of, read_tests, read_tree
from fractal_rmo.domain.errors import InputError

FILES = (
    "src/shop/__init__.py",
    "src/shop/price.py",
    "src/shop/deep/__init__.py",
    "src/shop/deep/tax.py",
    "src/shop/test_inside.py",
    "plain/one.py",
    "plain/test_one.py",
    "tests/test_shop.py",
    "tests/data.json",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n" if path.suffix == ".py" else "{}")
    return tmp_path


PACKAGE = ["shop/__init__.py", "shop/deep/__init__.py", "shop/deep/tax.py", "shop/price.py"]


@pytest.mark.parametrize(
    ("path", "base", "names"),
    [
        ("src", "src", PACKAGE),
        ("src/shop", "src", PACKAGE),
        ("src/shop/price.py", "src", PACKAGE),
        ("src/shop/deep/tax.py", "src", PACKAGE),
        ("src/shop/deep", "src", ["shop/deep/__init__.py", "shop/deep/tax.py"]),
        ("plain", "plain", ["one.py"]),
        ("plain/one.py", "plain", ["one.py"]),
    ],
)
def test_code_is_named_as_it_is_imported(
    project: Path, path: str, base: str, names: list[str]
) -> None:
    tree = read_tree(project / path, tests=False)
    assert list(tree.files) == names
    assert base_of(project / path) == project / base
    assert all((project / base / name).read_text() == text for name, text in tree.files.items())


def test_a_path_may_be_relative_and_be_the_package_itself(project: Path) -> None:
    before = Path.cwd()
    os.chdir(project / "src" / "shop")
    try:
        assert list(read_tree(Path(), tests=False).files) == PACKAGE
        assert list(read_tree(Path("price.py"), tests=False).files) == PACKAGE
        assert base_of(Path("price.py")).resolve() == project / "src"
    finally:
        os.chdir(before)


def test_tests_come_with_what_lies_beside_them(project: Path) -> None:
    found = read_tests(project / "tests", project / "src" / "shop")
    assert list(found.files) == ["data.json", "test_shop.py"]
    assert list(read_tests(project / "plain", project / "plain").files) == ["test_one.py"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("test_é.py", b"", "'test_é.py' is refused"),
        ("bad.py", b"x = '\xe9'", "bad.py is not UTF-8"),
    ],
)
def test_a_folder_says_which_file_stops_it_and_how_to_go_without(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    tests = name.startswith("test_")
    (tmp_path / ("test_a.py" if tests else "a.py")).write_text("A = 1\n")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{said}.* To go without .* begins with a dot"):
        read_tree(tmp_path, tests=tests)
    (tmp_path / ".aside").mkdir()
    (tmp_path / name).rename(tmp_path / ".aside" / name)
    assert len(read_tree(tmp_path, tests=tests)) == 1
