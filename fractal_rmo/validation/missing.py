"""Modules that are imported and not there: whose fault that is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.validation.subject import Subject

_MISSING = re.compile(r"needs the module '([^']+)', which is missing|No module named '([^']+)'")


def missing_module(said: Iterable[str], subject: Subject) -> tuple[Outcome, str] | None:
    """(outcome, one sentence) for the first missing module in what a run said; None without one.

    One that is missing here is our shortcoming; one missing from the code is the code's.
    """
    found = next((match for text in said if (match := _MISSING.search(text))), None)
    if found is None:
        return None
    name = found[1] or found[2]
    if _belongs_to_code(name, subject) or name.partition(".")[0] in sys.stdlib_module_names:
        return Outcome.FAILED, f"The code has no module '{name}', which is imported."
    return Outcome.ERROR, (
        f"The module '{name}' is imported, which is neither submitted nor among the packages of"
        " the jail, so nothing was judged: name an interpreter that has it (--python)."
    )


def _belongs_to_code(name: str, subject: Subject) -> bool:
    """Whether the module's top-level package is submitted, though the module itself is not."""
    root = name.partition(".")[0]
    paths = [path.removeprefix("src/") for path in (*subject.code.files, *subject.tests.files)]
    return any(path == f"{root}.py" or path.startswith(f"{root}/") for path in paths)
