"""Rows against a schema, asked in a jail: its patterns are foreign and may take for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.errors import ErrorCode, InputError, SandboxUnavailableError
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.run import Dialogue, Limits, RunEnding, RunRequest, RunResult, Runtime
from fractal_rmo.validation.generated.answers import printable

_LIMITS = Limits(wall_s=10.0, cpu_s=10)


@dataclass(frozen=True, slots=True)
class Break:
    """One place where a row (an index; -1: all rows together) breaks the schema."""

    row: int
    path: tuple[str, ...]
    rule: str
    message: str

    @property
    def column(self) -> str | None:
        """The column, where it is all of a cell that is meant."""
        return self.path[0] if len(self.path) == 1 else None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the jail said: ``more`` breaks were not listed; how and with what it was run."""

    broken: tuple[Break, ...]
    more: int
    result: RunResult

    @property
    def rows(self) -> set[int]:
        """The rows that break the schema, as far as they are listed."""
        return {one.row for one in self.broken}


def check(schema: JsonObject, rows: Sequence[JsonObject], label: str) -> Dialogue[Checked]:
    """Judge every row.  Raises ``InputError`` (BAD_SCHEMA) and ``SandboxUnavailableError``."""
    payload: dict[str, Json] = {"schema": schema, "rows": list(rows)}
    result = yield RunRequest(Runtime.SCHEMA, "check_rows", {}, payload, _LIMITS, label)
    if result.ending is RunEnding.UNAVAILABLE:
        raise SandboxUnavailableError(ErrorCode.SANDBOX_UNAVAILABLE, result.detail)
    value = result.value
    if result.ending is not RunEnding.COMPLETED or not isinstance(value, Mapping):
        detail = f"Checking the rows with it did not end well: {result.detail or result.ending}"
        raise InputError(ErrorCode.BAD_SCHEMA, detail)
    problem = value.get("problem")
    if isinstance(problem, list):
        path, sentence = map(str, problem)
        detail = f"{printable(path)}: {printable(sentence)}." if path else f"{printable(sentence)}."
        raise InputError(ErrorCode.BAD_SCHEMA, detail)
    found, more = value.get("broken"), value.get("more")
    broken = tuple(_read(one) for one in found) if isinstance(found, list) else ()
    return Checked(broken, more if isinstance(more, int) else 0, result)


def _read(one: Json) -> Break:
    row, path, rule, message = one if isinstance(one, list) else (-1, [], "", "")
    parts = tuple(map(str, path)) if isinstance(path, list) else ()
    return Break(
        row if isinstance(row, int) else -1, parts, printable(str(rule)), printable(str(message))
    )
