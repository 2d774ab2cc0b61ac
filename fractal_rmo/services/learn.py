"""Learning: a failed round returns to analysis; every hour errors become patterns."""

from __future__ import annotations

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import TaskState
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.step import Claim
from fractal_rmo.learning.patterns import extract
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.tools import Tools

ENOUGH_NEW_ERRORS = 10


def learn_step(_claim: Claim, _hold: Hold, tools: Tools) -> StepOutcome:
    """Start the next round with the feedback; extract patterns when ten new errors have come."""
    found = extract_patterns(tools) if tools.learning.new_errors() >= ENOUGH_NEW_ERRORS else 0
    return StepOutcome(output={"patterns": found}, moves=(TaskState.ANALYZING,), next_round=True)


def extract_patterns(tools: Tools) -> int:
    """Write the patterns among the logged errors; returns how many are new."""
    rules = tools.settings.learning
    patterns = extract(
        tools.learning.errors(5000), rules.min_errors_for_pattern, rules.confidence_threshold
    )
    return tools.learning.save_patterns(patterns)


def hourly(tools: Tools) -> dict[str, Json]:
    """The hourly extraction and protocol update, once an hour whoever asks.

    It proposes no protocol change: promotion needs evidence that later work brings.
    """
    if not tools.learning.take_hour("patterns"):
        return {"did": "nothing: this hour's run has been"}
    return {"new_patterns": extract_patterns(tools), "protocols_proposed": 0}
