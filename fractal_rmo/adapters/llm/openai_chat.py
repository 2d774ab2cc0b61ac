"""The chat completions of OpenAI, which Ollama, vLLM and llama.cpp speak as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion

from fractal_rmo.adapters.llm.answers import is_strict, plain
from fractal_rmo.adapters.llm.http import client_for, timeout
from fractal_rmo.adapters.llm.speaker import (
    Answer,
    Call,
    Feature,
    at_most,
    cut_off,
    instructions,
    refusal,
    usage_of,
)
from fractal_rmo.adapters.llm.troubles import leaving_out
from fractal_rmo.domain.model import Endpoint, ModelError, ModelTrouble, Usage


class OpenAIChat:
    """Speaks to one endpoint under one key."""

    def __init__(self, endpoint: Endpoint, key: str) -> None:
        self._endpoint, self._key = endpoint, key
        self._client = AsyncOpenAI(
            api_key=key or "none",  # a server of one's own asks for none, the SDK does
            base_url=endpoint.base_url or "https://api.openai.com/v1",
            max_retries=0,
            http_client=client_for(
                endpoint.base_url,
                DefaultAsyncHttpxClient,
                "openai.com",
                {"Authorization": f"Bearer {key or 'none'}"},
            ),
        )
        self._refused: defaultdict[str, set[Feature]] = defaultdict(set)

    def refused(self, model: str) -> Collection[Feature]:
        """See ``Speaker``."""
        return self._refused[model]

    async def say(self, call: Call) -> Answer:
        """See ``Speaker``."""
        refused = self._refused[call.model]
        return await leaving_out(refused, self._endpoint, call, self._key, self._once)

    async def _once(self, call: Call, used: Collection[Feature]) -> Answer:
        arguments = self._arguments(call, used)
        if Feature.STREAM in used:
            return await self._streamed(call, arguments, Feature.STREAM_USAGE in used)
        done = await self._client.chat.completions.create(**arguments)
        if not isinstance(done, ChatCompletion) or not done.choices:
            detail = "The server's reply holds no choice."
            raise ModelError(ModelTrouble.MALFORMED, detail, usage=at_most(call.request))
        choice, usage = done.choices[0], _usage(done.usage)
        text = _given(choice.message.tool_calls) or choice.message.content or ""
        return _finished(
            call,
            Answer(text, done.model or call.model, usage),
            choice.finish_reason,
            choice.message.refusal or "",
        )

    def _arguments(self, call: Call, used: Collection[Feature]) -> dict[str, Any]:
        request = call.request
        limit = "max_completion_tokens" if Feature.MAX_COMPLETION in used else "max_tokens"
        arguments: dict[str, Any] = {
            "model": call.model,
            "messages": [
                {"role": "system", "content": instructions(self._endpoint, request, used)},
                {"role": "user", "content": request.asked},
            ],
            limit: request.max_tokens,
            "timeout": timeout(call.timeout_s),
        }
        if Feature.SCHEMA in used:
            arguments["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.schema_name,
                    "schema": dict(request.schema),
                    "strict": is_strict(request.schema),
                },
            }
        elif Feature.TOOL in used:
            function = {"name": request.schema_name, "parameters": plain(request.schema)}
            arguments["tools"] = [{"type": "function", "function": function}]
            arguments["tool_choice"] = {
                "type": "function",
                "function": {"name": request.schema_name},
            }
        elif Feature.JSON in used:
            arguments["response_format"] = {"type": "json_object"}
        if Feature.TEMPERATURE in used:
            arguments["temperature"] = request.temperature
        if Feature.SEED in used:
            arguments["seed"] = request.seed
        return arguments

    async def _streamed(self, call: Call, arguments: dict[str, Any], counted: bool) -> Answer:
        if counted:
            arguments["stream_options"] = {"include_usage": True}
        stream = await self._client.chat.completions.create(**arguments, stream=True)
        parts, refusals, reason, usage, model = [], [], None, None, call.model
        async with stream:
            async for chunk in stream:
                usage, model = _usage(chunk.usage) or usage, chunk.model or model
                for choice in chunk.choices[:1]:
                    given = _given(choice.delta.tool_calls)
                    parts.append(given or choice.delta.content or "")
                    refusals.append(choice.delta.refusal or "")
                    reason = choice.finish_reason or reason
        if reason is None:
            detail = "The stream ended before the answer did."
            raise ModelError(ModelTrouble.CONNECTION, detail, usage=at_most(call.request))
        return _finished(call, Answer("".join(parts), model, usage), reason, "".join(refusals))


def _finished(call: Call, answer: Answer, reason: str | None, refused: str) -> Answer:
    if refused or reason == "content_filter":
        raise refusal(call.request, answer, refused or "its content filter")
    if reason == "length":
        raise cut_off(call.request, answer)
    return answer


def _given(tools: Sequence[Any] | None) -> str:
    """What the one tool is called with, or a part of it where it is streamed."""
    asked = [tool for tool in tools or () if not getattr(tool, "index", 0)]
    return (asked[0].function.arguments or "") if asked and asked[0].function else ""


def _usage(told: CompletionUsage | None) -> Usage | None:
    if told is None:
        return None
    details = told.prompt_tokens_details
    cached = details.cached_tokens if details else None
    return usage_of(told.prompt_tokens, told.completion_tokens, cached)
