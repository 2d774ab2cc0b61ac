from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fractal_rmo.adapters.cache.two_level import TwoLevelCache
from fractal_rmo.adapters.llm.anthropic_messages import AnthropicMessages
from fractal_rmo.adapters.llm.asking import Models
from fractal_rmo.adapters.llm.attempt import Attempts
from fractal_rmo.adapters.llm.board import BoardStore, LocalBoard
from fractal_rmo.adapters.llm.openai_chat import OpenAIChat
from fractal_rmo.adapters.llm.prices import PriceBook
from fractal_rmo.adapters.llm.routes import Routes
from fractal_rmo.adapters.llm.simulated import Script, Simulated
from fractal_rmo.adapters.llm.speaker import Speaker
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.model import (
    Endpoint,
    Estimate,
    ModelProvider,
    ModelRequest,
    ModelTrouble,
    Usage,
)
from tests.adapters.llm.emulator import KEY, Emulator, started

NAMES = {"openai": "gpt-6.1-sol", "anthropic": "claude-opus-5-5"}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
COUNTED = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "input_tokens": 100,
    "output_tokens": 20,
}
"""Usage as the one or the other protocol names it."""
OK = {"content": {"ok": True}, "usage": COUNTED}


def fails(status: int, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}, "status": status}


def fixtures() -> list[dict[str, Any]]:
    """What is answered to which words; each for both protocols, which then count apart."""
    once: dict[str, dict[str, Any]] = {
        "rate limit": {**fails(429, "slow down", type="rate_limit_error"), "retryAfter": 2},
        "no temperature": fails(400, "temperature does not support 0.3", param="temperature"),
        "no schema": fails(400, "response_format / output_config: json_schema is unknown"),
        "no streams": fails(400, "stream is not supported here"),
    }
    always: dict[str, dict[str, Any]] = {
        "ill": fails(500, "internal error"),
        "unknown model": fails(404, "The model does not exist", code="model_not_found"),
        "very long": fails(400, "prompt is too long", code="context_length_exceeded"),
        "no credit": fails(429, "Your credit balance is too low", code="insufficient_quota"),
        "odd": fails(400, "your request is odd"),
        "schema too long": fails(400, "prompt is too long: shorten messages or json_schema"),
        "prose": {"content": "I would rather talk."},
        "wrong type": {"content": {"ok": "yes"}},
        "fenced": {"content": 'Here it is:\n```json\n{"ok": true}\n```\nAnything else?'},
        "endless": {"content": "{", "finishReason": "length"},
        "plain": OK,
        'Answer {"ok": true}': OK,
    }
    by_tool: dict[str, list[dict[str, Any]]] = {
        "no tools": [once["no schema"], fails(400, "tool_choice is not supported")]
    }
    troubled: dict[str, dict[str, Any]] = {
        "cut": {"disconnectRate": 1},
        "garbled": {"malformedRate": 1},
        "slow": {"latencyMs": 20_000},
        "by hand": {"latencyMs": 1_500},
    }
    found: list[dict[str, Any]] = []
    for name in NAMES.values():
        for words, response in once.items():
            match = {"userMessage": words, "model": name}
            found.append({"match": {**match, "sequenceIndex": 0}, "response": response})
            found.append({"match": match, "response": OK})
        for words, refusals in by_tool.items():
            match = {"userMessage": words, "model": name}
            for number, response in enumerate(refusals):
                found.append({"match": {**match, "sequenceIndex": number}, "response": response})
            found.append({"match": match, "response": OK})
        for words, response in always.items():
            found.append({"match": {"userMessage": words, "model": name}, "response": response})
        for words, chaos in troubled.items():
            match = {"userMessage": words, "model": name}
            found.append({"match": match, "response": OK, "chaos": chaos})
        torn = {"match": {"userMessage": "torn", "model": name}, "response": OK}
        found.append({**torn, "chunkSize": 3, "truncateAfterChunks": 3})
    return found


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with started(tmp_path_factory.mktemp("emulator"), fixtures()) as running:
        yield running


@dataclass
class Ledger:
    """A purse that remembers."""

    reserved: list[Estimate] = field(default_factory=list)
    settled: list[tuple[str, Usage, float, ModelTrouble | None]] = field(default_factory=list)
    released: list[str] = field(default_factory=list)

    def reserve(self, estimate: Estimate) -> str:
        self.reserved.append(estimate)
        return f"token {len(self.reserved)}"

    def settle(
        self,
        token: str,
        usage: Usage,
        dollars: float,
        *,
        seconds: float,
        trouble: ModelTrouble | None = None,
    ) -> None:
        assert seconds >= 0
        self.settled.append((token, usage, dollars, trouble))

    def release(self, token: str) -> None:
        self.released.append(token)


@pytest.fixture
def purse() -> Iterator[Ledger]:
    """Whatever happened, each reservation was ended exactly once."""
    ledger = Ledger()
    yield ledger
    ended = [entry[0] for entry in ledger.settled] + ledger.released
    assert sorted(ended) == sorted(f"token {n + 1}" for n in range(len(ledger.reserved)))


def request_for(words: str, **more: Any) -> ModelRequest:
    given: dict[str, Any] = {"temperature": 0.3, **more}
    return ModelRequest("executor", "You test.", words, SCHEMA, "answer", 1000, **given)


Make = Callable[..., Models]


@dataclass
class Made:
    """The speakers that were made, by their endpoint's name."""

    speakers: dict[str, Speaker] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    script: Script = field(default_factory=Script)

    def speaker(self, endpoint: Endpoint) -> Speaker:
        if endpoint.name not in self.speakers:
            key = self.keys.get(endpoint.name, KEY)
            self.speakers[endpoint.name] = self._make(endpoint, key)
        return self.speakers[endpoint.name]

    def _make(self, endpoint: Endpoint, key: str) -> Speaker:
        if endpoint.provider is ModelProvider.SIMULATED:
            return Simulated(self.script)
        kind = OpenAIChat if endpoint.provider is ModelProvider.OPENAI else AnthropicMessages
        return kind(endpoint, key)

    def models(
        self,
        *endpoints: Endpoint,
        cache: TwoLevelCache | None = None,
        board: BoardStore | None = None,
        **roles: str,
    ) -> Models:
        stand_ins = [{ModelProvider(name): model for name, model in NAMES.items()}]
        names = {"executor": NAMES["openai"], **roles}
        routes = Routes(endpoints, names, stand_ins, PriceBook({}))
        attempts = Attempts(self.speaker, board or LocalBoard(), routes)
        return Models(routes, attempts, cache or TwoLevelCache(None), base_s=0.01)


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture(params=list(NAMES))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def endpoint(emulator: Emulator, provider: str) -> Endpoint:
    """The emulator under each protocol."""
    return endpoint_at(emulator, provider)


def endpoint_at(emulator: Emulator, provider: str, **more: Any) -> Endpoint:
    made = Endpoint(provider, ModelProvider(provider), emulator.base_url(provider), timeout_s=30)
    return replace(made, **more)
