"""Language models and the purse that pays for them, as the services see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.model import (
    Estimate,
    ModelProvider,
    ModelReply,
    ModelRequest,
    ModelTrouble,
    Usage,
)


class Purse(Protocol):
    """Holds the budget of whoever asks.  Called around every attempt, failed ones included.

    Exactly one of ``settle`` and ``release`` follows each ``reserve``, unless
    the process dies: a reservation must end by itself some time after its
    ``seconds``.
    """

    def reserve(self, estimate: Estimate) -> str:
        """Set aside the most that the attempt can use; returns a token for it.

        What it raises where the budget has no room ends ``ask`` as it is.
        """

    def settle(
        self,
        token: str,
        usage: Usage,
        dollars: float,
        *,
        seconds: float,
        trouble: ModelTrouble | None = None,
    ) -> None:
        """The attempt was made and used this; ``trouble`` says why it brought no answer."""

    def release(self, token: str) -> None:
        """The attempt was not made."""


class LanguageModel(Protocol):
    """Asks the configured models."""

    def offers(self, provider: ModelProvider | None = None) -> bool:
        """Whether an endpoint is configured: one of the provider, or any but simulated ones.

        A task of provider ``auto`` is done by a model where this is so, else offline.
        """

    def quote(self, request: ModelRequest) -> Sequence[Estimate]:
        """The most that one attempt could use, for each endpoint that may be asked; asks none.

        Raises what ``ask`` raises where there is none.
        """

    def ask(
        self,
        request: ModelRequest,
        *,
        seconds: float,
        cancelled: Callable[[], bool] = lambda: False,
        purse: Purse | None = None,
        keep: Callable[[JsonObject], bool] = lambda _: True,
    ) -> ModelReply:
        """An answer under the request's schema, within ``seconds``, retries and waits included.

        ``cancelled`` is asked several times a second, from the calling thread;
        once it says True, the call is given up within a second.  Without a
        ``purse`` nobody pays.  An answer of which ``keep`` says False is not kept
        for others who ask the same.

        Raises ``ModelError``, whose ``trouble`` says what to do about it;
        ``ModelCancelledError``; ``InputError`` (NEEDS_MODEL) where no endpoint
        is configured; and what ``purse.reserve`` raises.
        """
