"""What a claim knows, as the slots of a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.pattern import ErrorRecord
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.generation.prompts import Slots
from fractal_rmo.learning.guidance import guidance
from fractal_rmo.services.known import Known
from fractal_rmo.services.performed import Turn, latest_proposal, notes_of, strings

_MOST_FINDINGS = 12
MOST_EVIDENCE = 20
"""Lines of why earlier proposals were not taken."""


def slots_of(claim: Claim, learned: Sequence[str] = ()) -> Slots:
    """All that is known so far, but for tests that a model wrote: who writes code sees none.

    ``learned`` is ``guidance_for`` this claim.
    """
    return Slots(
        task=claim.description,
        code=latest_proposal(claim) or claim.candidate or claim.code,
        tests=claim.tests,
        interface=interface(claim),
        taken=sorted(claim.oracle.files) if claim.kind is TaskKind.GENERATE else (),
        findings=findings(claim),
        evidence=_evidence(claim),
        guidance=learned,
        notes=_notes(claim),
        plan=_plan(claim),
    )


def guidance_for(claim: Claim, known: Known) -> tuple[str, ...]:
    """What was learned of errors like those of earlier rounds."""
    errors = [_error(entry["error"]) for entry in claim.earlier if entry.get("error")]
    return guidance(known.patterns_like(errors)) if errors else ()


def findings(claim: Claim, analyzer: str = "") -> Sequence[str]:
    """What the swarm found, or one of its analyzers."""
    found = claim.outputs.get("merge", {}).get("findings")
    rows = found if isinstance(found, list | tuple) else ()
    lines = [
        f"{r.get('path')}, line {r.get('line')}: {r.get('message')}"
        for r in rows
        if isinstance(r, dict) and analyzer in ("", r.get("role"))
    ]
    return lines[:_MOST_FINDINGS]


def _error(written: Json) -> ErrorRecord:
    fields = dict(written) if isinstance(written, Mapping) else {}
    signed = fields.get("signature")
    return ErrorRecord(
        type=str(fields.get("type", "")),
        message="",
        role="validator",
        signature=signed if isinstance(signed, Mapping) else {},
    )


def interface(claim: Claim) -> str:
    """What the writer of tests decided, where nobody gave any; "" elsewhere."""
    if not claim.tests.is_blank():
        return ""
    said = [str(o["interface"]) for n, o in claim.outputs.items() if "interface" in o and n]
    return said[-1] if said else _called(claim.written_tests)


def _called(tests: SourceTree) -> str:
    """What written tests import, for a round that did not write them."""
    lines = (line for text in tests.files.values() for line in text.splitlines())
    return "\n".join(sorted({ln for ln in lines if ln.startswith(("from ", "import "))}))


def _evidence(claim: Claim) -> Sequence[str]:
    """What the validator said of earlier rounds, then what this round's tests said."""
    said = [str(entry["feedback"]) for entry in claim.earlier if entry.get("feedback")]
    outputs = (o for o in claim.slices(Stage.EXECUTE) if o.get("status") != Turn.NO_TESTS)
    said += _of_all(output.get("evidence") for output in outputs)
    return said[-MOST_EVIDENCE:]


def why_no_tests(claim: Claim) -> Sequence[str]:
    """Why tests that a model wrote in this round were not let in; () before there were any."""
    outputs = (o for o in claim.slices(Stage.EXECUTE) if o.get("status") == Turn.NO_TESTS)
    return tuple(_of_all(output.get("evidence") for output in outputs))


def _notes(claim: Claim) -> Sequence[str]:
    return [
        f"{analyzer}: {line}"
        for output in claim.slices(Stage.EXECUTE)
        for analyzer, lines in notes_of(output).items()
        for line in lines
    ]


def _plan(claim: Claim) -> Sequence[str]:
    return _of_all(output.get("plan") for output in claim.slices(Stage.EXECUTE))


def _of_all(values: Iterable[Json]) -> list[str]:
    return [line for value in values for line in strings(value)]
