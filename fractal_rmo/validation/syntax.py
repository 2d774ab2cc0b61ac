"""Level 1: every Python file parses and compiles.  Nothing is run for it."""

from __future__ import annotations

import ast
import warnings

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.subject import Subject

_SNIPPET_CHARS = 200


def syntax_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict on the syntax of the code and the tests."""
    yield from ()
    files = [*subject.code.python_files(), *subject.tests.python_files()]
    errors = [error for path, text in files if (error := check_file(path, text)) is not None]
    evidence: dict[str, Json] = {"command": "ast.parse and compile", "files": len(files)}
    if not list(subject.code.python_files()):
        return Verdict(Level.SYNTAX, Outcome.FAILED, "There is no Python file to judge.", evidence)
    if not errors:
        noun = "file parses" if len(files) == 1 else "files parse"
        return Verdict(Level.SYNTAX, Outcome.PASSED, f"{len(files)} {noun}.", evidence)
    first = errors[0]
    place = f"{first['path']}, line {first['line']}, column {first['column']}"
    summary = f"{place}: {first['message']}."
    if len(errors) > 1:
        summary += f" {len(errors) - 1} more of {len(files)} files do not parse."
    return Verdict(Level.SYNTAX, Outcome.FAILED, summary, {**evidence, "errors": errors})


def check_file(path: str, text: str) -> dict[str, Json] | None:
    """The first error of one file: ``path``, ``line``, ``column``, ``message``, ``snippet``.

    Compiling finds what parsing lets through, such as ``return`` outside a
    function.  Lines and columns count from 1; 0 says that none is known.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, filename=path)
            compile(tree, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        line, column = error.lineno or 0, error.offset or 0
        return _error(path, text, line, column, error.msg)
    except (RecursionError, MemoryError):
        return _error(path, text, 0, 0, "the code is nested too deeply to be parsed")
    except ValueError as error:
        return _error(path, text, 0, 0, str(error))
    return None


def _error(path: str, text: str, line: int, column: int, message: str) -> dict[str, Json]:
    lines = text.splitlines()
    snippet = lines[line - 1].strip()[:_SNIPPET_CHARS] if 0 < line <= len(lines) else ""
    return {"path": path, "line": line, "column": column, "message": message, "snippet": snippet}
