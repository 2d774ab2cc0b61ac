"""What an endpoint is and takes, from one tiny real call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fractal_rmo.adapters.llm.answers import read
from fractal_rmo.adapters.llm.attempt import estimate
from fractal_rmo.adapters.llm.routes import Route, Routes
from fractal_rmo.adapters.llm.speaker import Answer, Call, Feature, Speaker, at_most, counted
from fractal_rmo.adapters.llm.waiting import wait_for
from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.model import Endpoint, ModelError, ModelRequest, ModelTrouble, Price
from fractal_rmo.ports.models import Purse

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
    purpose="doctor",
)
"""Models that think before they answer need room for it; the answer itself has a few tokens."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``error`` is empty where the endpoint answered; ``price`` None where nobody knows it.

    ``dollars`` is what the one call cost, or may have.
    """

    endpoint: Endpoint
    model: str
    latency_s: float
    price: Price | None
    supports: dict[str, bool] = field(default_factory=dict)
    error: FractalError | None = None
    dollars: float = 0.0

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
            "dollars": self.dollars,
            "error": str(self.error) if self.error else None,
        }


def examine(
    endpoint: Endpoint, routes: Routes, speaker: Callable[[Endpoint], Speaker], purse: Purse
) -> Finding:
    """Ask it once, with everything that we would use; what it does not take is left out."""
    model = routes.model_for(endpoint, _REQUEST) or "none"
    price = routes.price(endpoint, model)
    paid = _Paid(purse)
    try:
        asked = speaker(endpoint)
        if price is None:
            raise ModelError(ModelTrouble.NOT_PRICED, f"Nobody knows what '{model}' costs.")
        answer = paid.ask(asked, Route(endpoint, model, price))
        fits = _fits(answer)
    except FractalError as error:
        return Finding(endpoint, model, paid.seconds, price, error=error, dollars=paid.dollars)
    latency_s = paid.seconds
    refused = asked.refused(model)
    supports = {
        Feature.SCHEMA.value: Feature.SCHEMA not in refused and fits,
        Feature.TEMPERATURE.value: Feature.TEMPERATURE not in refused,
        Feature.STREAM.value: Feature.STREAM not in refused,
        "usage": answer.usage is not None,
    }
    if Feature.SCHEMA in refused:
        supports[Feature.TOOL.value] = Feature.TOOL not in refused and fits
    return Finding(endpoint, model, latency_s, price, supports, dollars=paid.dollars)


class _Paid:
    """One call with its reservation and settlement; ``seconds`` without importing an SDK."""

    def __init__(self, purse: Purse) -> None:
        self._purse, self.dollars, self.seconds = purse, 0.0, 0.0

    def ask(self, speaker: Speaker, route: Route) -> Answer:
        """The answer; raises ``FractalError``, also where the purse has no room."""
        timeout_s = min(route.endpoint.timeout_s, _LONGEST_S)
        token = self._purse.reserve(estimate(_REQUEST, route, 1, timeout_s))
        began, usage, trouble = time.monotonic(), at_most(_REQUEST), None
        try:
            answer = _asked(speaker, Call(_REQUEST, route.model, timeout_s, stream=True))
            usage = counted(_REQUEST, answer)
        except ModelError as error:
            usage, trouble = error.usage, error.trouble
            raise
        finally:
            self.seconds = time.monotonic() - began
            self.dollars = route.price.of(usage)
            self._purse.settle(token, usage, self.dollars, seconds=self.seconds, trouble=trouble)
        return answer


def _asked(speaker: Speaker, call: Call) -> Answer:
    longest = call.timeout_s
    try:
        return wait_for(
            speaker.say(call), until=time.monotonic() + longest, cancelled=lambda: False
        )
    except TimeoutError:
        detail = f"No answer within {longest:.0f} s."
        raise ModelError(ModelTrouble.TIMED_OUT, detail, usage=at_most(_REQUEST)) from None


def _fits(answer: Answer) -> bool:
    try:
        read(answer.text, _REQUEST.schema)
    except ModelError:
        return False
    return True
