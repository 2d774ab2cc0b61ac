"""Candidate protocols judged by doing stored tasks again: the same task, both versions.

Effort is counted in candidates until the program that was proven, so that
it is the same on every machine.  That program was found under the version in force
at the time, so where there are several fixes the candidate is judged strictly.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, e

from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.priors import Priors
from fractal_rmo.domain.protocol import Experiment, Phase, Status, StoredFix
from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.forms import normal_form
from fractal_rmo.learning.eprocess import Decision, Look, look, saved, watch
from fractal_rmo.repair.problem import RepairProblem
from fractal_rmo.repair.search import search
from fractal_rmo.services.drive import drive
from fractal_rmo.services.known import priors_of
from fractal_rmo.services.shared_trials import SharedTrials
from fractal_rmo.services.tools import Tools

MOST = 2_000
"""Candidates of a replay under the version in force; what is not found by then counts as this."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Tasks done again, what was decided by them, and whether there are more."""

    replayed: int
    decided: tuple[str, ...]
    more: bool


def replay_slice(tools: Tools, seconds: float) -> Replayed:
    """Replay tasks for about so long, one at least, and decide; ``more`` where others wait."""
    ends = time.monotonic() + seconds
    count, decided, more = 0, list[str](), False
    for experiment in tools.experiments.open():
        waits = True
        while waits and (time.monotonic() < ends or not count):
            waits = _replay_next(experiment, tools)
            count += waits
        more = more or waits
        decided += _decide(experiment, tools)
    return Replayed(count, tuple(decided), more)


def _replay_next(experiment: Experiment, tools: Tools) -> bool:
    """One task under both versions; False where none is left."""
    stored = tools.experiments.take(experiment)
    if stored is None:
        return False
    arms = [priors_of(tools.protocols, experiment.name, v) for v in _versions(experiment)]
    with tools.sandbox.session(stored.python) as run:
        efforts = replayed(stored, arms[0], arms[1], run)
    tools.experiments.judged(experiment, stored.task_id, efforts, saved(*efforts))
    return True


def _versions(experiment: Experiment) -> tuple[int, int]:
    return experiment.control, experiment.candidate


def replayed(stored: StoredFix, control: Priors, candidate: Priors, run: Runner) -> tuple[int, int]:
    """The effort of one task under both: candidates tried until the proven program.

    The difference is bounded at a factor of e, so the candidate is not followed further.
    """
    trials = SharedTrials()
    first = _effort(stored, control, MOST, trials.over(run))
    return first, _effort(stored, candidate, ceil(e * first), trials.over(run))


def _effort(stored: StoredFix, priors: Priors, most: int, run: Runner) -> int:
    problem = RepairProblem(stored.code, stored.tests, priors=priors)
    found = drive(search(problem, max_candidates=most), run)
    wanted = _form(stored.proven)
    reached = [c.experience.candidates for c in found.candidates if _form(c.tree) == wanted]
    return min([*reached, most])


def _form(tree: SourceTree) -> list[bytes | str]:
    return [normal_form(text) or text for _, text in tree.python_files()]


def _decide(experiment: Experiment, tools: Tools) -> Sequence[str]:
    """Look, and promote, reject or roll back where the look says so."""
    differences = tools.experiments.differences(experiment)
    if not differences:
        return ()
    judge = look if experiment.phase is Phase.GATE else watch
    seen = judge(differences, experiment.number)
    tools.experiments.looked(experiment, _figures(seen))
    becomes = _becomes(experiment.phase, seen.decision)
    if becomes is None or not tools.experiments.end(experiment, becomes):
        return ()
    return (f"{experiment.name}/{experiment.candidate} {becomes.value}",)


def _figures(seen: Look) -> JsonObject:
    return {**asdict(seen), "decision": seen.decision.value}


def _becomes(phase: Phase, decision: Decision) -> Status | None:
    if decision is Decision.PROMOTE:
        return Status.ACTIVE
    if decision is Decision.REJECT:
        return Status.REJECTED if phase is Phase.GATE else Status.ROLLED_BACK
    return None
