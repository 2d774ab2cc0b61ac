"""What of a project can be tried from outside: checks, each for an interpreter of its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunRequest, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.integration.examples import Example, examples
from fractal_rmo.validation.integration.modules import Module, modules
from fractal_rmo.validation.integration.starting import (
    PROJECT_FILE,
    Command,
    commands,
    main_block,
    parses_arguments,
)

_LIMITS = Limits(wall_s=90.0, cpu_s=30)


class Kind(StrEnum):
    """What is tried."""

    IMPORT = "import"
    DOCTEST = "doctest"
    START = "start"
    """A main block or ``__main__.py``, started."""
    SCRIPT = "script"
    """A declared command, imported and found callable."""


SECONDS = {Kind.IMPORT: 10.0, Kind.DOCTEST: 20.0, Kind.START: 3.0, Kind.SCRIPT: 10.0}
"""How long one check may take."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to be tried: ``path`` and ``line`` say where it is written.

    ``target`` is the module, or ``module:object`` of a declared command;
    ``docs`` are the examples of each docstring.
    """

    kind: Kind
    path: str
    line: int
    module: Module
    target: str
    arguments: tuple[str, ...] = ()
    docs: tuple[Sequence[Example], ...] = ()

    @property
    def command(self) -> str:
        """What a person types in the project's folder to see the same."""
        return f"{self.module.search_path}python {shlex.join(self._words())}"

    def _words(self) -> list[str]:
        if self.kind is Kind.START:
            named = self.module.package if self.module.is_main else self.target
            how = ["-m", named] if named else [self.path]
            return [*how, *self.arguments]
        if self.kind is Kind.DOCTEST:
            return ["-c", f"import doctest, {self.target} as m; doctest.testmod(m)"]
        name, _, found = self.target.partition(":")
        if self.kind is Kind.SCRIPT:
            return ["-c", f"import {name}; print({name}.{found})"]
        return ["-c", f"import {name}"]

    def as_json(self) -> dict[str, Json]:
        """As the jailed program wants it."""
        return {
            "kind": self.kind.value,
            "name": self.target,
            "package": self.module.package,
            "file": self.path,
            "arguments": self.arguments,
            "docs": [[example.source for example in doc] for doc in self.docs],
            "before": self.module.before,
            "after": self.module.after,
            "seconds": SECONDS[self.kind],
        }


def checks(code: SourceTree) -> list[Check]:
    """All that can be tried, imports first: programs may write into the folder.

    Raises ``ValueError`` for a ``pyproject.toml`` that cannot be read.
    """
    known = [module for module in modules(code) if not module.is_for_tools]
    named = [module for module in known if module.name and not module.is_main]
    found = [Check(Kind.IMPORT, m.path, 1, m, m.name) for m in named]
    for module in named:
        if docs := tuple(examples(code.files[module.path])):
            line = docs[0][0].line
            found.append(Check(Kind.DOCTEST, module.path, line, module, module.name, docs=docs))
    found += [_script(command, code) for command in commands(code)]
    return [*found, *_starts(known, code)]


def _script(command: Command, code: SourceTree) -> Check:
    project = next(modules(SourceTree({"project.py": "", **code.files})))
    roots = Module(PROJECT_FILE, "", project.before)
    return Check(Kind.SCRIPT, PROJECT_FILE, command.line, roots, command.target)


def _starts(known: Sequence[Module], code: SourceTree) -> Iterator[Check]:
    """The programs, asked for help where a parser of command lines is there to give it."""
    arguments = ("--help",) if parses_arguments(code) else ()
    for module in known:
        line = 1 if module.is_main else main_block(code.files[module.path])
        if line:
            yield Check(Kind.START, module.path, line, module, module.name, arguments)


def request(code: SourceTree, found: Sequence[Check]) -> RunRequest:
    """One run that performs all checks; the tests are not among its files."""
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"checks": [check.as_json() for check in found]}
    return RunRequest(Runtime.THIN, "outside", files, payload, _LIMITS, "from outside")
