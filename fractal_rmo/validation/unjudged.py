"""Why nothing could be judged, in the words of every level that runs something."""

from __future__ import annotations

from fractal_rmo.domain.run import RunResult

NO_SCHEMA = "The run gave an answer that does not fit its schema, so nothing was judged."


def no_jail(result: RunResult) -> str:
    """The sentence for a run that is ``RunEnding.UNAVAILABLE``."""
    return f"No jail could be had, so nothing was judged: {result.detail}"
