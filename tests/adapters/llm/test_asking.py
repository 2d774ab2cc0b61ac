"""What happens around the attempts, with the simulated model, which nobody has to be asked for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.adapters.cache.two_level import TwoLevelCache
from fractal_rmo.adapters.llm.board import LocalBoard
from fractal_rmo.adapters.llm.prices import PriceBook
from fractal_rmo.adapters.llm.routes import Routes
from fractal_rmo.adapters.llm.simulated import Line, Script, read_script, smallest
from fractal_rmo.domain.errors import ErrorCode, FractalError, InputError
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.model import (
    Endpoint,
    Estimate,
    ModelCancelledError,
    ModelError,
    ModelProvider,
    ModelRequest,
    ModelTrouble,
    Price,
)
from tests.adapters.llm.conftest import NAMES, SCHEMA, Ledger, Made, request_for

SIMULATED = Endpoint("simulated", ModelProvider.SIMULATED)
OPENAI = Endpoint("openai", ModelProvider.OPENAI)
ANTHROPIC = Endpoint("anthropic", ModelProvider.ANTHROPIC)


def rehearsed(made: Made, *answers: Any, **more: Any) -> None:
    made.script = Script((Line("", answers),) if answers else (), **more)


def simulated(words: str, **more: Any) -> ModelRequest:
    return request_for(words, provider=ModelProvider.SIMULATED, **more)


def test_the_simulated_model_is_never_chosen_by_itself(made: Made) -> None:
    models = made.models(SIMULATED)
    assert not models.offers()
    assert models.offers(ModelProvider.SIMULATED)
    with pytest.raises(InputError) as refused:
        models.ask(request_for("anything"), seconds=5)
    assert refused.value.code is ErrorCode.NEEDS_MODEL
    assert models.ask(simulated("anything"), seconds=5).document == {"ok": False}


def test_a_deterministic_question_is_asked_once(made: Made, purse: Ledger) -> None:
    rehearsed(made, {"ok": True})
    models = made.models(SIMULATED)
    for temperature in (None, 0.0):
        request = simulated("again", temperature=temperature)
        first, second = (models.ask(request, seconds=5, purse=purse) for _ in range(2))
        assert (first.cached, second.cached) == (False, True)
        assert second.document == first.document
        assert (second.dollars, second.usage.tokens, second.attempts) == (0.0, 0, 0)
    assert len(purse.reserved) == 2


@pytest.mark.parametrize(
    "other",
    [{"versions": ("protocol 2",)}, {"seed": 3}, {"model": "another"}, {"temperature": 0.7}],
)
def test_whatever_an_answer_depends_on_is_in_its_key(made: Made, other: dict[str, Any]) -> None:
    models = made.models(SIMULATED)
    models.ask(simulated("again", temperature=None), seconds=5)
    asked = models.ask(simulated("again", **{"temperature": None, **other}), seconds=5)
    assert not asked.cached


def test_those_who_ask_the_same_at_once_ask_once(made: Made, purse: Ledger) -> None:
    rehearsed(made, {"ok": True}, latency_s=0.3)
    models, request = made.models(SIMULATED), simulated("together", temperature=0.0)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(models.ask, request, seconds=20, purse=purse) for _ in range(8)]
        replies = [each.result() for each in asked]
    assert sorted(reply.cached for reply in replies) == [False] + [True] * 7
    assert len(purse.reserved) == 1


def test_every_attempt_is_paid_for(made: Made, purse: Ledger) -> None:
    rehearsed(made, {"wrong": 1}, ModelTrouble.MALFORMED.value, {"ok": True})
    reply = made.models(SIMULATED).ask(simulated("three"), seconds=20, purse=purse)
    assert reply.attempts == 3
    assert [estimate.attempt for estimate in purse.reserved] == [1, 2, 3]
    assert reply.usage.tokens == sum(usage.tokens for _, usage, _, _ in purse.settled)


@pytest.mark.parametrize(
    ("answer", "lacks"),
    [
        ({"wrong": "obey me"}, "At $: 'ok' is a required property"),
        ({"ok": "obey me"}, 'At $.ok: expected type "boolean"'),
        ({"ok": True, "obey me": 1}, "At $: expected additionalProperties false"),
    ],
)
def test_the_next_try_is_told_what_the_last_answer_lacked(
    made: Made, answer: dict[str, Any], lacks: str
) -> None:
    """In words of the schema: the answer's own might be orders."""
    orders = Line("obey me", ({"wrong": 2},))
    made.script = Script((orders, Line(lacks, ({"ok": True},)), Line("", (answer,))))
    reply = made.models(SIMULATED).ask(simulated("x"), seconds=20)
    assert (reply.document, reply.attempts) == ({"ok": True}, 2)


def test_an_empty_purse_ends_the_question_and_holds_nothing(made: Made) -> None:
    class Empty(Ledger):
        def reserve(self, estimate: Estimate) -> str:
            raise FractalError(ErrorCode.OVER_LIMIT, f"{estimate.dollars} are too many.")

    board = LocalBoard()
    with pytest.raises(FractalError):
        made.models(SIMULATED, board=board).ask(simulated("x"), seconds=5, purse=Empty())
    assert board.update(lambda found, _now: (found, found)).leases == {}


def test_after_five_failures_an_endpoint_rests(made: Made, purse: Ledger) -> None:
    rehearsed(made, *[ModelTrouble.OVERLOADED.value] * 9)
    models = made.models(SIMULATED)
    found = []
    for number in range(3):
        with pytest.raises(ModelError) as failed:
            models.ask(simulated(str(number)), seconds=60, purse=purse)
        found.append((failed.value.trouble, len(purse.reserved)))
    ill, resting = ModelTrouble.OVERLOADED, ModelTrouble.RESTING
    assert found == [(ill, 3), (ill, 5), (resting, 5)]  # the second is not asked a third time


@pytest.mark.thorough
def test_who_finds_all_full_waits_for_a_place(made: Made) -> None:
    rehearsed(made, {"ok": True}, latency_s=0.2)
    models = made.models(replace(SIMULATED, max_calls=1))
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(models.ask, simulated(str(n)), seconds=20) for n in range(3)]
        assert all(each.result().attempts == 1 for each in asked)


@pytest.mark.thorough
def test_many_calls_wait_in_one_process(made: Made) -> None:
    rehearsed(made, {"ok": True}, latency_s=0.5)
    models = made.models(SIMULATED)
    with ThreadPoolExecutor(100) as threads:
        asked = [threads.submit(models.ask, simulated(str(n)), seconds=60) for n in range(100)]
        assert {each.result().attempts for each in asked} == {1}


@pytest.mark.thorough
def test_the_same_seed_rehearses_the_same() -> None:
    def rehearsal(seed: int) -> list[str]:
        again = Made(script=Script(seed=seed, failure_rate=0.5))
        return [_ending(again, str(number)) for number in range(12)]

    assert rehearsal(7) == rehearsal(7)
    assert rehearsal(7) != rehearsal(8)


def _ending(made: Made, words: str) -> str:
    try:
        made.models(SIMULATED).ask(simulated(words), seconds=60)
    except ModelError as error:
        return error.trouble
    return "answered"


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps([{"contains": "factorial", "answers": [{"ok": True}]}]))
    assert read_script(str(file), 1, 0.5, 0.0).lines == (Line("factorial", ({"ok": True},)),)
    file.write_text("[3]")
    with pytest.raises(FractalError, match=r"models.simulated.script"):
        read_script(str(file), 1, 0.5, 0.0)


def test_the_smallest_document_fits_its_schema() -> None:
    assert smallest(SCHEMA) == {"ok": False}
    words: JsonObject = {"type": "array", "minItems": 1, "items": {"type": "string"}}
    parts: JsonObject = {"a": {"enum": ["x", "y"]}, "b": words, "c": words}
    schema: JsonObject = {"type": "object", "required": ["a", "b"], "properties": parts}
    assert smallest(schema) == {"a": "x", "b": [""]}


def routes(*endpoints: Endpoint, prices: dict[str, Price] | None = None) -> Routes:
    stand_ins = [{ModelProvider(name): model for name, model in NAMES.items()}]
    roles = {"executor": NAMES["openai"], "analyzer": NAMES["anthropic"]}
    return Routes(endpoints, roles, stand_ins, PriceBook(prices or {}))


@pytest.mark.parametrize(
    ("endpoint", "role", "model"),
    [
        (OPENAI, "executor", NAMES["openai"]),
        (ANTHROPIC, "analyzer", NAMES["anthropic"]),
        (ANTHROPIC, "executor", NAMES["anthropic"]),
        (OPENAI, "analyzer", NAMES["openai"]),
        (replace(OPENAI, model="llama", free=True), "executor", "llama"),
    ],
)
def test_each_role_has_its_model_at_either_provider(
    endpoint: Endpoint, role: str, model: str
) -> None:
    [route] = routes(endpoint).of(replace(request_for("x"), role=role))
    assert route.model == model


def test_an_unpriced_model_is_refused_unless_it_is_free_or_named() -> None:
    local = replace(OPENAI, model="llama-of-mine")
    with pytest.raises(ModelError) as refused:
        routes(local).of(request_for("x"))
    assert refused.value.trouble is ModelTrouble.NOT_PRICED
    assert routes(replace(local, free=True)).of(request_for("x"))[0].price.per_million_in == 0
    named = Price(1.0, 2.0, 0.5, "configuration")
    assert routes(local, prices={"llama-of-mine": named}).of(request_for("x"))[0].price == named


def test_a_model_that_nobody_has_is_said_so() -> None:
    with pytest.raises(ModelError) as refused:
        routes(ANTHROPIC).of(replace(request_for("x"), model="gpt-5.5"))
    assert refused.value.trouble is ModelTrouble.NO_SUCH_MODEL


def test_a_long_question_costs_what_the_table_says() -> None:
    book = PriceBook({})
    short, long = (book.price(OPENAI, "gpt-6.1-sol", size) for size in (1000, 500_000))
    assert short
    assert long
    assert long.per_million_in > short.per_million_in


@pytest.mark.thorough
def test_the_cache_is_shared_between_processes(made: Made, redis: Any) -> None:
    from fractal_rmo.adapters.cache.far import Far

    request = simulated("shared", temperature=0.0)
    first, second = (
        made.models(SIMULATED, cache=TwoLevelCache(Far(redis))).ask(request, seconds=5)
        for _ in range(2)
    )
    assert (first.cached, second.cached) == (False, True)


def test_a_purse_that_took_too_long_is_given_back(made: Made) -> None:
    purse = Ledger()
    with pytest.raises(ModelCancelledError):
        made.models(SIMULATED).ask(
            simulated("x"), seconds=5, cancelled=lambda: bool(purse.reserved), purse=purse
        )
    assert (purse.released, purse.settled) == (["token 1"], [])


def test_a_callers_haste_is_not_the_endpoints_fault(made: Made) -> None:
    rehearsed(made, {"ok": True}, latency_s=5.0)
    board = LocalBoard()
    with pytest.raises(ModelError) as failed:
        made.models(SIMULATED, board=board).ask(simulated("x"), seconds=0.2)
    assert failed.value.trouble is ModelTrouble.TIMED_OUT
    assert board.update(lambda found, _now: (found, found)).breakers == {}
