"""``ports.models.LanguageModel``: one question, as many attempts as its rules allow."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fractal_rmo.adapters.llm.attempt import Attempts, Claimed, Outcome, Question, estimate
from fractal_rmo.adapters.llm.routes import Route, Routes
from fractal_rmo.adapters.llm.waiting import every, sleep
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.model import (
    Estimate,
    Mend,
    ModelError,
    ModelProvider,
    ModelReply,
    ModelRequest,
    ModelTrouble,
    Usage,
)
from fractal_rmo.operations.retry import BASE_S, Again, next_try
from fractal_rmo.ports.cache import Cache
from fractal_rmo.ports.models import Purse

_FULL_S = 0.25
_HOLD_ON_S = 3.0
_LONGEST_REMARK = 300
_LOG = logging.getLogger(__name__)


class NoPurse:
    """Nobody pays: the purse of a local use."""

    def reserve(self, _estimate: Estimate) -> str:
        """See ``Purse``."""
        return ""

    def settle(
        self,
        _token: str,
        _usage: Usage,
        _dollars: float,
        *,
        seconds: float,
        trouble: ModelTrouble | None = None,
    ) -> None:
        """See ``Purse``."""

    def release(self, _token: str) -> None:
        """See ``Purse``."""


class _NotKeptError(Exception):
    """There is an answer, for whoever asked and for nobody else."""


@dataclass(slots=True)
class _Story:
    """What has happened to a question so far; endpoints by name."""

    tries: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: float = 0.0
    failed: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    error: ModelError | None = None

    def add(self, claimed: Claimed, outcome: Outcome) -> None:
        """One more attempt was made."""
        self.usage += outcome.usage
        self.dollars += outcome.dollars
        self.error = outcome.error
        if outcome.error and outcome.error.trouble.mend in (Mend.WAIT, Mend.CONFIGURE):
            self.failed.add(claimed.route.endpoint.name)
        if outcome.error and outcome.error.trouble.mend is Mend.CONFIGURE:
            self.broken.add(claimed.route.endpoint.name)


class Models:
    """Balances, retries, fails over, pays and caches."""

    def __init__(
        self, routes: Routes, attempts: Attempts, cache: Cache, base_s: float = BASE_S
    ) -> None:
        self._routes, self._attempts, self._cache = routes, attempts, cache
        self._base_s = base_s

    def offers(self, provider: ModelProvider | None = None) -> bool:
        """See the port."""
        return bool(self._routes.offered(provider))

    def quote(self, request: ModelRequest) -> Sequence[Estimate]:
        """See the port."""
        routes = self._routes.of(request)
        return [estimate(request, route, 1, route.endpoint.timeout_s) for route in routes]

    def ask(
        self,
        request: ModelRequest,
        *,
        seconds: float,
        cancelled: Callable[[], bool] = lambda: False,
        purse: Purse | None = None,
        keep: Callable[[JsonObject], bool] = lambda _: True,
    ) -> ModelReply:
        """See the port."""
        routes = self._routes.of(request)
        until = time.monotonic() + seconds
        question = Question(request, routes, until, cancelled, purse or NoPurse())
        if request.temperature and not request.key and not request.shared:
            return self._answered(question)
        made: list[ModelReply] = []

        def make(hold_on: Callable[[], None]) -> str:
            made.append(self._answered(replace(question, tick=every(_HOLD_ON_S, hold_on))))
            if not keep(made[0].document):
                raise _NotKeptError
            return _kept(made[0])

        def unwanted() -> bool:
            return cancelled() or time.monotonic() >= until

        began = time.monotonic()
        key = _key(request, routes)
        try:
            text, _ = self._cache.get_or_make(request.category, key, make, unwanted)
        except _NotKeptError:
            return made[0]
        return made[0] if made else _from_kept(text, time.monotonic() - began)

    def _answered(self, question: Question) -> ModelReply:
        began, story = time.monotonic(), _Story()
        while True:
            claimed = self._claim(question, story)
            story.tries += 1
            outcome = self._attempts.perform(claimed, question, story.tries)
            story.add(claimed, outcome)
            if outcome.error is None:
                return _reply(claimed.route, outcome, story, time.monotonic() - began)
            again = self._again(question, story, outcome.error)
            question = replace(question, request=_told(question.request, outcome.error))
            if not again.elsewhere:
                story.failed = set(story.broken)
            sleep(again.wait_s, question.cancelled, question.tick)

    def _again(self, question: Question, story: _Story, error: ModelError) -> Again:
        """What to do now; raises the error where nothing is."""
        names = {route.endpoint.name for route in question.routes}
        again = next_try(
            error.trouble,
            tries=story.tries,
            endpoints=len(names),
            untried=len(names - story.failed - self._attempts.resting()),
            retry_after_s=error.retry_after_s,
            chance=random.random(),  # noqa: S311 - keeps callers apart
            left_s=question.until - time.monotonic(),
            base_s=self._base_s,
        )
        _LOG.warning("attempt %d brought no answer (%s); then: %s", story.tries, error, again)
        if again is None:
            raise error
        return again

    def _claim(self, question: Question, story: _Story) -> Claimed:
        """Take an endpoint that has not failed; wait while all that may answer are full."""
        offered = [r for r in question.routes if r.endpoint.name not in story.failed]
        while True:
            found = self._attempts.claim(question.request, offered)
            if isinstance(found, Claimed):
                return found
            if not found.full:
                raise _resting(found.rests_s, story.error)
            if time.monotonic() >= question.until:
                detail = "Every endpoint was full until the time was over."
                raise ModelError(ModelTrouble.TIMED_OUT, detail)
            sleep(_FULL_S, question.cancelled, question.tick)


def _resting(seconds: float, failed: ModelError | None) -> ModelError:
    """What the last attempt failed with, if there was one, with the time that all rest for."""
    if failed is not None:
        failed.retry_after_s = max(seconds, failed.retry_after_s or 0.0)
        return failed
    detail = f"Every endpoint failed repeatedly; the first is tried again in {seconds:.0f} s."
    return ModelError(ModelTrouble.RESTING, detail, retry_after_s=seconds)


def _reply(route: Route, outcome: Outcome, story: _Story, latency_s: float) -> ModelReply:
    return ModelReply(
        document=outcome.document or {},
        text=outcome.text,
        usage=story.usage,
        dollars=story.dollars,
        model=route.model,
        endpoint=route.endpoint.name,
        latency_s=latency_s,
        attempts=story.tries,
    )


def _told(request: ModelRequest, error: ModelError) -> ModelRequest:
    """The question for the next try, with what the last answer lacked."""
    if error.trouble is not ModelTrouble.MALFORMED or not error.detail:
        return replace(request, remark="")
    remark = f"Your last answer to this was not taken. {error.detail[:_LONGEST_REMARK]}"
    return replace(request, remark=f"{remark} Give the whole answer again, so that it fits.")


def _key(request: ModelRequest, routes: tuple[Route, ...]) -> str:
    """Everything that an answer depends on, of which the purpose is none."""
    asked: dict[str, Any] = {**asdict(replace(request, purpose="", schema={}))}
    asked["schema"] = request.schema
    asked["models"] = sorted({f"{r.endpoint.provider} {r.model}" for r in routes})
    return json.dumps(asked, sort_keys=True, default=dict)


def _kept(reply: ModelReply) -> str:
    parts = {name: getattr(reply, name) for name in ("document", "text", "model", "endpoint")}
    return json.dumps(parts, default=dict)


def _from_kept(text: str, latency_s: float) -> ModelReply:
    parts = json.loads(text)
    return ModelReply(
        **parts, usage=Usage(), dollars=0.0, latency_s=latency_s, attempts=0, cached=True
    )
