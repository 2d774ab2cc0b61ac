"""Learning: a failed round returns to analysis; errors become patterns, and fixes priors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.lifecycle import TaskState
from fractal_rmo.domain.message import Cause
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.protocol import SHIPPED, Experiment, Phase, ProtocolVersion, Status
from fractal_rmo.domain.step import Claim
from fractal_rmo.learning.edits import edits_between, is_empty
from fractal_rmo.learning.patterns import extract
from fractal_rmo.learning.priors import Record, learned
from fractal_rmo.repair.shipped import SHIPPED_PRIORS
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.known import priors_of
from fractal_rmo.services.replays import Replayed, replay_slice
from fractal_rmo.services.tools import Tools

ENOUGH_NEW_ERRORS = 10
"""ERROR_REPORTs since the last extraction; ``services.route`` counts them."""
_NEWEST = 5000
_GROWTH = 2
"""A candidate that is still undecided gives way to one made of so many times its fixes."""


def learn_step(_claim: Claim, _hold: Hold, _tools: Tools) -> StepOutcome:
    """Start the next round; its merge reads what validation said of this one."""
    return StepOutcome(moves=(TaskState.ANALYZING,), next_round=True)


def extract_patterns(tools: Tools, cause: Cause | None = None) -> int:
    """Write the patterns among the logged errors; returns how many are new.

    ``cause`` is the message that asked for it, None where the clock did.
    """
    rules = tools.settings.learning
    patterns = extract(
        tools.learning.errors(_NEWEST), rules.min_errors_for_pattern, rules.confidence_threshold
    )
    return tools.learning.save_patterns(patterns, cause)


def propose_protocol(tools: Tools) -> str:
    """Make a candidate of what searches left; its name, "" where there is nothing new to judge."""
    records = [Record(*found) for found in tools.learning.searches(_NEWEST)]
    fixes = sum(bool(record.experience.mended) for record in records)
    last = tools.experiments.last(SHIPPED.name)
    if not _is_due(fixes, last, tools):
        return ""
    current = tools.protocols.current(SHIPPED.name) or SHIPPED
    old = priors_of(tools.protocols, current.name, current.version).rules
    edits = edits_between(old, learned(records, SHIPPED_PRIORS.weights), _origin(records, fixes))
    if is_empty(edits):
        return ""
    newest = max(row.protocol.version for row in tools.protocols.rows(current.name))
    candidate = ProtocolVersion(current.name, newest + 1, edits)
    proposed = tools.experiments.propose(candidate, current.version, fixes)
    return str(candidate) if proposed else ""


def _is_due(fixes: int, last: Experiment | None, tools: Tools) -> bool:
    """Whether there is enough to learn from, and the last candidate had its chance."""
    if fixes < tools.settings.learning.min_fixes_for_protocol:
        return False
    if last is None:
        return True
    if fixes < _GROWTH * last.learned_from:
        return False
    if last in tools.experiments.open() and last.phase is Phase.GATE:
        tools.experiments.end(last, Status.RETIRED)
    return True


def _origin(records: Sequence[Record], fixes: int) -> JsonObject:
    """Where the rules come from: searches and sources, counted, and a digest of which."""
    sources = sorted({record.source for record in records})
    return {
        "learner": "priors",
        "shipped": SHIPPED_PRIORS.version,
        "fixes": fixes,
        "searches": len(records),
        "submitters": len(sources),
        "sha256": hashlib.sha256(" ".join(sources).encode()).hexdigest(),
    }


def hourly(tools: Tools) -> dict[str, Json]:
    """The hourly extraction and protocol update, once an hour whoever asks.

    ``judging`` says that replays are to follow: ``replay`` does a slice of them.
    """
    if not tools.learning.take_hour("patterns"):
        return {"did": "nothing: this hour's run has been"}
    return learn(tools)


def learn(tools: Tools) -> dict[str, Json]:
    """Patterns and a candidate protocol, of what there is now."""
    return {
        "new_patterns": extract_patterns(tools),
        "protocol_proposed": propose_protocol(tools),
        "judging": bool(tools.experiments.open()),
    }


def replay(tools: Tools) -> Replayed:
    """One slice of replays."""
    return replay_slice(tools, tools.settings.pipeline.slice_s)
