"""Whether a candidate protocol is better, judged however often one looks.

``E`` is the mean over several bets of ``prod(1 + bet * D)``, where D in -1..1 is
what the candidate saved on one task.  While it is no better, E is a nonnegative
supermartingale that begins at 1, so that it ever reaches 1/alpha with probability at
most alpha (Ville's inequality; Waudby-Smith and Ramdas, "Estimating means of bounded
random variables by betting", JRSS B 2024).  The mirror process bets on -D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

BETS = (0.05, 0.1, 0.2, 0.3, 0.45)
FIRST_THRESHOLD = 20.0
"""1/alpha at alpha 0.05, which all candidates together may spend."""
MIRROR_THRESHOLD = 10.0
LEAST_PAIRS = 10
"""Tasks before anything is decided."""
MOST_PAIRS = 1000
"""Tasks after which a candidate that is not promoted will not be."""


class Decision(StrEnum):
    """What a look comes to."""

    PROMOTE = "promote"
    REJECT = "reject"
    """Worse, or no better after ``MOST_PAIRS``; one in force is rolled back."""
    INCONCLUSIVE = "inconclusive"
    """More tasks may tell."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen after so many tasks."""

    pairs: int
    e_value: float
    mirror: float
    threshold: float
    decision: Decision


def saved(control: int, candidate: int) -> float:
    """D of one task: the logarithm of candidates tried, control over candidate, within -1..1."""
    return max(-1.0, min(1.0, log(control) - log(candidate)))


def e_value(differences: Sequence[float]) -> float:
    """E after these tasks; 1 before any."""
    wealth = [1.0] * len(BETS)
    for difference in differences:
        wealth = [w * (1 + bet * difference) for w, bet in zip(wealth, BETS, strict=True)]
    return sum(wealth) / len(BETS)


def threshold(number: int) -> float:
    """What E must reach for the ``number``-th candidate, from 1.

    Candidate k spends ``alpha / (k (k + 1))``, which adds up to alpha.
    """
    return FIRST_THRESHOLD * number * (number + 1)


def look(differences: Sequence[float], number: int) -> Look:
    """Decide on a candidate that is not in force.  Differences in the order of their tasks."""
    pairs, needed = len(differences), threshold(number)
    value, mirror = e_value(differences), e_value([-d for d in differences])
    decision = Decision.INCONCLUSIVE
    if pairs >= LEAST_PAIRS and value >= needed:
        decision = Decision.PROMOTE
    elif (pairs >= LEAST_PAIRS and mirror >= MIRROR_THRESHOLD) or pairs >= MOST_PAIRS:
        decision = Decision.REJECT
    return Look(pairs, value, mirror, needed, decision)


def watch(differences: Sequence[float], number: int) -> Look:
    """Decide on a protocol in force by the tasks since its promotion: keep it or roll it back."""
    value, mirror = e_value(differences), e_value([-d for d in differences])
    decision = Decision.REJECT if mirror >= MIRROR_THRESHOLD else Decision.INCONCLUSIVE
    return Look(len(differences), value, mirror, threshold(number), decision)
