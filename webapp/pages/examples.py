"""The examples that ship with the product, ready to be put into the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.config.load import CHECKOUT


@dataclass(frozen=True, slots=True)
class Example:
    """One folder of ``examples/``: texts by relative path."""

    name: str
    code: Mapping[str, str]
    tests: Mapping[str, str]

    @property
    def title(self) -> str:
        """The folder's name as words."""
        return self.name.replace("_", " ")


def read(folder: Path = CHECKOUT / "examples") -> dict[str, Example]:
    """The examples by name; none where the folder is missing."""
    if not folder.is_dir():
        return {}
    return {inner.name: _example(inner) for inner in sorted(folder.iterdir()) if inner.is_dir()}


def _example(folder: Path) -> Example:
    files = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*.py"))
    }
    tests = {path for path in files if path.rpartition("/")[2].startswith("test_")}
    return Example(
        folder.name,
        {path: text for path, text in files.items() if path not in tests},
        {path: files[path] for path in sorted(tests)},
    )
