"""Which programs there are, and how they are called."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.integration.starting import commands, main_block, parses_arguments

MAIN = {
    "usual": ('if __name__ == "__main__":\n    f()\n', 1),
    "turned": ("x = 1\nif '__main__' == __name__:\n    f()\n", 2),
    "with more": ("import sys\n\nif __name__ == '__main__' and sys.argv:\n    f()\n", 3),
    "negated": ("if __name__ != '__main__':\n    f()\n", 0),
    "inside a function": ("def f():\n    if __name__ == '__main__':\n        f()\n", 0),
    "only said": ("x = '__main__'\n", 0),
    "another name": ("if name == '__main__':\n    f()\n", 0),
}


@pytest.mark.parametrize(("text", "line"), MAIN.values(), ids=MAIN.keys())
def test_main_blocks_are_found_in_the_syntax(text: str, line: int) -> None:
    assert main_block(text) == line


@pytest.mark.parametrize(
    ("text", "parses"),
    [
        ("import argparse\n", True),
        ("def f():\n    from click.core import Command\n", True),
        ("from .click import x\n", False),
        ("import argparse_of_ours\n", False),
        ("# import argparse\n", False),
    ],
)
def test_a_parser_of_command_lines_is_known_by_its_import(text: str, parses: bool) -> None:
    assert parses_arguments(SourceTree({"a.py": text})) is parses


def test_declared_commands_with_their_lines() -> None:
    text = (
        "[project]\nname = 'p'\n[project.scripts]\none = 'p.cli:main'\n"
        "'two-b' = \"p:C.run [extra]\"\n"
        "[project.gui-scripts]\nshow = 'p.gui:main'\n"
    )
    found = [(c.name, c.target, c.line) for c in commands(SourceTree({"pyproject.toml": text}))]
    assert found == [("one", "p.cli:main", 4), ("two-b", "p:C.run", 5), ("show", "p.gui:main", 7)]


@pytest.mark.parametrize("text", ["", "[project]\nname = 'p'\n", "[tool.x]\n"])
def test_a_project_without_commands_has_none(text: str) -> None:
    assert list(commands(SourceTree({"pyproject.toml": text}))) == []
    assert list(commands(SourceTree({"a.py": ""}))) == []


@pytest.mark.parametrize("text", ["[", "project = 1\n", "[project]\nscripts = ['a']\n"])
def test_a_file_that_declares_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        list(commands(SourceTree({"pyproject.toml": text})))
