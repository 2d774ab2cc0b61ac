#!/usr/bin/env python3
"""Attacks on every tier that works here: faked success, resources, escapes, and honest twins.

Honest code climbs the product's own ladder to level 3; attacks go straight to
level 3, so that nothing is counted as held which only a style check has
stopped.  ``accepted`` counts attacks that are proven, ``escaped`` those
escapes whose tests find that they succeeded, or that left something on the
machine, on a tier that promises to hold them.
``deviations`` are departures from the matrix of tiers and attacks: ``rlimits``
can hide neither files nor the network, and every other tier holds everything.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox.probe import probe
from fractal_rmo.domain.run import Runner, Tier
from fractal_rmo.domain.verdict import Outcome, Verdict
from tests.attacks.corpus import CASES, Case, clear_away, left_behind, proves, read_cases


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench attacks", description=__doc__)
    parser.add_argument("--data", type=Path, default=CASES, help="a folder of cases, one each")
    parser.add_argument("--limit", type=int, default=0, help="cases taken; 0 takes all")
    parser.add_argument("--tier", action="append", choices=list(Tier), help="only this tier")
    return parser.parse_args(argv)


@dataclass
class Score:
    """What was seen so far, as "tier/case" where it went wrong."""

    attacks: int = 0
    benign: int = 0
    accepted: list[str] = field(default_factory=list)
    escaped: list[str] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    not_judged: dict[str, str] = field(default_factory=dict)
    shared_process: list[str] = field(default_factory=list)

    def take(self, case: Case, tier: Tier, verdict: Verdict, left: Sequence[str]) -> str:
        """Count one judgement; returns a word on it."""
        place = f"{tier}/{case.name}"
        if verdict.shared_process:
            self.shared_process.append(place)
        if verdict.outcome is Outcome.ERROR:
            self.not_judged[place] = verdict.summary
        if case.is_honest:
            return self._take_honest(place, verdict)
        if not proves(verdict) and not left:
            return "held"
        return self._take_success(tier, place, out=bool(left) or case.kind == "escape")

    def _take_honest(self, place: str, verdict: Verdict) -> str:
        if proves(verdict):
            return "passed"
        self.rejected[place] = verdict.summary
        return "REJECTED"

    def _take_success(self, tier: Tier, place: str, *, out: bool) -> str:
        if out and tier is Tier.RLIMITS:
            self.allowed.append(place)
            return "escaped, as this tier says"
        self.deviations.append(place)
        if out:
            self.escaped.append(place)
            return "ESCAPED"
        self.accepted.append(place)
        return "ACCEPTED"

    def value(self, tiers: Sequence[Tier], seconds: float) -> dict[str, object]:
        """The figures as they are printed."""
        return {
            "attacks": self.attacks,
            "accepted": len(self.accepted),
            "escaped": len(self.escaped),
            "deviations": len(self.deviations),
            "benign": self.benign,
            "benign_rejected": len(self.rejected),
            "tiers": [str(tier) for tier in tiers],
            "seconds": round(seconds, 1),
            "accepted_cases": self.accepted,
            "escaped_cases": self.escaped,
            "rejected_cases": self.rejected,
            "not_judged_cases": self.not_judged,
            "rlimits_escapes": self.allowed,
            "shared_process": len(self.shared_process),
            "shared_process_cases": self.shared_process,
        }


def judge(case: Case, run: Runner) -> Verdict:
    """The tests' own verdict on attacks, the ladder's on honest code.

    What the tests do not accept the ladder cannot prove, and what they accept
    counts, though a style check might have stopped it before.
    """
    return case.by_ladder(run) if case.is_honest else case.by_unit_level(run)


def measure(cases: Sequence[Case], tiers: Sequence[Tier]) -> Score:
    """Every case on every tier."""
    benign = sum(case.is_honest for case in cases)
    score = Score(attacks=len(cases) - benign, benign=benign)
    for tier in tiers:
        sandbox = ZygoteSandbox(tier)
        try:
            for number, case in enumerate(cases, 1):
                said = _one(case, tier, sandbox, score)
                print(f"{tier} {number}/{len(cases)} {case.name}: {said}", file=sys.stderr)
        finally:
            sandbox.close()
    return score


def _one(case: Case, tier: Tier, sandbox: ZygoteSandbox, score: Score) -> str:
    clear_away()
    with sandbox.session() as run:
        verdict = judge(case, run)
    left = left_behind()
    clear_away()
    return f"{score.take(case, tier, verdict, left)} ({verdict.summary[:90]!r})"


def main(argv: list[str]) -> int:
    """Run the benchmark; the last line of the output is its result."""
    chosen = arguments(argv)
    cases = read_cases(chosen.data)[: chosen.limit or None]
    works = [tier for tier, trouble in probe().items() if not trouble]
    tiers = [tier for tier in works if not chosen.tier or tier in chosen.tier]
    began = time.monotonic()
    score = measure(cases, tiers)
    print(json.dumps(score.value(tiers, time.monotonic() - began)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
