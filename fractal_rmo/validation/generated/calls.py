"""Calls of the code's functions in a jail of their own: what is asked there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunRequest, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.arguments import Arguments
from fractal_rmo.validation.generated.targets import Target

CALL_LIMITS = Limits(wall_s=9.0, cpu_s=9, processes=64)


@dataclass(frozen=True)
class Call:
    """A call of a function; ``then`` are functions that are called in turn with the answer.

    ``made`` are the arguments that make the object of a method; None where there is none.
    """

    target: Target
    arguments: Arguments
    then: tuple[str, ...] = ()
    made: Arguments | None = None

    def __str__(self) -> str:
        text = f"{self.target.module}.{self.written}"
        for name in self.then:
            text = f"{self.target.module}.{name}({text})"
        return text

    @property
    def written(self) -> str:
        """As a test would write it that has imported the name."""
        return f"{self.callee}({self.arguments})"

    @property
    def callee(self) -> str:
        """What is called, with its object."""
        if self.made is None:
            return self.target.name
        owner, _, name = self.target.name.rpartition(".")
        return f"{owner}({self.made}).{name}"

    def as_json(self) -> dict[str, Json]:
        """What the program in the jail is asked."""
        return {
            "module": self.target.module,
            "name": self.target.name,
            "args": repr(list(self.arguments.args)),
            "named": repr(dict(self.arguments.named)),
            "made": None
            if self.made is None
            else [repr(list(self.made.args)), repr(dict(self.made.named))],
            "then": list(self.then),
        }


def call_request(
    code: SourceTree, calls: Sequence[Call], label: str, hash_seed: int = 0
) -> RunRequest:
    """A run of the calls, in their order, in a fresh process under one of two hash seeds."""
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"calls": [c.as_json() for c in calls], "hash_seed": hash_seed}
    return RunRequest(Runtime.THIN, "call_functions", files, payload, CALL_LIMITS, label)
