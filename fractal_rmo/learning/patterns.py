"""Group errors, and keep what comes back often enough."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence

from fractal_rmo.domain.pattern import ErrorRecord, Pattern

Z = 1.0
"""At 1.96 even five of five would give only 0.57; at 1 it gives 0.83."""


def wilson_lower(successes: int, trials: int, z: float = Z) -> float:
    """The lower bound of the Wilson score interval (Wilson, JASA 1927), in 0..1."""
    if trials == 0:
        return 0.0
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return min(share, max(0.0, (centre - spread) / (1 + z * z / trials)))


def extract(
    errors: Sequence[tuple[ErrorRecord, str]], min_errors: int, threshold: float
) -> list[Pattern]:
    """Patterns among (error, submitter) pairs, by type and signature.

    A pattern needs ``min_errors`` errors, two submitters, and a confidence
    (the Wilson bound of the signature's share of its type) above ``threshold``.
    """
    by_type: dict[str, int] = defaultdict(int)
    groups: dict[tuple[str, str], list[tuple[ErrorRecord, str]]] = defaultdict(list)
    for error, submitter in errors:
        by_type[error.type] += 1
        key = json.dumps(error.signature, sort_keys=True, default=str)
        groups[error.type, key].append((error, submitter))
    found = (
        _pattern(kind, members, by_type[kind], len(errors)) for (kind, _), members in groups.items()
    )
    kept = [p for p in found if p.support >= min_errors and p.confidence > threshold]
    return sorted(
        (p for p in kept if p.submitters > 1), key=lambda p: (-p.support, p.type, str(p.signature))
    )


def _pattern(
    kind: str, members: Sequence[tuple[ErrorRecord, str]], of_type: int, total: int
) -> Pattern:
    support = len(members)
    everywhere = support / total
    return Pattern(
        type=kind,
        signature=members[0][0].signature,
        support=support,
        submitters=len({submitter for _, submitter in members}),
        lift=(support / of_type) / everywhere,
        confidence=wilson_lower(support, of_type),
    )
