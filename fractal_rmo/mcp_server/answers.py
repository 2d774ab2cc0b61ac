"""What the tools answer, as models: their JSON Schemas tell a client what to expect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field

from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.services.documents import profile, verdict_document
from fractal_rmo.services.solve import Solution


class LevelVerdict(BaseModel):
    """One level of the ladder."""

    level: int = Field(
        description="1 syntax, 2 static, 3 unit, 4 integration, 5 property, 6 mutation"
    )
    name: str
    outcome: str = Field(description="passed, failed, error, not_applicable or flaky")
    summary: str = Field(description="What was seen, in a sentence.")
    evidence: dict[str, Any] = Field(
        description="Failures, counter-examples and gaps with the code to paste; seeds, commands."
    )
    tools: dict[str, str] = Field(description="Versions of the tools that took part.")
    tier: str = Field(description="How strongly the sandbox isolated.")
    shared_process: bool = Field(description="Tests and code shared a process: proves less.")
    duration_s: float


class Proof(BaseModel):
    """How far code is proven."""

    proven: bool = Field(description="Whether every level that was asked for passed.")
    proven_level: int = Field(
        description="The highest level up to which all applicable ones passed."
    )
    summary: str = Field(description="What to do next, in a sentence.")
    verdicts: list[LevelVerdict]


class Repair(Proof):
    """Code after a repair, a refactoring or documentation, and how far it is proven."""

    files: dict[str, str] = Field(description="The whole code after the change, by path.")
    diff: str = Field(description='What changed, as "git apply" takes it; empty: nothing did.')
    explanation: str
    candidates_tried: int


class Table(Repair):
    """A table after its repairs, and what it holds."""

    repairs: list[dict[str, Any]] = Field(
        description="Each with row (from 1), line, column, rule, before and after."
    )
    profile: list[dict[str, Any]] = Field(description="What each column holds.")


class Analysis(BaseModel):
    """What five analyzers say, merged."""

    findings: list[dict[str, Any]] = Field(
        description="Each with severity, rule, message, path, line (from 1; 0: none) and snippet."
    )
    action_items: list[dict[str, Any]] = Field(
        description="What to do, in an order that keeps dependencies; each with its reason."
    )
    missing: list[str] = Field(description="Analyzers that could not report.")


def proof(solution: Solution) -> Proof:
    """The answer to a validation."""
    return Proof(**_proof(solution))


def repair(solution: Solution) -> Repair:
    """The answer to a change of code."""
    return Repair(
        **_proof(solution),
        files=dict(solution.result.files),
        diff=solution.diff,
        explanation=solution.explanation,
        candidates_tried=solution.tried,
    )


def table(solution: Solution) -> Table:
    """The answer to a repair of data."""
    return Table(
        **repair(solution).model_dump(),
        repairs=[dict(edit) for edit in solution.edits],
        profile=[dict(column) for column in profile(solution.verdicts)],
    )


def _proof(solution: Solution) -> dict[str, Any]:
    return {
        "proven": solution.proven,
        "proven_level": solution.proven_level,
        "summary": _summary(solution),
        "verdicts": list(_levels(solution.verdicts)),
    }


def _levels(verdicts: Iterable[Verdict]) -> Iterable[LevelVerdict]:
    for verdict in verdicts:
        name = Level(verdict.level).name.lower()
        yield LevelVerdict(name=name, **verdict_document(verdict))  # type: ignore[arg-type]


def _summary(solution: Solution) -> str:
    if solution.proven:
        return f"Proven to level {solution.proven_level}."
    last = solution.verdicts[-1]
    name = last.level.name.lower()
    return f"Not proven: level {last.level} ({name}) {last.outcome}. {last.summary}"
