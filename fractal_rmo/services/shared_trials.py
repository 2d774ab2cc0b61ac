"""Judgements of one program that several searches of one problem share.

What the tests say of a program does not depend on the order in which it is tried, so
searches that differ in their priors alone need not run it twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunEnding, Runner, RunRequest, RunResult

_MANY = "unit_candidates"


@dataclass
class SharedTrials:
    """What is known of one problem's programs."""

    answers: dict[str, tuple[RunResult, float]] = field(default_factory=dict)
    judged: dict[str, tuple[Mapping[str, Json], float]] = field(default_factory=dict)
    control: dict[str, Json] = field(default_factory=dict)

    def over(self, run: Runner) -> SharingRunner:
        """A runner of one search, which asks ``run`` for what is not known yet."""
        return SharingRunner(self, run)


@dataclass
class SharingRunner:
    """Answers from what is known; ``spent_s`` is what all answers took, known or not."""

    known: SharedTrials
    run: Runner
    spent_s: float = 0.0

    def __call__(self, request: RunRequest) -> RunResult:
        """Perform one run, or what is left of it."""
        if request.program == _MANY:
            return self._many(request)
        key = _key(request, request.payload)
        if key not in self.known.answers:
            result = self.run(request)
            self.known.answers[key] = result, _seconds(result)
        result, seconds = self.known.answers[key]
        self.spent_s += seconds
        return result

    def _many(self, request: RunRequest) -> RunResult:
        """Run the candidates that nobody has judged, and answer for all."""
        candidates = _entries(request.payload.get("candidates"))
        shared = {name: v for name, v in request.payload.items() if name != "candidates"}
        keys = [_key(request, {**shared, "candidate": candidate}) for candidate in candidates]
        fresh = [n for n, key in enumerate(keys) if key not in self.known.judged]
        if fresh or not self.known.control:
            trouble = self._judge(request, [candidates[n] for n in fresh], [keys[n] for n in fresh])
            if trouble is not None:
                return trouble
        found = [
            (n, self.known.judged[key]) for n, key in enumerate(keys) if key in self.known.judged
        ]
        self.spent_s += sum(seconds for _, (_, seconds) in found)
        told: list[Json] = [{**entry, "number": n} for n, (entry, _) in found]
        value: dict[str, Json] = {"supported": True, "control": self.known.control, "judged": told}
        return RunResult(RunEnding.COMPLETED, value)

    def _judge(
        self, request: RunRequest, candidates: Sequence[Json], keys: Sequence[str]
    ) -> RunResult | None:
        """Keep what one run says of these; the run itself where it says nothing of them."""
        asked = replace(request, payload={**request.payload, "candidates": list(candidates)})
        result = self.run(asked)
        value = result.value if result.ending is RunEnding.COMPLETED else None
        if not isinstance(value, Mapping) or value.get("supported") is False:
            self.spent_s += _seconds(result)
            return result
        control, entries = value.get("control"), _entries(value.get("judged"))
        self.known.control = dict(control) if isinstance(control, Mapping) else {}
        each = _seconds(result) / max(1, len(entries))
        for entry in entries:
            if isinstance(entry, Mapping) and isinstance(number := entry.get("number"), int):
                self.known.judged[keys[number]] = entry, each
        return None


def _key(request: RunRequest, payload: Mapping[str, Json]) -> str:
    """Equal for what is answered alike; tests and the code as it is are those of the problem."""
    changed = "" if request.program == _MANY else dict(request.files)
    asked = [request.program, request.runtime.value, changed, dict(payload)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=dict).encode()).hexdigest()


def _entries(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _seconds(result: RunResult) -> float:
    """Processor time where it is told, else the time it took."""
    told = result.value.get("cpu_s") if isinstance(result.value, Mapping) else None
    return told if isinstance(told, float) else result.duration_s
