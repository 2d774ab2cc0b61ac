"""A model that is none: scripted answers, with a delay and failures drawn from a seed.

Only a request that names the provider ``simulated`` reaches it.  The same
seed and the same questions give the same delays, failures and answers.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from fractal_rmo.adapters.llm.speaker import Answer, Call, Feature, about
from fractal_rmo.domain.errors import ErrorCode, SettingsError
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.model import ModelError, ModelTrouble

_FAILURES = (
    ModelTrouble.RATE_LIMITED,
    ModelTrouble.OVERLOADED,
    ModelTrouble.CONNECTION,
    ModelTrouble.MALFORMED,
)


@dataclass(frozen=True, slots=True)
class Line:
    """The answers to questions that hold ``contains``, in turn, the last one from then on.

    An answer is a document, or the name of a ``ModelTrouble``.
    """

    contains: str
    answers: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What it says; ``failure_rate`` from 0 to 1; delays are up to a quarter off ``latency_s``."""

    lines: tuple[Line, ...] = ()
    seed: int = 0
    latency_s: float = 0.0
    failure_rate: float = 0.0


class Simulated:
    """Answers from a script; what no line knows gets the smallest document of the schema."""

    def __init__(self, script: Script) -> None:
        self._script, self._lock = script, Lock()
        self._asked: dict[str, int] = {}

    def refused(self, _model: str) -> Collection[Feature]:
        """See ``Speaker``."""
        return ()

    async def say(self, call: Call) -> Answer:
        """See ``Speaker``."""
        request = call.request
        question = f"{request.system}\n{request.user}"
        with self._lock:
            turn = self._asked[question] = self._asked.get(question, 0) + 1
        seed = hashlib.sha256(f"{self._script.seed} {turn} {question}".encode()).digest()
        chance = random.Random(seed)  # noqa: S311 - a rehearsal
        await asyncio.sleep(self._script.latency_s * chance.uniform(0.75, 1.25))
        if chance.random() < self._script.failure_rate:
            raise ModelError(chance.choice(_FAILURES), "So it was simulated.")
        answer = self._scripted(f"{request.system}\n{request.asked}", turn)
        if isinstance(answer, str) and answer in tuple(ModelTrouble):
            raise ModelError(ModelTrouble(answer), "So the script says.")
        text = json.dumps(smallest(request.schema) if answer is None else answer, default=dict)
        return Answer(text, call.model, about(request, text))

    def _scripted(self, question: str, turn: int) -> Json:
        for line in self._script.lines:
            if line.contains in question:
                return line.answers[min(turn, len(line.answers)) - 1]
        return None


def read_script(path: str, seed: int, latency_s: float, failure_rate: float) -> Script:
    """A script from a JSON file: a list of {"contains": text, "answers": [document, ...]}.

    An empty path is a script without lines.  Raises ``SettingsError`` (BAD_SETTING).
    """
    try:
        written = json.loads(Path(path).read_text("utf-8")) if path else []
        lines = tuple(Line(str(each["contains"]), tuple(each["answers"])) for each in written)
    except (OSError, ValueError, TypeError, KeyError) as error:
        detail = f"models.simulated.script is '{path}', which is no script: {error}"
        raise SettingsError(ErrorCode.BAD_SETTING, detail) from error
    spoken = tuple(line for line in lines if line.answers)
    return Script(spoken, seed, latency_s, failure_rate)


def smallest(schema: JsonObject) -> Any:
    """The smallest document of a schema of types, enums, constants and required keys."""
    if "const" in schema:
        return schema["const"]
    for key in ("enum", "anyOf", "oneOf"):
        if isinstance(options := schema.get(key), Sequence) and options:
            return options[0] if key == "enum" else smallest(_schema(options[0]))
    kind = schema.get("type", "object")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = kind[0]
    if kind == "object":
        parts = _schema(schema.get("properties"))
        required = schema.get("required")
        names = required if isinstance(required, Sequence) else ()
        return {str(name): smallest(_schema(parts.get(str(name)))) for name in names}
    if kind == "array":
        least = schema.get("minItems")
        count = least if isinstance(least, int) else 0
        return [smallest(_schema(schema.get("items"))) for _ in range(count)]
    least = schema.get("minimum")
    number = least if isinstance(least, int | float) else 0
    return {"string": "", "integer": number, "number": number, "boolean": False}.get(str(kind))


def _schema(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
