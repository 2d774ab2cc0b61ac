"""What of the world tests replace, read from their text alone."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.unit.world import looked_into, replaced_world

CODE = SourceTree({"solution.py": "import time\n", "src/shop/till.py": ""})


def replaced(*lines: str, **more: str) -> str:
    tests = {"test_solution.py": "\n".join(lines), "helpers.py": "", **more}
    return replaced_world(CODE, SourceTree(tests))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("monkeypatch.setattr(sys, 'argv', ['x'])", "sys"),
        ("monkeypatch.setattr('time.time', lambda: 0)", "time.time"),
        ("monkeypatch.setattr(times.time, 'x', 1)", "time.time"),
        ("monkeypatch.setitem(sys.modules, 'x', None)", "sys.modules"),
        ("monkeypatch.setitem(environ, 'A', 'b')", "os.environ"),
        ("monkeypatch.setenv('A', 'b')", "what 'monkeypatch.setenv' sets"),
        ("monkeypatch.chdir(tmp_path)", "what 'monkeypatch.chdir' sets"),
        ("mock.patch('time.time')", "time.time"),
        ("mock.patch.object(sys, 'stdin')", "sys"),
        ("patch.dict(environ, A='b')", "os.environ"),
        ("random.seed(3)", "what 'random.seed' sets"),
        ("seed(3)", "what 'random.seed' sets"),
        ("sys.argv = ['x']", "sys.argv"),
        ("sys.argv[0] = 'x'", "sys.argv"),
        ("environ['A'] = 'b'", "os.environ"),
        ("environ['A'] += 'b'", "os.environ"),
    ],
)
def test_what_code_would_not_see_from_afar(line: str, found: str) -> None:
    imports = (
        "import random, sys, time as times\nfrom os import environ\nfrom random import seed\n"
        "from unittest import mock\nfrom unittest.mock import patch"
    )
    assert replaced(imports, "def test(monkeypatch, tmp_path):", f"    {line}") == found


@pytest.mark.parametrize(
    "line",
    [
        "monkeypatch.setattr(solution, 'RATE', 1)",
        "monkeypatch.setattr('solution.RATE', 1)",
        "monkeypatch.setattr('shop.till.held', 1)",
        "monkeypatch.setattr(till, 'held', 1)",
        "monkeypatch.setattr(helpers, 'x', 1)",
        "monkeypatch.setattr(made_here, 'x', 1)",
        "monkeypatch.undo()",
        "patch('x.y')",
        "random.Random(3)",
        "solution.RATE = 3",
        "made_here.x = sys.argv",
        "sys.stdout.write('x')",
        "monkeypatch.setattr()",
    ],
)
def test_what_is_the_codes_or_the_tests_own_stays_apart(line: str) -> None:
    imports = "import helpers, random, solution, sys\nfrom shop import till"
    assert replaced(imports, "def test(monkeypatch):", f"    {line}") == ""


def test_every_file_is_read_and_none_must_parse() -> None:
    assert replaced("def broken(:", **{"test_two.py": "import os\nos.chdir('/')"})
    assert replaced("def broken(:") == ""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("asdict(x)", "dataclasses.asdict"),
        ("inspect.signature(f)", "inspect.signature"),
        ("x.__dict__", "__dict__"),
        ("solution.__file__", "__file__"),
        ("vars(x)", "vars"),
        ("vars(solution)", ""),
        ("vars()", ""),
        ("Path(__file__)", ""),
        ("x.asdict()", ""),
        ("inspect.iscoroutine(x)", ""),
    ],
)
def test_what_an_object_of_the_code_shows_only_where_it_is(line: str, found: str) -> None:
    head = "import inspect, solution\nfrom dataclasses import asdict\n"
    assert looked_into(SourceTree({"test_solution.py": head + line})) == found


def test_a_pattern_looks_into_an_object_but_not_into_plain_data() -> None:
    match = "match x:\n    case {}(a):\n        pass\n"
    assert looked_into(SourceTree({"test_s.py": match.format("Point")})) == "__match_args__"
    assert looked_into(SourceTree({"test_s.py": match.format("int")})) == ""
