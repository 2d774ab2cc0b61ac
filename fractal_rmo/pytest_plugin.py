"""``pytest --fractal-level N``: prove the code that a project's tests import, once they pass.

The tests run as they always do; then code and tests are read, and the levels
are climbed in jails.  The session fails when the level is not reached.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fractal_rmo.domain.task import Task
    from fractal_rmo.services.solve import Solution

_TEST_FOLDERS = ("tests", "test")
_LEVEL, _CODE = "--fractal-level", "--fractal-code"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("fractal-rmo", "proof by execution, in jails")
    group.addoption(
        _LEVEL,
        type=int,
        choices=range(1, 7),
        metavar="LEVEL",
        help="prove the code under test up to this level, 1 to 6, once the tests pass",
    )
    words = "the code to prove: files or packages; else what the tests import from the project"
    group.addoption(_CODE, action="append", default=[], metavar="PATH", help=words)
    parser.addini("fractal_code", words, type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Only where a level is asked for; a worker of a distributed run proves nothing."""
    if config.getoption(_LEVEL) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Prover(config), "fractal-rmo-prover")


class _Prover:
    """Proves at the end of a session whose tests passed."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._solution: Solution | None = None
        self._trouble = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Climb the levels; a proof that fails fails the session."""
        from fractal_rmo.domain.errors import FractalError

        if session.exitstatus != pytest.ExitCode.OK or session.config.option.collectonly:
            return
        try:
            self._solution = _prove(self._task(session))
        except FractalError as error:
            self._trouble = str(error)
        if not (self._solution and self._solution.proven):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line for each level, and what the last one saw."""
        if not self._solution and not self._trouble:
            return
        terminalreporter.section("proof")
        if self._trouble:
            terminalreporter.line(f"not proven: {self._trouble}", red=True)
        if self._solution:
            _show(self._solution, terminalreporter)

    def _task(self, session: pytest.Session) -> Task:
        from fractal_rmo.adapters.source_files import DATA, read_below
        from fractal_rmo.domain.errors import ErrorCode, InputError
        from fractal_rmo.domain.source import SourceTree
        from fractal_rmo.domain.task import Task, TaskKind
        from fractal_rmo.domain.verdict import Level

        root = self._config.rootpath
        if not session.items:  # a distributed run's were collected by its workers
            session.perform_collect()
        tests = {item.path for item in session.items}
        named = [*map(Path, self._config.getoption(_CODE)), *self._config.getini("fractal_code")]
        parts = [(self._config.invocation_params.dir / path).resolve() for path in named]
        code = [read_below(part.parent, [part]) for part in parts or _imported(root, tests)]
        if not code:
            detail = f"The tests import nothing of '{root}'; name the code with {_CODE}."
            raise InputError(ErrorCode.EMPTY_CODE, detail)
        files = {name: text for tree in code for name, text in tree.files.items()}
        folders = {_folder_of_tests(path, root) or path for path in tests}
        return Task(
            code=SourceTree({n: t for n, t in files.items() if not _is_test(Path(n))}),
            tests=read_below(root, sorted(folders), (".py", *DATA)),
            kind=TaskKind.VALIDATE,
            level=Level(self._config.getoption(_LEVEL)),
            python=sys.executable,
        )


def _imported(root: Path, tests: Iterable[Path]) -> list[Path]:
    """The top-level modules and packages below ``root`` that are imported, but for the tests."""
    own = set(tests)
    found = set()
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        path = Path(file) if file and "." not in name else None
        if path and path.suffix == ".py" and path not in own and _is_of_project(path, root):
            found.add(path.parent if path.name == "__init__.py" else path)
    return sorted(found)


def _is_of_project(path: Path, root: Path) -> bool:
    """Below the project's folder, in no environment and no hidden folder, and no test."""
    if not path.is_relative_to(root):
        return False
    inner = path.relative_to(root)
    hidden = any(part.startswith(".") for part in inner.parts)
    return not hidden and "site-packages" not in inner.parts and not _is_test(inner)


def _is_test(path: Path) -> bool:
    from fractal_rmo.adapters.source_files import is_test

    return is_test(path) or any(part in _TEST_FOLDERS for part in path.parts[:-1])


def _folder_of_tests(path: Path, root: Path) -> Path | None:
    """The outermost folder that is named for tests, whose files are theirs; None for none."""
    outward = [folder for folder in path.parents if folder.is_relative_to(root) and folder != root]
    return next((folder for folder in reversed(outward) if folder.name in _TEST_FOLDERS), None)


def _prove(task: Task) -> Solution:
    from fractal_rmo.bootstrap.jails import sandbox
    from fractal_rmo.services.warm import warming

    with sandbox() as jail, warming(jail, task):
        from fractal_rmo.services.solve import solve

        return solve(task, jail)


def _show(solution: Solution, reporter: pytest.TerminalReporter) -> None:
    for line, good in _lines(solution):
        reporter.line(line, green=good, red=not good)


def _lines(solution: Solution) -> Iterator[tuple[str, bool]]:
    from fractal_rmo.services.reports import plain

    for verdict in solution.verdicts:
        name = f"{verdict.level} {verdict.level.name.lower()}"
        yield plain(f"{name:14} {verdict.outcome:8} {verdict.summary}"), not verdict.stops
    level = solution.proven_level
    if solution.proven:
        yield f"proven to level {level}", True
    else:
        yield f"NOT proven; the levels passed end at {level}", False
