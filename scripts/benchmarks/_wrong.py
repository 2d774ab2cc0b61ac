"""Wrong code that its tests accept: mutants that pass the visible and fail the hidden tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, Runner, RunRequest, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.mutation.mutant import Mutant, read_mutant
from scripts.benchmarks._rows import Row, code_of, fails, given_tests, passes, quick_report

SEED = 20_011
_MOST = 400
_MAKING = Limits(wall_s=60.0, cpu_s=60, memory_mb=1024, open_files=256)
_SHORT = Limits(wall_s=4.0, cpu_s=4, memory_mb=1024)
"""Of a mutant; one that takes longer is neither right nor wrong."""


@dataclass(frozen=True)
class Wrong:
    """A wrong candidate for a row, and the edit that made it so."""

    row: Row
    code: SourceTree
    mutant: Mutant

    @property
    def diff(self) -> str:
        """The changed lines, old and new."""
        return self.mutant.diff(code_of(self.row))


def wrong_code(row: Row, run: Runner, most: int, seed: int = SEED) -> list[Wrong]:
    """At most ``most`` wrong candidates, in an order drawn by ``seed`` and the row's id."""
    code = code_of(row)
    found: list[Wrong] = []
    mutants = list(_mutants(code, run, seed))
    Random(f"{seed} {row['id']}").shuffle(mutants)  # noqa: S311 - a sample, no secret
    for mutant in mutants:
        if len(found) == most:
            break
        changed = mutated(code, mutant)
        if _is_wrong(row, changed, run):
            found.append(Wrong(row, changed, mutant))
    return found


def mutated(code: SourceTree, mutant: Mutant) -> SourceTree:
    """The code with the mutant in it."""
    text = code.files[mutant.path].removeprefix("\ufeff")
    return code.replace(mutant.path, text[: mutant.start] + mutant.text + text[mutant.end :])


def _mutants(code: SourceTree, run: Runner, seed: int) -> Iterator[Mutant]:
    paths: list[Json] = [path for path, _ in code.python_files()]
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"code": paths, "most": _MOST, "seed": seed}
    value = run(RunRequest(Runtime.MUTANTS, "mutants", files, payload, _MAKING, "mutants")).value
    made = value.get("mutants") if isinstance(value, Mapping) else None
    for item in made if isinstance(made, list) else ():
        if mutant := read_mutant(item, code):
            yield mutant


def _is_wrong(row: Row, code: SourceTree, run: Runner) -> bool:
    if not passes(quick_report(code, given_tests(row), run, "visible tests", _SHORT)):
        return False
    return fails(quick_report(code, given_tests(row, "hidden_tests"), run, "hidden tests", _SHORT))
