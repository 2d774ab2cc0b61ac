"""``static``: ruff, mypy and bandit over foreign code, warm.

``{"ruff": [{"path", "line", "column", "rule", "message"}], "mypy": [...],
"bandit": [... and "severity", "confidence"], "problem": ""}``

Suppression comments have no effect: ruff and bandit are told to ignore them,
and comments that speak to mypy are blanked before it reads the files.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mypy
from bandit.core import config as bandit_config
from bandit.core import manager as bandit_manager
from mypy import build
from mypy.errors import CompileError
from mypy.modulefinder import BuildSource
from mypy.options import Options

from fractal_rmo.jailed.layout import Box, source_root

Finding = dict[str, Any]

_RULES = "E4,E7,E9,F,B,PLE,W605"
_MYPY_LINE = re.compile(
    r"(?P<path>[^:]+):(?P<line>\d+):(?P<column>\d+): error: (?P<message>.*?)"
    r"(?:  \[(?P<rule>[a-z0-9-]+)\])?"
)
_SPEAKS_TO_MYPY = re.compile(r"#\s*(type:\s*ignore|mypy:)")


def versions(ruff: str) -> dict[str, str]:
    """The tools that this program runs."""
    said = subprocess.run([ruff, "--version"], capture_output=True, text=True, check=False).stdout
    found = {name: version(name) for name in ("mypy", "bandit")}
    return {**found, "ruff": said.strip().removeprefix("ruff ")}


def prepare(ruff: str, cache: str) -> Callable[[Box, Mapping[str, Any]], dict[str, Any]]:
    """Warm the tools up once; the returned program is called in forks.

    ``cache`` is the folder in which to keep what takes long, "" for none that lasts.
    """
    options = _mypy_options(cache)
    settings = bandit_config.BanditConfig()
    _load_bandit_plugins(settings)

    def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
        code = box.code
        paths = sorted(payload["code"])
        answer: dict[str, Any] = {"problem": ""}
        checks: dict[str, Callable[[], list[Finding]]] = {
            "ruff": lambda: _run_ruff(ruff, code, paths),
            "bandit": lambda: _run_bandit(settings, paths),
            "mypy": lambda: _run_mypy(options, code, paths),
        }
        for name, check in checks.items():
            try:
                answer[name] = check() if paths else []
            except Exception as error:  # noqa: BLE001 - one tool's fault must not hide the others
                answer[name] = []
                answer["problem"] = f"{name} failed: {type(error).__name__}: {error}"[:500]
        return answer

    return run


def _run_ruff(ruff: str, code: Path, paths: Sequence[str]) -> list[Finding]:
    command = [
        ruff, "check", "--isolated", "--ignore-noqa", "--no-cache",
        "--output-format=json", "--exit-zero", f"--select={_RULES}", "--target-version=py311", "--",
    ]  # fmt: skip
    environment = {"RAYON_NUM_THREADS": "1", "NO_COLOR": "1", "HOME": os.environ["HOME"]}
    done = subprocess.run(
        [*command, *paths], capture_output=True, text=True, cwd=code, env=environment, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-300:] or f"exit code {done.returncode}")
    return [
        {
            "path": os.path.relpath(item["filename"], code),
            "line": item["location"]["row"],
            "column": item["location"]["column"],
            "rule": item["code"] or "syntax",
            "message": item["message"],
        }
        for item in json.loads(done.stdout)
    ]


def _load_bandit_plugins(settings: bandit_config.BanditConfig) -> None:
    """Let bandit find its plugins now: making a manager does it as a side effect."""
    make: Callable[..., object] = bandit_manager.BanditManager
    make(settings, "file")


def _run_bandit(settings: bandit_config.BanditConfig, paths: Sequence[str]) -> list[Finding]:
    manager = bandit_manager.BanditManager(settings, "file", ignore_nosec=True)
    manager.discover_files(list(paths))
    manager.run_tests()
    return [
        {
            "path": issue.fname.removeprefix("./"),
            "line": issue.lineno,
            "column": issue.col_offset + 1,
            "rule": issue.test_id,
            "message": issue.text,
            "severity": str(issue.severity).lower(),
            "confidence": str(issue.confidence).lower(),
        }
        for issue in manager.get_issue_list()
    ]


def _mypy_options(cache: str) -> Options:
    options = Options()
    options.check_untyped_defs = True
    options.show_column_numbers = True
    options.ignore_missing_imports = True
    options.python_executable = None  # no installed packages: numpy's stubs alone take 60 s
    options.sqlite_cache = False  # it writes wherever it reads; files may be read-only
    options.cache_dir = _stubs_read(options, cache)
    # of two files, for which mypy counts processors, once; a jail would not tell it
    build.build([BuildSource(f"{name}.py", name, "x = 1\n") for name in ("one", "two")], options)
    return options


def _stubs_read(options: Options, cache: str) -> str:
    """The folder of mypy's cache that knows the standard library's stubs; made once.

    Read-only, for what a run sees of a foreign program is not to be remembered.
    """
    made_by = f"{version('mypy')} {mypy.__file__} {sys.version_info}".encode()
    mark = hashlib.sha256(made_by + Path(__file__).read_bytes()).hexdigest()
    folder = Path(cache or tempfile.mkdtemp(), f"mypy-{mark[:16]}")
    if folder.exists():
        return str(folder)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="draft-"))
    every = "".join(f"import {name}\n" for name in sorted(sys.stdlib_module_names))
    options.cache_dir = str(draft)
    build.build([BuildSource(str(draft / "every.py"), "every", every)], options)
    for path in (*draft.rglob("*"), draft):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with suppress(OSError):  # another was quicker
        draft.rename(folder)
        return str(folder)
    shutil.rmtree(draft, ignore_errors=True)
    return str(folder)


def _run_mypy(options: Options, code: Path, paths: Sequence[str]) -> list[Finding]:
    sources = []
    for path in paths:
        file = code / path
        text = file.read_text(encoding="utf-8-sig")
        file.write_text(silence_mypy_comments(text), encoding="utf-8")
        sources.append(BuildSource(path, _module_name(file, code), None))
    try:
        lines = build.build(sources, options).errors
    except CompileError as error:  # what stops mypy, such as a syntax that is too new for it
        lines = error.messages
        if not error.use_stdout:
            raise
    return [_finding(found) for line in lines if (found := _MYPY_LINE.fullmatch(line))]


def _module_name(file: Path, code: Path) -> str:
    """The name under which the code's other files import a file; packages may lie below ``src``."""
    source = source_root(code)
    start = code if source not in file.parents else source
    return ".".join(file.relative_to(start).with_suffix("").parts).removesuffix(".__init__")


def _finding(found: re.Match[str]) -> Finding:
    return {
        "path": found["path"],
        "line": int(found["line"]),
        "column": int(found["column"]),
        "rule": found["rule"] or "misc",
        "message": found["message"],
    }


def silence_mypy_comments(text: str) -> str:
    """The same lines, with comments that switch mypy off blanked.

    >>> silence_mypy_comments("x: int = ''  # type: ignore[assignment]")
    "x: int = ''"
    """
    lines = text.splitlines(keepends=True)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and _SPEAKS_TO_MYPY.search(token.string):
                row, column = token.start
                ending = lines[row - 1][len(lines[row - 1].rstrip("\r\n")) :]
                lines[row - 1] = lines[row - 1][:column].rstrip() + ending
    except (tokenize.TokenError, SyntaxError):
        return text  # mypy cannot read it either
    return "".join(lines)
