"""Whether a call that brought no answer is made again, where, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.domain.model import Mend, ModelTrouble

TRIES = 3
BASE_S = 1.0
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Again:
    """Make the call again after ``wait_s``; ``elsewhere`` is an endpoint that has not failed."""

    wait_s: float
    elsewhere: bool


def next_try(
    trouble: ModelTrouble,
    *,
    tries: int,
    endpoints: int,
    untried: int,
    retry_after_s: float | None,
    chance: float,
    left_s: float,
    base_s: float = BASE_S,
) -> Again | None:
    """What follows a failed try; None gives up.

    ``tries`` counts those made, of three, or of one for each of more
    ``endpoints``.  An ``untried`` endpoint is asked at once.  The same one is
    asked after ``base_s`` * 2^n, up to a tenth more by ``chance`` (0 to 1), and not
    before the server allows it (``retry_after_s``).  A wait that would not end
    within ``left_s`` is not begun.
    """
    if trouble.mend is Mend.CHANGE or tries >= max(TRIES, endpoints) or left_s <= 0:
        return None
    if trouble.mend is Mend.REPEAT:
        return Again(0.0, elsewhere=False)
    if untried:
        return Again(0.0, elsewhere=True)
    if trouble.mend is Mend.CONFIGURE:
        return None
    usual_s = base_s * 2 ** (tries - 1) * (1 + JITTER * chance)
    wait_s = max(usual_s, retry_after_s or 0.0)
    return Again(wait_s, elsewhere=False) if wait_s < left_s else None


def tells_of_endpoint(trouble: ModelTrouble | None) -> bool | None:
    """Whether the breaker takes this ending as a success; None where it says nothing.

    An endpoint that finds fault with a request is at work.  One that is rate
    limited is so as well, and says itself when to come back: of hundreds of
    calls at once five in a row are soon refused.  One that lacks the model of a
    role may have those of the others.
    """
    if trouble is None or trouble.mend is Mend.CHANGE:
        return True
    silent = (ModelTrouble.MALFORMED, ModelTrouble.RATE_LIMITED, ModelTrouble.NO_SUCH_MODEL)
    return None if trouble in silent else False
