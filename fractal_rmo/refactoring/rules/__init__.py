"""All rules, in the order in which they are tried at each place."""

from __future__ import annotations

from fractal_rmo.refactoring.rules import blocks, conditions, loops, names, returns
from fractal_rmo.refactoring.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *conditions.RULES,
    *loops.RULES,
    *returns.RULES,
    *blocks.RULES,
    *names.RULES,
)

__all__ = ["RULES", "Rule"]
