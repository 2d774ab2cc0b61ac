"""One call to one endpoint, whoever's protocol it speaks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Protocol

from fractal_rmo.adapters.llm.answers import asks_for
from fractal_rmo.domain.model import Endpoint, ModelError, ModelRequest, ModelTrouble, Usage

_MOST_COUNTED = 100_000_000
"""Tokens of one call that are believed; no context is so long."""


class Feature(StrEnum):
    """What a request may use where the endpoint takes it."""

    SCHEMA = "structured output"
    TOOL = "structured output by a tool"
    JSON = "JSON mode"
    TEMPERATURE = "temperature"
    SEED = "seed"
    STREAM = "streaming"
    STREAM_USAGE = "usage in streams"
    MAX_COMPLETION = "max_completion_tokens"


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, and how long its connection may be silent."""

    request: ModelRequest
    model: str
    timeout_s: float
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The text as it came; ``usage`` is None where the server counted nothing."""

    text: str
    model: str
    usage: Usage | None = None


class Speaker(Protocol):
    """Speaks one endpoint's protocol, and learns what it does not take."""

    def refused(self, model: str) -> Collection[Feature]:
        """Features that the model was found not to take here, or that its protocol lacks."""

    async def say(self, call: Call) -> Answer:
        """Send one request; features that the server refuses by name are left out from then on.

        Raises ``ModelError``, with ``usage`` where the server counted some.
        """


def uses(endpoint: Endpoint, call: Call, refused: Collection[Feature]) -> frozenset[Feature]:
    """The features that this call wants, without those that were refused."""
    request = call.request
    wanted = {Feature.SCHEMA, Feature.STREAM_USAGE}
    if Feature.SCHEMA in refused:
        wanted.add(Feature.JSON if Feature.TOOL in refused else Feature.TOOL)
    if request.temperature is not None:
        wanted.add(Feature.TEMPERATURE)
    if request.seed is not None:
        wanted.add(Feature.SEED)
    if call.stream or endpoint.stream:
        wanted.add(Feature.STREAM)
    if not endpoint.base_url:  # the vendor's newer models take no other name; older servers none
        wanted.add(Feature.MAX_COMPLETION)
    return frozenset(wanted - set(refused))


def instructions(endpoint: Endpoint, request: ModelRequest, used: Collection[Feature]) -> str:
    """The system message, with the schema in words where the server may not enforce it."""
    enforced = not endpoint.base_url and not {Feature.SCHEMA, Feature.TOOL}.isdisjoint(used)
    return request.system if enforced else f"{request.system}\n\n{asks_for(request.schema)}"


def at_most(request: ModelRequest) -> Usage:
    """More tokens than the request can use: no tokenizer makes two of two bytes of usual text.

    It is also what a call counts as whose answer never came: it can have been written to its end.
    """
    return Usage(ceil(_size(request) / 2) + 64, request.max_tokens, estimated=True)


def about(request: ModelRequest, text: str) -> Usage:
    """Tokens of a call whose server counted none, rather too many than too few."""
    return Usage(ceil(_size(request) / 3), ceil(len(text.encode()) / 3), estimated=True)


def _size(request: ModelRequest) -> int:
    """Bytes of all that is sent: some servers get the schema in words and as such."""
    words = request.system + request.asked + 2 * asks_for(request.schema)
    return len(words.encode())


def usage_of(read: object, written: object, cached: object = None) -> Usage | None:
    """What a server counted; None for what nobody can have used, such as less than nothing.

    ``cached`` is the part of ``read`` that it had read before.  No call reads nothing, so
    zeros say that nothing was counted.
    """
    counts = [0 if each is None else each for each in (read, written, cached)]
    tokens = [each for each in counts if isinstance(each, int) and 0 <= each <= _MOST_COUNTED]
    if len(tokens) < len(counts) or not tokens[0] or tokens[2] > tokens[0]:
        return None
    return Usage(int(tokens[0]), int(tokens[1]), int(tokens[2]))


def counted(request: ModelRequest, answer: Answer) -> Usage:
    """What the server counted; where it did not, what the texts show."""
    told = answer.usage
    if told is None or (answer.text and not told.tokens_out):
        return about(request, answer.text)
    return told


def cut_off(request: ModelRequest, answer: Answer) -> ModelError:
    """The answer ended at the limit."""
    detail = f"The answer ended at max_tokens ({request.max_tokens}), before it was whole."
    return ModelError(ModelTrouble.CUT_OFF, detail, usage=counted(request, answer))


def refusal(request: ModelRequest, answer: Answer, reason: str) -> ModelError:
    """The model would not answer."""
    detail = f"The model refused: {reason[:300] or 'no reason given'}"
    return ModelError(ModelTrouble.REFUSED, detail, usage=counted(request, answer))
