"""What a process remembers of tables that seldom change, until a message says that they did."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.message import MessageType
from fractal_rmo.domain.pattern import ErrorRecord, Pattern
from fractal_rmo.domain.priors import Priors, after_edits
from fractal_rmo.domain.protocol import SHIPPED
from fractal_rmo.ports.protocols import ProtocolStore
from fractal_rmo.ports.stores import LearningStore
from fractal_rmo.repair.shipped import SHIPPED_PRIORS

KEPT_S = 60.0
"""Where a message was missed, the tables are asked after so long."""
_Value = TypeVar("_Value")


class _Remembered(Generic[_Value]):
    """One answer, asked for again once it is dropped or old."""

    def __init__(self, ask: Callable[[], _Value], kept_s: float) -> None:
        self._ask, self._kept_s = ask, kept_s
        self._answer: tuple[float, _Value] | None = None

    def get(self) -> _Value:
        """The answer."""
        found = self._answer
        if found is None or time.monotonic() - found[0] > self._kept_s:
            self._answer = found = (time.monotonic(), self._ask())
        return found[1]

    def drop(self) -> None:
        """Forget it."""
        self._answer = None


def priors_of(protocols: ProtocolStore, name: str, version: int) -> Priors:
    """The shipped priors with the rules of a version laid over them."""
    chain = protocols.lineage(name, version)
    rules = after_edits(one.edits for one in chain)
    return Priors(name, version, SHIPPED_PRIORS.weights, rules)


def _in_force(protocols: ProtocolStore) -> Priors:
    current = protocols.current(SHIPPED.name) or SHIPPED
    return priors_of(protocols, current.name, current.version)


class Known:
    """The protocol in force and the patterns that were found."""

    def __init__(
        self, protocols: ProtocolStore, learning: LearningStore, *, kept_s: float = KEPT_S
    ) -> None:
        self._priors = _Remembered(lambda: _in_force(protocols), kept_s)
        self._patterns = _Remembered(learning.patterns, kept_s)

    def protocol(self) -> dict[str, Json]:
        """Name and version of the protocol in force."""
        found = self._priors.get()
        return {"name": found.name, "version": found.version}

    def priors(self) -> Priors:
        """The repair engine's priors by the protocol in force."""
        return self._priors.get()

    def patterns_like(self, errors: Sequence[ErrorRecord]) -> tuple[Pattern, ...]:
        """The patterns that these errors belong to: of their type and signature."""
        return tuple(
            pattern
            for pattern in self._patterns.get()
            if any(e.type == pattern.type and e.signature == pattern.signature for e in errors)
        )

    def heard(self, kind: MessageType) -> None:
        """Forget what a message of this type makes outdated."""
        if kind is MessageType.PROTOCOL_UPDATE:
            self._priors.drop()
        if kind is MessageType.PATTERN_DISCOVERED:
            self._patterns.drop()

    def missed_some(self) -> None:
        """Forget everything: messages may have been missed."""
        self._priors.drop()
        self._patterns.drop()
