"""Hand-made mutants, and what a run of a program answers."""

from __future__ import annotations

from typing import Any

from fractal_rmo.domain.run import Limits, RunEnding, Runner, RunRequest

Values = dict[str, Any]
ROOM = Limits(wall_s=60.0, memory_mb=1536)


def completed(run: Runner, request: RunRequest) -> Values:
    """The value of a run that must come to its end."""
    result = run(request)
    assert result.ending is RunEnding.COMPLETED, result
    assert isinstance(result.value, dict)
    return result.value


def edit(code: str, old: str, new: str, function: str = "f", path: str = "solution.py") -> Values:
    """The mutant that has ``new`` for the only ``old``."""
    assert code.count(old) == 1
    start = code.index(old)
    name = function.rpartition(".")[2]
    line = code.count("\n", 0, code.index(f"def {name}(")) + 1
    return {
        "path": path, "start": start, "end": start + len(old), "text": new, "function": function,
        "line": line,
    }  # fmt: skip


def endings(value: Values) -> list[str]:
    """How each mutant ended, where the code itself passed before and after."""
    assert value["unmutated"]["ending"] == value["closing"]["ending"] == "survived", value
    return [mutant["ending"] for mutant in value["mutants"]]
