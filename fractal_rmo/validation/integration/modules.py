"""Under which names the files of a project are imported, and from which folders."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword

from fractal_rmo.domain.source import SourceTree

ROOT_PACKAGE = "code"
"""What a package is called whose ``__init__.py`` is at the root: the jail's name for its folder."""
_OF_TOOLS = {"setup.py", "noxfile.py", "conftest.py"}


@dataclass(frozen=True, slots=True)
class Module:
    """A file with its dotted ``name`` ("" when no import statement could name it).

    ``before`` and ``after`` are folders, relative to the project's, that stand
    before and after the packages on the path.
    """

    path: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...] = ()

    @property
    def is_main(self) -> bool:
        """Whether it is started with its package rather than imported."""
        return _file_name(self.path) == "__main__.py"

    @property
    def is_for_tools(self) -> bool:
        """Whether only pytest or a builder imports it, each in a world of its own."""
        name = _file_name(self.path)
        return name in _OF_TOOLS or name.startswith("test_") or name.endswith("_test.py")

    @property
    def package(self) -> str:
        """The package it is in, "" for none."""
        is_package = _file_name(self.path) == "__init__.py"
        return self.name if is_package else self.name.rpartition(".")[0]

    @property
    def search_path(self) -> str:
        """What a shell has to say before a command; "" when the project's folder is enough."""
        folders = ":".join((*self.before, *self.after))
        return "" if folders == "." else f"PYTHONPATH={shlex.quote(folders)} "


def modules(code: SourceTree) -> Iterator[Module]:
    """Every Python file of the code, in order."""
    for path, _ in code.python_files():
        yield _module(path, code)


def _module(path: str, code: SourceTree) -> Module:
    below_src = path.startswith("src/") and _has_source_folder(code)
    roots = (".", "src") if _has_source_folder(code) else (".",)
    steps = path.removesuffix(".py").split("/")
    if steps[-1] == "__init__":
        steps.pop()
    parts = steps[1:] if below_src else steps
    if "__init__.py" in code.files and not below_src:
        parts, roots = [ROOT_PACKAGE, *parts], ("..", *roots)
    folder = path.rpartition("/")[0]
    bad = max((n for n, part in enumerate(parts) if not _can_be_named(part)), default=-1)
    if bad == len(parts) - 1:
        return Module(path, "", tuple(dict.fromkeys((folder or ".", *roots))))
    if bad >= 0:  # from the innermost folder that has no name
        roots = ("/".join(steps[: bad + 1 - len(parts)]), *roots)
    alone = bool(folder) and f"{folder}/__init__.py" not in code.files and folder not in roots
    return Module(path, ".".join(parts[bad + 1 :]), roots, (folder,) if alone else ())


def _has_source_folder(code: SourceTree) -> bool:
    return "src/__init__.py" not in code.files and any(p.startswith("src/") for p in code.files)


def _can_be_named(part: str) -> bool:
    return part.isidentifier() and not iskeyword(part)


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]
