"""What an endpoint is and takes, from one tiny real call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fractal_rmo.adapters.llm.answers import read
from fractal_rmo.adapters.llm.routes import Routes
from fractal_rmo.adapters.llm.speaker import Answer, Call, Feature, Speaker
from fractal_rmo.adapters.llm.waiting import wait_for
from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.model import Endpoint, ModelError, ModelRequest, ModelTrouble, Price

_LONGEST_S = 60.0
_REQUEST = ModelRequest(
    role="executor",
    system="You are asked whether you can be reached.",
    user='Answer {"ok": true}.',
    schema={
        "type": "object",
        "properties": {"ok": {"type": "boolean"}},
        "required": ["ok"],
        "additionalProperties": False,
    },
    schema_name="reached",
    max_tokens=1000,
    temperature=0.0,
)
"""Models that think before they answer need room for it; the answer itself has a few tokens."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``error`` is empty where the endpoint answered; ``price`` None where nobody knows it."""

    endpoint: Endpoint
    model: str
    latency_s: float
    price: Price | None
    supports: dict[str, bool] = field(default_factory=dict)
    error: FractalError | None = None

    def document(self) -> dict[str, Json]:
        """The finding as JSON."""
        price = self.price
        return {
            "endpoint": self.endpoint.name,
            "provider": self.endpoint.provider.value,
            "model": self.model,
            "latency_s": round(self.latency_s, 3),
            "price": {
                "input": price.per_million_in,
                "output": price.per_million_out,
                "source": price.source,
            }
            if price
            else None,
            "supports": dict(self.supports),
            "error": str(self.error) if self.error else None,
        }


def examine(endpoint: Endpoint, routes: Routes, speaker: Callable[[Endpoint], Speaker]) -> Finding:
    """Ask it once, with everything that we would use; what it does not take is left out."""
    model = routes.model_for(endpoint, _REQUEST) or "none"
    price = routes.price(endpoint, model)
    began = time.monotonic()
    try:
        asked = speaker(endpoint)
        if price is None:
            raise ModelError(ModelTrouble.NOT_PRICED, f"Nobody knows what '{model}' costs.")
        began = time.monotonic()  # without the time to import an SDK
        answer = _asked(asked, Call(_REQUEST, model, endpoint.timeout_s, stream=True))
        fits = _fits(answer)
    except FractalError as error:
        return Finding(endpoint, model, time.monotonic() - began, price, error=error)
    latency_s = time.monotonic() - began
    refused = asked.refused(model)
    supports = {
        Feature.SCHEMA.value: Feature.SCHEMA not in refused and fits,
        Feature.TEMPERATURE.value: Feature.TEMPERATURE not in refused,
        Feature.STREAM.value: Feature.STREAM not in refused,
        "usage": answer.usage is not None,
    }
    if Feature.SCHEMA in refused:
        supports[Feature.TOOL.value] = Feature.TOOL not in refused and fits
    return Finding(endpoint, model, latency_s, price, supports)


def _asked(speaker: Speaker, call: Call) -> Answer:
    longest = min(call.timeout_s, _LONGEST_S)
    try:
        return wait_for(
            speaker.say(call), until=time.monotonic() + longest, cancelled=lambda: False
        )
    except TimeoutError:
        raise ModelError(ModelTrouble.TIMED_OUT, f"No answer within {longest:.0f} s.") from None


def _fits(answer: Answer) -> bool:
    try:
        read(answer.text, _REQUEST.schema)
    except ModelError:
        return False
    return True
