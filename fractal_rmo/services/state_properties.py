"""The step in which a model states properties of code that it never sees.

What fails, comes too late or has no room in the budget costs the properties and
nothing else: the step says so, and code is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from fractal_rmo.config.settings import Pipeline, Settings
from fractal_rmo.domain.action import ExecutionResult, Strategy
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.kept import Category
from fractal_rmo.domain.model import ModelReply, ModelRequest
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import STATED_FILE, Claim
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.generation.properties import PROPERTIES_SCHEMA, properties_prompt
from fractal_rmo.services.asking import Silence, ask_aside, request_of, shared
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.performed import Turn, done
from fractal_rmo.services.slots import interface
from fractal_rmo.services.tools import Tools
from fractal_rmo.validation.stated.reading import read_properties

_KINDS = (TaskKind.GENERATE, TaskKind.FIX)
Stated = tuple[ExecutionResult, SourceTree | None]


def states_properties(claim: Claim, times: Pipeline) -> bool:
    """Whether properties are asked for now: once, before a task's first question for code."""
    is_wanted = times.state_properties and claim.level >= Level.PROPERTY and claim.kind in _KINDS
    return is_wanted and claim.tries == 1


def state_properties(claim: Claim, hold: Hold, tools: Tools) -> Stated:
    """Ask for properties.  Raises ``RunCancelledError`` and nothing that a model is to blame for.

    The tree holds them in one file, for the rounds to come.
    """
    request = properties_request(claim, tools.settings, tools.known.protocol())
    hold.note({"stage": "propose", "trying": "properties from a model"})
    answer = ask_aside(request, claim, hold, tools, _is_let_in)
    if isinstance(answer, Silence):
        return _none(f"There was no answer: {answer.why}")
    return _read(answer)


def properties_request(claim: Claim, settings: Settings, protocol: JsonObject) -> ModelRequest:
    """The question, of whoever writes no code here."""
    prompt = properties_prompt(claim.description, claim.code, claim.tests, interface(claim))
    asked = request_of("validator", prompt, claim, settings, protocol, PROPERTIES_SCHEMA)
    return replace(shared(asked, Category.VALIDATION), schema_name="properties")


def stated_in(tree: SourceTree) -> tuple[JsonObject, ...]:
    """The properties of a tree as this step stores it, as documents."""
    listed = json.loads(tree.files.get(STATED_FILE, "[]"))
    return tuple(each for each in listed if isinstance(each, Mapping))


def _is_let_in(document: JsonObject) -> bool:
    found, _ = read_properties(document.get("properties"))
    return bool(found)


def _read(answer: ModelReply) -> Stated:
    found, refused = read_properties(answer.document.get("properties"))
    used: dict[str, Json] = {"model": answer.model, "dollars": answer.dollars}
    used |= {"tokens": answer.usage.tokens, "from_cache": int(answer.cached)}
    if not found:
        return _none(f"None was let in. {' '.join(refused)}".strip(), **used)
    documents = [each.as_json() for each in found]
    note = f"Properties that a language model stated: {len(found)}."
    note = f"{note} Not let in: {len(refused)}. {refused[0]}" if refused else note
    result = done(Strategy.API, Turn.STATED, note, properties=documents, **used)
    text = json.dumps(documents, ensure_ascii=False, indent=1)
    return result, SourceTree({STATED_FILE: f"{text}\n"})


def _none(why: str, **used: Json) -> Stated:
    return done(Strategy.API, Turn.NOT_STATED, f"No properties were stated. {why}", **used), None
