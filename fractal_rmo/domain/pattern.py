"""Errors, and what keeps coming back among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One error as it is logged.  ``signature`` groups errors that are alike."""

    type: str
    message: str
    role: str
    level: int = 0
    signature: Mapping[str, Json] = field(default_factory=dict)
    tokens_used: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A feature set that errors of one type share.

    ``support`` counts errors, ``submitters`` distinct submitters (distinct
    task contents where there is one submitter), ``lift`` compares with the
    share of the features among all errors, ``confidence`` is the Wilson lower
    bound at z = 1.
    """

    type: str
    signature: Mapping[str, Json]
    support: int
    submitters: int
    lift: float
    confidence: float
