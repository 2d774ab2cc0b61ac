"""The door: what is refused before anything is stored or run."""

from __future__ import annotations

import ast
from dataclasses import replace

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.model import ModelProvider
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import KINDS_WITH_TESTS, Provider, Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.ports.models import LanguageModel
from fractal_rmo.services.data import table_of

VENDORS = (ModelProvider.OPENAI, ModelProvider.ANTHROPIC)
LONGEST_PARSED = 65_536
LONGEST_PATH = 1024
"""Characters, both."""


def admit(task: Task, models: LanguageModel | None = None) -> Task:
    """Return the task as it is performed; raise ``InputError`` otherwise.

    Code that does not parse is admitted: level 1 says where it is wrong.  What is
    documented is proven to level 4 at least, which runs the examples; data have two levels.
    ``models`` are those that may be asked, None where none can be.
    """
    _require_model(task, models)
    if task.python and not _is_path(task.python):
        raise InputError(ErrorCode.BAD_PYTHON, f"{task.python[:80]!a} is no absolute path.")
    if task.kind is TaskKind.DATA:
        table_of(task.code, task.tests)
        return replace(task, level=Level.STATIC)
    if task.kind is TaskKind.GENERATE:
        if not task.description.strip():
            raise InputError(ErrorCode.NEEDS_DESCRIPTION)
    elif task.code.is_blank():
        raise InputError(ErrorCode.EMPTY_CODE)
    if task.kind in KINDS_WITH_TESTS and task.tests.is_blank():
        raise InputError(ErrorCode.NEEDS_TESTS)
    refuse_broken_tests(task.tests)
    if task.kind is TaskKind.DOCUMENT:
        return replace(task, level=max(task.level, Level.INTEGRATION))
    return task


def _require_model(task: Task, models: LanguageModel | None) -> None:
    """Raise ``InputError`` (NEEDS_MODEL) where a task can only be done by one that is not there."""
    wanted = wanted_provider(task.provider)
    needed = task.kind is TaskKind.GENERATE or wanted in VENDORS
    offline = task.provider is Provider.OFFLINE
    if needed and (offline or models is None or not models.offers(wanted)):
        detail = f"The provider '{wanted}' is not configured." if wanted else ""
        raise InputError(ErrorCode.NEEDS_MODEL, detail)


def wanted_provider(provider: Provider) -> ModelProvider | None:
    """The provider whose endpoints a task names; None where any will do, or none is asked."""
    return None if provider in (Provider.AUTO, Provider.OFFLINE) else ModelProvider(provider.value)


def _is_path(python: str) -> bool:
    return python.startswith("/") and python.isprintable() and len(python) <= LONGEST_PATH


def refuse_broken_tests(tests: SourceTree) -> None:
    """Raise ``InputError`` naming the first test file and line that does not parse.

    Long files are left to level 1: parsing a megabyte takes seconds and half a
    gigabyte, and this runs in the web server.
    """
    for path, text in tests.python_files():
        if len(text) > LONGEST_PARSED:
            continue
        try:
            ast.parse(text)
        except SyntaxError as error:
            place = f"{path}, line {error.lineno}: {error.msg}."
            raise InputError(ErrorCode.BAD_SYNTAX, place) from error
        except (RecursionError, MemoryError, ValueError) as error:
            raise InputError(ErrorCode.BAD_SYNTAX, f"{path} cannot be parsed: {error}") from error
