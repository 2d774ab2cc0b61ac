"""One attempt: an endpoint is taken, the purse asked, the answer awaited, everything given back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fractal_rmo.adapters.llm.answers import read
from fractal_rmo.adapters.llm.board import BoardStore
from fractal_rmo.adapters.llm.routes import Route, Routes
from fractal_rmo.adapters.llm.speaker import Answer, Call, Speaker, at_most, counted
from fractal_rmo.adapters.llm.waiting import every, wait_for
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.model import (
    Endpoint,
    Estimate,
    ModelCancelledError,
    ModelError,
    ModelRequest,
    ModelTrouble,
    Usage,
)
from fractal_rmo.operations.balance import LEASE_S, Board, Chosen, release, renew, take
from fractal_rmo.operations.breaker import Circuit
from fractal_rmo.operations.retry import tells_of_endpoint
from fractal_rmo.ports.models import Purse


@dataclass(frozen=True, slots=True)
class Question:
    """A request and who asks; ``until`` is of ``time.monotonic``, ``tick`` called meanwhile."""

    request: ModelRequest
    routes: tuple[Route, ...]
    until: float
    cancelled: Callable[[], bool]
    purse: Purse
    tick: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A route that was taken, and the lease that holds its load."""

    route: Route
    lease: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: with a document, or with an error.

    ``hurried`` says that the caller's deadline ended it, not the endpoint's.
    """

    usage: Usage
    dollars: float
    text: str = ""
    document: JsonObject | None = None
    error: ModelError | None = None
    hurried: bool = False


class Attempts:
    """Makes attempts over a board that may be shared with other processes."""

    def __init__(
        self,
        speaker: Callable[[Endpoint], Speaker],
        board: BoardStore,
        routes: Routes,
        lease_s: float = LEASE_S,
    ) -> None:
        self._speaker, self._board, self._routes = speaker, board, routes
        self._lease_s = lease_s

    def claim(self, request: ModelRequest, offered: Sequence[Route]) -> Claimed | Chosen:
        """The least loaded of ``offered``, or why none can be had."""
        lease, load = uuid.uuid4().hex[:12], float(at_most(request).tokens)
        endpoints = [route.endpoint for route in offered]

        def taken(board: Board, now: float) -> tuple[Board, Chosen]:
            return take(board, endpoints, load, lease, now, now + self._lease_s)

        chosen = self._board.update(taken)
        for route in offered:
            if route.endpoint.name == chosen.endpoint:
                return Claimed(route, lease)
        return chosen

    def resting(self) -> frozenset[str]:
        """Names of the endpoints whose breakers are open."""

        def found(board: Board, now: float) -> tuple[Board, frozenset[str]]:
            names = (n for n, b in board.breakers.items() if b.circuit(now) is Circuit.OPEN)
            return board, frozenset(names)

        return self._board.update(found)

    def perform(self, claimed: Claimed, question: Question, number: int) -> Outcome:
        """Ask the claimed route once; whatever happens, its load and the purse are settled.

        Raises ``ModelCancelledError`` and what ``purse.reserve`` raises.
        """
        ending: bool | None = None
        try:
            outcome = self._paid(claimed, question, number)
            if not outcome.hurried:
                ending = tells_of_endpoint(outcome.error.trouble if outcome.error else None)
        finally:
            self._give_back(claimed, ending)
        return outcome

    def _paid(self, claimed: Claimed, question: Question, number: int) -> Outcome:
        request, route = question.request, claimed.route
        seconds = min(route.endpoint.timeout_s, question.until - time.monotonic())
        if seconds <= 0:
            error = ModelError(ModelTrouble.TIMED_OUT, "There was no time left to ask.")
            return Outcome(Usage(), 0.0, error=error, hurried=True)
        speaker = self._speaker(route.endpoint)
        token = question.purse.reserve(estimate(request, route, number, seconds))
        if question.cancelled():  # a purse may take its time
            question.purse.release(token)
            raise ModelCancelledError
        began = time.monotonic()
        usage, trouble = at_most(request), None
        try:
            outcome = self._asked(speaker, claimed, question, seconds)
            usage, trouble = outcome.usage, outcome.error.trouble if outcome.error else None
        finally:
            dollars = self._routes.price_of(route, usage.tokens_in).of(usage)
            elapsed = time.monotonic() - began
            question.purse.settle(token, usage, dollars, seconds=elapsed, trouble=trouble)
        return replace(outcome, dollars=dollars)

    def _asked(
        self, speaker: Speaker, claimed: Claimed, question: Question, seconds: float
    ) -> Outcome:
        request, endpoint = question.request, claimed.route.endpoint
        call = Call(request, claimed.route.model, seconds, stream=endpoint.stream)
        try:
            answer: Answer = wait_for(
                speaker.say(call),
                until=time.monotonic() + seconds,
                cancelled=question.cancelled,
                tick=self._renewing(claimed, question.tick),
            )
        except TimeoutError:
            detail = f"'{endpoint.name}' did not answer within {seconds:.0f} s."
            error = ModelError(ModelTrouble.TIMED_OUT, detail, usage=at_most(request))
            hurried = seconds < endpoint.timeout_s
            return Outcome(error.usage, 0.0, error=error, hurried=hurried)
        except ModelError as error:
            return Outcome(error.usage, 0.0, error=error)
        usage = counted(request, answer)
        try:
            return Outcome(usage, 0.0, answer.text, read(answer.text, request.schema))
        except ModelError as error:
            return Outcome(usage, 0.0, error=error)

    def _renewing(self, claimed: Claimed, tick: Callable[[], None]) -> Callable[[], None]:
        def renewed(board: Board, now: float) -> tuple[Board, None]:
            return renew(board, claimed.lease, now, now + self._lease_s), None

        lease = every(self._lease_s / 3, lambda: self._board.update(renewed))

        def both() -> None:
            lease()
            tick()

        return both

    def _give_back(self, claimed: Claimed, ending: bool | None) -> None:
        name = claimed.route.endpoint.name
        self._board.update(
            lambda board, now: (
                release(board, claimed.lease, name, succeeded=ending, now=now),
                None,
            )
        )


def estimate(request: ModelRequest, route: Route, number: int, seconds: float) -> Estimate:
    """The most that one attempt over a route can use."""
    usage = at_most(request)
    return Estimate(
        request.role,
        request.purpose,
        route.endpoint.name,
        route.model,
        number,
        usage,
        route.price.of(usage),
        seconds,
    )
