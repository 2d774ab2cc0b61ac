"""How a choice among patches is told: to a person in words, to a program as a document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.diff import unified_diff
from fractal_rmo.repair.problem import RepairOutcome
from fractal_rmo.services.scenes import Stage
from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.calls import Call


@dataclass(frozen=True)
class Asked:
    """The calls that all patches were asked, and what the code as it is answered."""

    stage: Stage
    calls: Sequence[Call]
    before: Sequence[Answer]
    meant: Collection[str]
    """Names that code and tests use: an error among them is meant."""

    def told(self, numbers: Sequence[int], *answers: Sequence[Answer]) -> tuple[str, list[str]]:
        """The shortest of some calls, and in words what each of these answers to it."""
        each = (self.stage.told(self.calls[n], [said[n] for said in answers]) for n in numbers)
        return min(each, key=lambda told: len(told[0]))

    def worse(self, answers: Sequence[Answer]) -> str:
        """A call that goes wrong with these answers and did not before, in words; "" for none."""
        pairs = enumerate(zip(answers, self.before, strict=True))
        lost = [
            n
            for n, (now, was) in pairs
            if was.state == "value" and now.state == "raised" and now.error not in self.meant
        ]
        if not lost:
            return ""
        call, (now, was) = self.told(lost, answers, self.before)
        return f"{call} {now}, where the submitted code {was}"


def question(found: RepairOutcome) -> str:
    """What a person is asked where the tests do not decide."""
    others = [
        "Patches that do different things pass them all:"
        f" {other.call} {other.ours} with the first and {other.theirs} with the second"
        f" (as submitted it {other.before})."
        for other in found.alternatives[:1]
    ]
    if not found.compared:
        others = [
            f"{len(found.candidates)} patches pass, and nothing could be asked to compare them."
        ]
    worse = [f"With the first, {found.worse}."] if found.worse else []
    sure = f"That the first is right has a probability of {found.sure:.0%}."
    what_to_do = "Say in a test what is right, and run this again."
    return " ".join(["The tests do not decide.", *others, *worse, sure, what_to_do])


def choice_document(found: RepairOutcome, code: SourceTree) -> JsonObject:
    """Why a repair of ``code`` is its first candidate, how sure that is, and what else passes."""
    best = found.candidates[0].tree
    return {
        "protocol": found.protocol,
        "decided": bool(found.offered),
        "says": found.candidates[0].description,
        "diff": unified_diff(code, best),
        "sure": found.sure,
        "compared": found.compared,
        "worse": found.worse,
        "plausible": len(found.candidates),
        "alternatives": [
            {
                "says": other.description,
                "diff": unified_diff(best, other.tree),
                "share": other.share,
                "sure": other.sure,
                "call": other.call,
                "chosen": other.ours,
                "instead": other.theirs,
                "before": other.before,
            }
            for other in found.alternatives
        ],
    }
