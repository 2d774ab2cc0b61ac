"""What the tests are to meet: each mutant, and the controls, with the order of the tests for it.

The tests that call a mutant's function go first.  That order is a run of its
own, in which tests might fail for what others did not prepare, so that there
is a control for every order that a mutant is judged in.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from fractal_rmo.jailed.programs.patches import Patch, Patches
from fractal_rmo.jailed.programs.reaching import Reach

_LEAST_CONTROLS, _MUTANTS_A_CONTROL, _MOST_CONTROLS = 2, 8, 5
"""Some, and one more for so many mutants: the more there are to kill, the less can be spared."""
_UNCOMPILED = (SyntaxError, ValueError, LookupError, RecursionError, MemoryError)

Mutant = Mapping[str, Any]


@dataclass(frozen=True)
class Meeting:
    """Patches, and the tests that meet them, by number, in the order in which they are run.

    ``patches`` are None for a mutant that cannot be compiled.
    """

    patches: Sequence[Patch] | None
    tests: Sequence[int]


def meetings(
    made: Patches, mutants: Sequence[Mutant], reach: Reach, chance: random.Random
) -> tuple[list[Meeting], list[Meeting]]:
    """(one for each mutant, in their order, and the controls)."""
    first = [reach.tests((mutant["path"], mutant["function"])) for mutant in mutants]
    judged = [
        Meeting(_of_mutant(made, mutant, chance), reach.whole(tests))
        for mutant, tests in zip(mutants, first, strict=True)
    ]
    return judged, _controls(made, mutants, first, reach, chance)


def _controls(
    made: Patches,
    mutants: Sequence[Mutant],
    first: Sequence[tuple[int, ...]],
    reach: Reach,
    chance: random.Random,
) -> list[Meeting]:
    """In each all functions that have mutants have other bytecode that does the same.

    Some meet all tests.  Where there are more orders than these, the others
    meet the tests that their order begins with, in the same bytecode again.
    """
    alike = list({(m["path"], m["function"], m["line"]): m for m in mutants}.values())
    orders = list(dict.fromkeys(first))
    chance.shuffle(orders)
    count = min(_LEAST_CONTROLS + len(mutants) // _MUTANTS_A_CONTROL, _MOST_CONTROLS)
    whole = [reach.whole(order) for order in islice(cycle(orders), count)]
    patches = [[made.control(each, chance) for each in alike] for _ in whole]
    pairs = zip(cycle(patches), (*whole, *orders[count:]))
    return [Meeting(patched, tests) for patched, tests in pairs]


def _of_mutant(made: Patches, mutant: Mutant, chance: random.Random) -> list[Patch] | None:
    try:
        return [made.mutant(mutant, chance)]
    except _UNCOMPILED:
        return None
