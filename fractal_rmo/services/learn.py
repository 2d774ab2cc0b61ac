"""Learning: a failed round returns to analysis; ten new errors, or an hour, become patterns."""

from __future__ import annotations

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.lifecycle import TaskState
from fractal_rmo.domain.message import Cause
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.step import Claim
from fractal_rmo.learning.patterns import extract
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.tools import Tools

ENOUGH_NEW_ERRORS = 10
"""ERROR_REPORTs since the last extraction; ``services.route`` counts them."""


def learn_step(_claim: Claim, _hold: Hold, _tools: Tools) -> StepOutcome:
    """Start the next round; its merge reads what validation said of this one."""
    return StepOutcome(moves=(TaskState.ANALYZING,), next_round=True)


def extract_patterns(tools: Tools, cause: Cause | None = None) -> int:
    """Write the patterns among the logged errors; returns how many are new.

    ``cause`` is the message that asked for it, None where the clock did.
    """
    rules = tools.settings.learning
    patterns = extract(
        tools.learning.errors(5000), rules.min_errors_for_pattern, rules.confidence_threshold
    )
    return tools.learning.save_patterns(patterns, cause)


def hourly(tools: Tools) -> dict[str, Json]:
    """The hourly extraction and protocol update, once an hour whoever asks.

    It proposes no protocol change: promotion needs evidence that later work brings.
    """
    if not tools.learning.take_hour("patterns"):
        return {"did": "nothing: this hour's run has been"}
    return {"new_patterns": extract_patterns(tools), "protocols_proposed": 0}
