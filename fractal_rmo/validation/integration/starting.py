"""How the programs among the code are started: main blocks, ``__main__.py``, declared commands."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.integration.parsing import parsed

PROJECT_FILE = "pyproject.toml"
_TABLES = ("scripts", "gui-scripts")
_PARSERS = {"argparse", "optparse", "click", "typer", "docopt", "fire", "tap", "cyclopts"}


@dataclass(frozen=True, slots=True)
class Command:
    """A line of ``[project.scripts]``: its name, ``module:object``, and where it is written."""

    name: str
    target: str
    line: int


def main_block(text: str) -> int:
    """The line of ``if __name__ == "__main__":`` at the top level of a file; 0 without one."""
    if "__main__" not in text:
        return 0
    lines = (
        node.lineno
        for node in parsed(text).body
        if isinstance(node, ast.If) and any(map(_asks_whether_main, ast.walk(node.test)))
    )
    return next(lines, 0)


def _asks_whether_main(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return False
    sides = (node.left, node.comparators[0])
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    said = any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
    return named and said and isinstance(node.ops[0], ast.Eq)


def parses_arguments(code: SourceTree) -> bool:
    """Whether some file imports a parser of command lines, so that ``--help`` is understood."""
    return any(
        _PARSERS & _imported(text)
        for _, text in code.python_files()
        if any(name in text for name in _PARSERS)
    )


def _imported(text: str) -> set[str]:
    """Top-level names of the modules that a file imports."""
    found = set()
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def commands(code: SourceTree) -> Iterator[Command]:
    """The commands that ``pyproject.toml`` declares.

    Raises ``ValueError`` for a file that is no TOML, or whose tables are none.
    Source: the entry points specification of the Python packaging guide.
    """
    text = code.files.get(PROJECT_FILE, "")
    project = tomllib.loads(text).get("project", {})
    for table in _TABLES:
        declared = project.get(table, {}) if isinstance(project, Mapping) else None
        if not isinstance(declared, Mapping):
            raise ValueError(f"[project.{table}] is no table")  # noqa: TRY004 - of a file, like TOML's
        for name, target in declared.items():
            words = str(target).partition("[")[0].strip()  # extras in brackets follow
            yield Command(name, words, _line_of(name, text))


def _line_of(name: str, text: str) -> int:
    """The first line that begins with the name, bare or quoted; 1 when it is written otherwise."""
    lines = enumerate(text.splitlines(), 1)
    return next((n for n, line in lines if line.strip(" \t\"'").startswith(name)), 1)
