"""Names of files, as an import statement of their project would write them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.integration.modules import Module, modules

LAYOUTS: dict[str, tuple[str, str, Sequence[str], Sequence[str]]] = {
    # what: (file, name, folders before the packages, folders after them)
    "a file at the root": ("a.py", "a", ["."], []),
    "a package": ("p/__init__.py", "p", ["."], []),
    "in a package": ("p/b.py", "p.b", ["."], []),
    "no package": ("tools/t.py", "tools.t", ["."], ["tools"]),
    "a name that cannot be written": ("my-tool.py", "", ["."], []),
    "a keyword": ("class.py", "", ["."], []),
    "below a folder without a name": ("day-1/q.py", "q", ["day-1", "."], []),
    "a package below such a folder": ("day-1/p/__init__.py", "p", ["day-1", "."], []),
    "its module": ("day-1/p/m.py", "p.m", ["day-1", "."], []),
}


@pytest.mark.parametrize(("path", "name", "before", "after"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_layout(path: str, name: str, before: Sequence[str], after: Sequence[str]) -> None:
    found = _named(*(path for path, *_ in LAYOUTS.values()))[path]
    assert (found.name, list(found.before), list(found.after)) == (name, before, after)


def test_packages_below_src_are_imported_without_it() -> None:
    found = _named("src/p/__init__.py", "src/p/m.py", "tool.py")
    assert [m.name for m in found.values()] == ["p", "p.m", "tool"]
    assert {m.search_path for m in found.values()} == {"PYTHONPATH=.:src "}


def test_a_folder_is_quoted_for_a_shell() -> None:
    assert _named("a b/c.py")["a b/c.py"].search_path == "PYTHONPATH='a b:.' "


def test_src_that_is_a_package_is_one() -> None:
    assert _named("src/__init__.py", "src/m.py")["src/m.py"].name == "src.m"


def test_a_root_that_is_a_package_is_imported_from_above() -> None:
    found = _named("__init__.py", "m.py")
    assert [(m.name, m.package) for m in found.values()] == [("code", "code"), ("code.m", "code")]
    assert found["m.py"].before == ("..", ".")


@pytest.mark.parametrize("path", ["conftest.py", "p/test_x.py", "x_test.py", "setup.py"])
def test_files_for_tools_are_told_apart(path: str) -> None:
    assert _named(path)[path].is_for_tools


def _named(*paths: str) -> dict[str, Module]:
    return {m.path: m for m in modules(SourceTree(dict.fromkeys(paths, "")))}
