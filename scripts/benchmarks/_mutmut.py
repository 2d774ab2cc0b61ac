"""mutmut's command line on code and tests in a folder, and what it says of each mutant."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutmut.stats import status_by_exit_code

from fractal_rmo.domain.source import SourceTree

_NAME = re.compile(r"x(?:ǁ(?P<owner>[^ǁ]+)ǁ|_)(?P<name>.+)__mutmut_\d+")
"""How mutmut names the function that holds a mutant: ``x_f__mutmut_1``, ``xǁClassǁm__mutmut_1``."""


@dataclass(frozen=True)
class Mutated:
    """A mutant of mutmut's: the function it changes, its shape (:func:`shape`), and its ending.

    ``ending`` is mutmut's own word ("killed", "survived", "timeout", "no tests", ...).
    """

    path: str
    function: str
    shape: str
    ending: str
    exit_code: int | None


def lay_out(folder: Path, code: SourceTree, tests: SourceTree) -> None:
    """Write both into a folder, with mutmut's configuration for it."""
    for path, text in {**code.files, **tests.files}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    paths = json.dumps([path for path, _ in code.python_files()])
    (folder / "pyproject.toml").write_text(f"[tool.mutmut]\nsource_paths = {paths}\n")


def run_mutmut(folder: Path, patience_s: float) -> float:
    """Seconds of ``mutmut run`` with its own settings; raises ``RuntimeError`` when it fails."""
    began = time.perf_counter()
    said = by_hand(["mutmut", "run"], folder, patience_s)
    if said.returncode:
        last = said.stdout.replace("\r", "\n").strip().splitlines()[-3:]
        raise RuntimeError(f"mutmut ended with {said.returncode}: {' '.join(last)}")
    return time.perf_counter() - began


def by_hand(words: list[str], folder: Path, patience_s: float) -> subprocess.CompletedProcess[str]:
    """``python -m`` and these words in a folder, in the environment that a shell would give.

    Without the pytest plugins that happen to be installed beside ours, which take seconds to load.
    """
    clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    clean["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=patience_s,
        check=False,
    )


def read_results(folder: Path, code: SourceTree) -> list[Mutated]:
    """What a finished ``mutmut run`` says of each mutant."""
    found = []
    for path, _ in code.python_files():
        meta = folder / "mutants" / f"{path}.meta"
        if meta.exists():
            text = (folder / "mutants" / path).read_text(encoding="utf-8")
            codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
            found += list(_results(path, text, codes))
    return found


def _results(path: str, text: str, codes: dict[str, int | None]) -> Iterator[Mutated]:
    nodes = {n.name: n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)}
    for key, exit_code in codes.items():
        held = key.rpartition(".")[2]
        name = _NAME.fullmatch(held)
        if name is None or held not in nodes:
            raise LookupError(f"mutmut's mutant {key} is not where it was expected")
        function = f"{name['owner']}.{name['name']}" if name["owner"] else name["name"]
        ending = status_by_exit_code[exit_code]
        yield Mutated(path, function, shape(nodes[held]), ending, exit_code)


def shape(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What a function is but for its name and decorators, which mutmut exchanges."""
    arguments, *body = (ast.dump(part) for part in (node.args, *node.body))
    return f"{arguments} {body}"


def shape_in(text: str, function: str) -> str:
    """The shape of the function of that qualified name in a file's text; "" when there is none."""
    owner, _, name = function.rpartition(".")
    body = ast.parse(text).body
    if owner:
        kinds = (node for node in body if isinstance(node, ast.ClassDef) and node.name == owner)
        body = next((kind.body for kind in kinds), [])
    defined = (n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return next((shape(node) for node in defined if node.name == name), "")
