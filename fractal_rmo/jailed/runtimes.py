"""What each runtime has imported before its first fork, and the programs it offers."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.run_child import Program

_COMMON = (
    "abc argparse array ast base64 bisect calendar cmath collections collections.abc contextlib"
    " copy csv dataclasses datetime decimal difflib enum fractions functools hashlib heapq inspect"
    " io itertools json keyword linecache math numbers operator os pathlib pprint queue"
    " random re secrets shutil statistics string struct sys tempfile textwrap threading time"
    " traceback types typing unittest urllib.parse uuid warnings weakref zoneinfo"
    " encodings.idna encodings.latin_1 encodings.ascii"
)
"""Imported before anything is isolated: a fork finds them in memory."""
_LARGE = "asyncio concurrent.futures logging unittest.mock"
"""Not where forks are to be cheap: they cost every fork a third more."""


def preload(runtime: str, ruff: str, cache: str = "") -> Mapping[str, Program]:
    """Import what a runtime needs; its programs by name."""
    tools = {"python": platform.python_version()}
    if runtime == "static":
        from fractal_rmo.jailed.programs import static_checks

        tools |= static_checks.versions(ruff)
        return {"static": _naming(tools, static_checks.prepare(ruff, cache))}
    if runtime == "schema":
        from fractal_rmo.jailed.programs import check_rows

        return {"check_rows": _naming(tools | check_rows.versions(), check_rows.run)}
    if runtime == "mutants":
        from fractal_rmo.jailed.programs import make_mutants

        return {"mutants": _naming(tools | make_mutants.versions(), make_mutants.run)}
    _import_all(_COMMON)
    return _thin(tools) if runtime == "thin" else _with_pytest(tools, runtime == "property")


def _thin(tools: Mapping[str, str]) -> Mapping[str, Program]:
    """Calls and plain tests, on as little as can be."""
    from fractal_rmo.jailed.programs import (
        call_functions,
        mutation_attack,
        mutation_quick,
        outside,
        serve_code,
        stated_property,
        unit_apart,
        unit_candidates,
        unit_quick,
    )
    from fractal_rmo.jailed.programs.printing import cutting

    return {
        "unit_tests": _naming(tools, cutting(unit_quick.run)),
        "unit_tests_apart": _naming(tools, cutting(unit_apart.apart(unit_quick.run))),
        "unit_candidates": unit_candidates.run,
        "outside": _naming(tools, outside.run),
        "serve_code": serve_code.run,
        "call_functions": _naming(tools, call_functions.run),
        "stated_property": _naming(tools, stated_property.run),
        "mutation_attack": mutation_attack.run,
        "mutation_tests": _naming(tools, mutation_quick.run),
    }


def _with_pytest(tools: Mapping[str, str], with_hypothesis: bool) -> Mapping[str, Program]:
    """Whatever pytest runs."""
    _import_all(_LARGE)
    from fractal_rmo.jailed.programs import (
        mutation_tests,
        property_tool,
        unit_apart,
        unit_pytest,
        unit_session,
    )
    from fractal_rmo.jailed.programs.printing import cutting

    found = {**tools, **unit_pytest.versions()}
    programs: dict[str, Program] = {
        "unit_tests": cutting(unit_pytest.run),
        "unit_tests_apart": cutting(unit_apart.apart(unit_pytest.run)),
        "unit_candidates": unit_session.run,
        "mutation_tests": mutation_tests.run,
    }
    if with_hypothesis:
        found |= property_tool.load()
        programs = {name: property_tool.ready(program) for name, program in programs.items()}
    return {name: _naming(found, program) for name, program in programs.items()}


def _import_all(names: str) -> None:
    for name in names.split():
        with suppress(ImportError):  # a few are optional in a distribution's own builds
            importlib.import_module(name)


def _naming(tools: Mapping[str, str], program: Program) -> Program:
    """The same program, whose value also says which versions of which tools gave it."""

    def run(box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {**program(box, payload), "tools": tools}

    return run
