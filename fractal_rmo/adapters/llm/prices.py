"""What a call costs: the configuration's prices, else the table of genai-prices, offline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fractal_rmo.domain.model import Endpoint, ModelProvider, Price

_MILLION = 1_000_000
FREE = Price(0.0, 0.0, 0.0, "free")


class PriceBook:
    """Prices by model; ``named`` are those of the configuration."""

    def __init__(self, named: Mapping[str, Price]) -> None:
        self._named = dict(named)

    def price(self, endpoint: Endpoint, model: str, tokens_in: int = 0) -> Price | None:
        """The price of a question of that length; None where nobody knows it."""
        if endpoint.free or endpoint.provider is ModelProvider.SIMULATED:
            return FREE
        return self._named.get(model) or _listed(endpoint.provider.value, model, tokens_in)


@lru_cache(maxsize=1024)
def _listed(provider: str, model: str, tokens_in: int) -> Price | None:
    """The table's price; some models cost more for a long question, as a whole."""
    from genai_prices import Usage, __version__, calc_price

    def of(**tokens: int) -> float:
        priced = calc_price(Usage(**tokens), model, provider_id=provider)
        return float(priced.total_price)

    read = max(tokens_in, 1)
    try:
        dollars_in = of(input_tokens=read)
        dollars_both = of(input_tokens=read, output_tokens=read)
        dollars_cached = of(input_tokens=read, cache_read_tokens=read)
    except LookupError:
        return None
    million = _MILLION / read
    return Price(
        dollars_in * million,
        (dollars_both - dollars_in) * million,
        dollars_cached * million,
        f"genai-prices {__version__}",
    )
