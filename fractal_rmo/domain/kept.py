"""What a cache keeps, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Category(StrEnum):
    """What is kept; each for the time that the specification gives it."""

    ANALYSIS = "analysis_results"
    """What analyzers' models noted, and the plan made of it."""
    VALIDATION = "validation_results"
    """Properties of code that is not written yet, which level 5 asks."""
    OTHER = "other"


KEPT_S: Mapping[Category, int] = MappingProxyType(
    {Category.ANALYSIS: 3600, Category.VALIDATION: 86_400, Category.OTHER: 3600}
)
"""Seconds from the making: a copy in a nearer level is not kept longer."""
