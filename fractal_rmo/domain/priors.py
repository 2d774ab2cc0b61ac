"""How likely each kind of edit mends a fault: what learning may change of the repair engine.

Everything here is a typed slot: a word of an enumeration, the name of an operator
or a number.  No text of a task fits in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fractal_rmo.domain.jsonvalue import Json, JsonObject


class Symptom(StrEnum):
    """How the failing tests fail: the commonest of their errors."""

    WRONG_VALUE = "wrong_value"
    """An assertion does not hold."""
    TYPE = "type"
    """TypeError."""
    LOOKUP = "lookup"
    """IndexError or KeyError."""
    NAME = "name"
    """NameError or AttributeError."""
    VALUE = "value"
    """ValueError or ArithmeticError."""
    ENDLESS = "endless"
    """Too many steps, or too deep a recursion."""
    OTHER = "other"


class Shape(StrEnum):
    """The kind of statement that an edit changes."""

    RETURN = "return"
    BRANCH = "branch"
    LOOP = "loop"
    ASSIGN = "assign"
    UPDATE = "update"
    """An augmented assignment."""
    CALL = "call"
    """An expression for its effect."""
    OTHER = "other"


Slot = tuple[str, Shape | None, Symptom | None]
"""What a rule is about: an operator, the shape of the edited statement, the symptom."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The prior of one operator, for edits of one shape and problems of one symptom.

    An empty slot fits all.  ``weight`` in 0..1; ``mended`` and ``tried`` are the
    fixes and candidates that it rests on, ``submitters`` from how many sources
    they came.
    """

    operator: str
    weight: float
    shape: Shape | None = None
    symptom: Symptom | None = None
    mended: int = 0
    tried: int = 0
    submitters: int = 0

    @property
    def slot(self) -> Slot:
        """What tells it from other rules."""
        return self.operator, self.shape, self.symptom

    def as_json(self) -> JsonObject:
        """For keeping and for showing; empty slots are left out."""
        slots: dict[str, Json] = {"operator": self.operator, "weight": self.weight}
        if self.shape:
            slots["shape"] = self.shape.value
        if self.symptom:
            slots["symptom"] = self.symptom.value
        return {
            **slots,
            "mended": self.mended,
            "tried": self.tried,
            "submitters": self.submitters,
        }


def read_rule(value: Mapping[str, Any]) -> Rule:
    """What ``as_json`` gave.  Raises ``KeyError``, ``TypeError`` or ``ValueError`` for all else."""
    weight = float(value["weight"])
    if not 0 < weight <= 1:
        raise ValueError(weight)
    counts = (int(value.get(name, 0)) for name in ("mended", "tried", "submitters"))
    shape, symptom = value.get("shape"), value.get("symptom")
    return Rule(
        str(value["operator"]),
        weight,
        Shape(shape) if shape else None,
        Symptom(symptom) if symptom else None,
        *counts,
    )


@dataclass(frozen=True)
class Priors:
    """The weight of each operator, and rules that know better in their place."""

    name: str
    version: int
    weights: Mapping[str, float]
    rules: Sequence[Rule] = ()
    _found: dict[tuple[str, Shape, Symptom], float] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def named(self) -> JsonObject:
        """The protocol that they are of."""
        return {"name": self.name, "version": self.version}

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    def of(self, operator: str, shape: Shape, symptom: Symptom) -> float:
        """The prior in 0..1: of the rule that says most about such an edit, else the operator's."""
        key = (operator, shape, symptom)
        if key not in self._found:
            fitting = [rule for rule in self.rules if _fits(rule, key)]
            best = max(fitting, key=_told, default=None)
            self._found[key] = best.weight if best else self.weights.get(operator, UNKNOWN)
        return self._found[key]


UNKNOWN = 0.1
"""The prior of an operator that nobody weighed."""


def _fits(rule: Rule, key: tuple[str, Shape, Symptom]) -> bool:
    operator, shape, symptom = key
    return (
        rule.operator == operator
        and rule.shape in (None, shape)
        and rule.symptom in (None, symptom)
    )


def _told(rule: Rule) -> tuple[bool, bool]:
    return rule.shape is not None, rule.symptom is not None


def after_edits(chain: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules that the edits of a protocol's versions come to, oldest first.

    A rule that this version of the program cannot read is passed over: an
    unknown word must not stop a repair.
    """
    rules: dict[Slot, Rule] = {}
    for edits in chain:
        for rule in _readable(edits.get("retire")):
            rules.pop(rule.slot, None)
        for rule in _readable(edits.get("set")):
            rules[rule.slot] = rule
    return tuple(rules.values())


def _readable(values: Any) -> Iterator[Rule]:
    for value in values or ():
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            yield read_rule(value)
