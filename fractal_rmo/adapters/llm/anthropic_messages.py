"""The messages of Anthropic.

Its models take no temperature, and the SDK refuses the argument, so that none
is sent; nor do they take a seed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient, transform_schema
from anthropic.types import Message
from anthropic.types import Usage as MessageUsage

from fractal_rmo.adapters.llm.answers import plain
from fractal_rmo.adapters.llm.http import client_for, timeout
from fractal_rmo.adapters.llm.speaker import (
    Answer,
    Call,
    Feature,
    at_most,
    counted,
    cut_off,
    instructions,
    refusal,
    usage_of,
)
from fractal_rmo.adapters.llm.troubles import leaving_out
from fractal_rmo.domain.model import Endpoint, ModelError, ModelTrouble, Usage

_LACKS = (Feature.TEMPERATURE, Feature.SEED, Feature.JSON, Feature.MAX_COMPLETION)


class AnthropicMessages:
    """Speaks to one endpoint under one key."""

    def __init__(self, endpoint: Endpoint, key: str) -> None:
        self._endpoint, self._key = endpoint, key
        self._client = AsyncAnthropic(
            api_key=key or "none",
            base_url=endpoint.base_url or "https://api.anthropic.com",
            max_retries=0,
            http_client=client_for(
                endpoint.base_url,
                DefaultAsyncHttpxClient,
                "anthropic.com",
                {"X-Api-Key": key or "none"},
            ),
        )
        self._refused: defaultdict[str, set[Feature]] = defaultdict(lambda: set(_LACKS))

    def refused(self, model: str) -> Collection[Feature]:
        """See ``Speaker``."""
        return self._refused[model]

    async def say(self, call: Call) -> Answer:
        """See ``Speaker``."""
        refused = self._refused[call.model]
        return await leaving_out(refused, self._endpoint, call, self._key, self._once)

    async def _once(self, call: Call, used: Collection[Feature]) -> Answer:
        arguments = self._arguments(call, used)
        if Feature.STREAM not in used:
            done = await self._client.messages.create(**arguments)
            if not isinstance(done, Message):
                detail = "The server's reply is no message."
                raise ModelError(ModelTrouble.MALFORMED, detail, usage=at_most(call.request))
            return _finished(call, done)
        async with self._client.messages.stream(**arguments) as stream:
            done = await stream.get_final_message()
        if done.stop_reason is None:
            detail = "The stream ended before the answer did."
            raise ModelError(ModelTrouble.CONNECTION, detail, usage=at_most(call.request))
        return _finished(call, done)

    def _arguments(self, call: Call, used: Collection[Feature]) -> dict[str, Any]:
        request = call.request
        arguments: dict[str, Any] = {
            "model": call.model,
            "max_tokens": request.max_tokens,
            "system": instructions(self._endpoint, request, used),
            "messages": [{"role": "user", "content": request.asked}],
            "timeout": timeout(call.timeout_s),
        }
        if Feature.SCHEMA in used:
            schema = transform_schema(dict(request.schema))
            arguments["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        elif Feature.TOOL in used:
            name = request.schema_name
            arguments["tools"] = [{"name": name, "input_schema": plain(request.schema)}]
            arguments["tool_choice"] = {"type": "tool", "name": name}
        return arguments


def _finished(call: Call, done: Message) -> Answer:
    blocks = done.content or ()
    given = [json.dumps(block.input) for block in blocks if block.type == "tool_use"]
    text = "".join(given[:1] or (block.text for block in blocks if block.type == "text"))
    answer = Answer(text, done.model or call.model, _usage(done))
    if done.stop_reason == "refusal":
        raise refusal(call.request, answer, "by its provider's policy")
    if done.stop_reason == "max_tokens":
        raise cut_off(call.request, answer)
    if done.stop_reason == "model_context_window_exceeded":
        raise ModelError(ModelTrouble.TOO_LONG, usage=counted(call.request, answer))
    return answer


def _usage(done: Message) -> Usage | None:
    """Tokens in with those that were read from its cache; None where nothing was counted."""
    told = done.usage
    if not isinstance(told, MessageUsage):  # by the protocol it is there
        return None  # type: ignore[unreachable]
    cached = told.cache_read_input_tokens
    parts = (told.input_tokens, cached, told.cache_creation_input_tokens)
    if not all(part is None or (isinstance(part, int) and part >= 0) for part in parts):
        return None
    return usage_of(sum(part or 0 for part in parts), told.output_tokens, cached)
