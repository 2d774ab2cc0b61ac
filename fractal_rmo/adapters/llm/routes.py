"""Which endpoints may answer a request, by which model, and at what price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fractal_rmo.adapters.llm.prices import PriceBook
from fractal_rmo.adapters.llm.speaker import at_most
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.model import (
    Endpoint,
    ModelError,
    ModelProvider,
    ModelRequest,
    ModelTrouble,
    Price,
)


@dataclass(frozen=True, slots=True)
class Route:
    """One way to an answer."""

    endpoint: Endpoint
    model: str
    price: Price


class Routes:
    """``models`` names each role's; ``stand_ins`` are models of equal rank, by provider."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        models: Mapping[str, str],
        stand_ins: Sequence[Mapping[ModelProvider, str]],
        prices: PriceBook,
    ) -> None:
        self._endpoints, self._models = tuple(endpoints), dict(models)
        self._stand_ins, self._prices = tuple(stand_ins), prices

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All that are configured."""
        return self._endpoints

    def offered(self, provider: ModelProvider | None) -> tuple[Endpoint, ...]:
        """Those of a provider; without one all but the simulated, which nobody gets unasked."""
        if provider is None:
            return tuple(e for e in self._endpoints if e.provider is not ModelProvider.SIMULATED)
        return tuple(e for e in self._endpoints if e.provider is provider)

    def of(self, request: ModelRequest) -> tuple[Route, ...]:
        """The routes of a request, at least one.

        Raises ``InputError`` (NEEDS_MODEL) where no endpoint is configured, and
        ``ModelError`` (NOT_PRICED, NO_SUCH_MODEL) where none can be used.
        """
        endpoints = self.offered(request.provider)
        if not endpoints:
            detail = f"No endpoint of provider '{request.provider}' is configured."
            raise InputError(ErrorCode.NEEDS_MODEL, detail if request.provider else "")
        pairs = [(each, self.model_for(each, request)) for each in endpoints]
        named = [(each, model) for each, model in pairs if model]
        if not named:
            wanted = request.model or self._models.get(request.role, "")
            detail = f"No configured endpoint has '{wanted}', and nothing stands in for it."
            raise ModelError(ModelTrouble.NO_SUCH_MODEL, detail)
        size = at_most(request).tokens_in
        routes = [
            Route(each, model, price)
            for each, model in named
            if (price := self._prices.price(each, model, size)) is not None
        ]
        if not routes:
            models = ", ".join(sorted({f"'{model}'" for _, model in named}))
            raise ModelError(ModelTrouble.NOT_PRICED, f"Nobody knows what {models} costs.")
        return tuple(routes)

    def model_for(self, endpoint: Endpoint, request: ModelRequest) -> str:
        """The name to ask this endpoint for; "" where it has nothing of the kind.

        An endpoint that names its model has that one.  Else it is the request's
        or the role's, or what stands in for it at another provider.
        """
        if endpoint.model:
            return endpoint.model
        wanted = request.model or self._models.get(request.role, "")
        if endpoint.provider in (ModelProvider.SIMULATED, _provider_of(wanted)):
            return wanted or "simulated"
        for row in self._stand_ins:
            if wanted in row.values():
                return row.get(endpoint.provider, "")
        return ""

    def price(self, endpoint: Endpoint, model: str) -> Price | None:
        """The price of a short question; None where nobody knows it."""
        return self._prices.price(endpoint, model)

    def price_of(self, route: Route, tokens_in: int) -> Price:
        """The price of a question whose length is known."""
        return self._prices.price(route.endpoint, route.model, tokens_in) or route.price


def _provider_of(model: str) -> ModelProvider:
    """Whose protocol a model is asked by, from its name."""
    return ModelProvider.ANTHROPIC if model.startswith("claude") else ModelProvider.OPENAI
