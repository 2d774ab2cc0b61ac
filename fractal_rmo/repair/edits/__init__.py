"""The edit operators, in a fixed order on which the enumeration's order rests."""

from __future__ import annotations

from fractal_rmo.editing.edit import Edit
from fractal_rmo.repair.edits import (
    blocks,
    branches,
    calls,
    classes,
    conditions,
    copies,
    guards,
    slips,
    statements,
    stored,
    symbols,
    symmetry,
    terms,
    values,
    wide,
)
from fractal_rmo.repair.edits.edit import Operator, Site

OPERATORS: tuple[Operator, ...] = (
    *symbols.OPERATORS,
    *values.OPERATORS,
    *calls.OPERATORS,
    *terms.OPERATORS,
    *conditions.OPERATORS,
    *statements.OPERATORS,
    *wide.OPERATORS,
    *guards.OPERATORS,
    *symmetry.OPERATORS,
    *slips.OPERATORS,
    *blocks.OPERATORS,
    *stored.OPERATORS,
    *branches.OPERATORS,
    *classes.OPERATORS,
    *copies.OPERATORS,
)

__all__ = ["OPERATORS", "Edit", "Operator", "Site"]
