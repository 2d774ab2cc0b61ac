"""How test files are imported: as plain pytest does it, wherever names allow."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from fractal_rmo.jailed.layout import Box, base_of, module_name


def is_test_file(path: str) -> bool:
    """Whether pytest looks for tests in this file."""
    name = path.rpartition("/")[2]
    return name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))


def imports_plainly(box: Box, tests: Iterable[str]) -> bool:
    """Whether each test file is exactly what its own name imports.

    Two files of one name in folders that are no packages are not, nor is a
    file whose name the code or the interpreter has taken.
    """
    return all(
        _is_alone(box.tests / path, box.path)
        for path in tests
        if is_test_file(path) or path.rpartition("/")[2] == "conftest.py"
    )


def _is_alone(file: Path, folders: Iterable[str]) -> bool:
    top = module_name(file).partition(".")[0]
    homes = [f for f in folders if Path(f, top).exists() or Path(f, f"{top}.py").exists()]
    return homes == [str(base_of(file))] and top not in sys.modules
