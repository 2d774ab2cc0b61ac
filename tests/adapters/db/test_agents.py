"""Agents' states under optimistic locking, on a real PostgreSQL and a real Redis protocol."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.cache.agents import HotAgentStore, key, packed
from fractal_rmo.config.settings import Redis as RedisSettings
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.pattern import ErrorRecord, Pattern
from fractal_rmo.services.agent_state import TRIES, document, from_document, update
from tests.adapters.db.desk import Desk

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def blank(desk: Desk) -> AgentState:
    return AgentState(f"executor:{desk.task}", desk.task)


@pytest.fixture
def hot(desk: Desk, redis: Redis) -> HotAgentStore:
    return HotAgentStore(desk.agents, redis)


def action(name: str) -> ActionItem:
    return ActionItem(name, "repair", Priority.HIGH, {"n": 1}, ("a",), ("executor",), "why")


def doing(name: str) -> Callable[[AgentState], AgentState]:
    """Another completed action."""

    def change(state: AgentState) -> AgentState:
        return replace(state, completed_actions=(*state.completed_actions, action(name)))

    return change


def done(state: AgentState | None) -> list[str]:
    assert state is not None
    return [item.id for item in state.completed_actions]


def test_every_field_comes_back_from_both_stores(
    desk: Desk, blank: AgentState, redis: Redis, hot: HotAgentStore
) -> None:
    whole = replace(
        blank,
        current_action=action("now"),
        completed_actions=(action("before"),),
        error_history=(ErrorRecord("UnitFailed", "seen \x1b", "validator", 3, {"level": 3}),),
        learned_patterns=(Pattern("UnitFailed", {"level": 3}, 10, 2, 1.5, 0.9),),
        context={"round": 2, "nested": {"of": [1, None, "ü"]}},
    )
    saved = hot.save(whole)
    assert (saved.version, saved.created_at) == (1, saved.updated_at)
    assert replace(saved, version=0, created_at=None, updated_at=None) == whole
    assert desk.agents.load(blank.agent_id) == hot.load(blank.agent_id) == saved
    assert from_document(document(saved)) == saved
    redis.flushdb()
    assert hot.load(blank.agent_id) == saved


def test_a_state_is_saved_only_over_the_version_it_was_read_at(
    desk: Desk, blank: AgentState
) -> None:
    first = desk.agents.save(doing("a")(blank))
    second = desk.agents.save(doing("b")(first))
    for stale in (blank, first):
        with pytest.raises(FractalError, match=r"FR204 .*no longer at version"):
            desk.agents.save(doing("lost")(stale))
    assert desk.agents.load(blank.agent_id) == second
    assert [(v.version, done(v)) for v in desk.agents.history(blank.agent_id)] == [
        (1, ["a"]), (2, ["a", "b"]),
    ]  # fmt: skip


def test_the_history_cannot_be_rewritten(desk: Desk, blank: AgentState) -> None:
    desk.agents.save(blank)
    with pytest.raises(DBAPIError, match="append-only"), desk.engine.connect() as db:
        db.execute(text("UPDATE agent_state_history SET state = '{}'"))


def test_a_change_is_made_anew_on_a_fresh_read_and_not_for_ever(
    desk: Desk, blank: AgentState
) -> None:
    desk.agents.save(doing("first")(blank))
    saved = update(desk.agents, blank, doing("second"))
    assert done(saved) == ["first", "second"]
    tried = []

    def overtaken(state: AgentState) -> AgentState:
        tried.append(state.version)
        update(desk.agents, state, doing("faster"))
        return doing("slow")(state)

    with pytest.raises(FractalError, match=f"FR204 .*overtaken {TRIES} times"):
        update(desk.agents, saved, overtaken)
    assert tried == list(range(2, 2 + TRIES))
    assert "slow" not in done(desk.agents.load(blank.agent_id))


FIGHT = """
import sys
from dataclasses import replace
from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.cache.agents import HotAgentStore
from fractal_rmo.adapters.db.agents import SqlAgentStore
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.config.settings import Redis
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.agent import AgentState
from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.services.agent_state import update

database, redis, task, name = sys.argv[1:]
truth = SqlAgentStore(make_engine(database))
store = HotAgentStore(truth, make_redis(redis, Redis(), timeout_s=5.0))
blank = AgentState("fought for", task)

def doing(state, item):
    return replace(state, completed_actions=(*state.completed_actions, item))

for number in range(100):
    item = ActionItem(f"{name}{number}", "repair", Priority.LOW)
    while True:
        known = store.load(blank.agent_id) or blank
        try:
            update(store, known, lambda s: doing(s, item))
            break
        except FractalError as error:
            assert error.code is ErrorCode.STALE_VERSION
"""


def test_two_processes_that_fight_for_one_state_lose_no_change(desk: Desk, redis_url: str) -> None:
    database = desk.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", FIGHT, database, redis_url, desk.task]
    fighters = [subprocess.Popen([*command, name], cwd=ROOT) for name in "ab"]
    assert [fighter.wait(100) for fighter in fighters] == [0, 0]
    final = desk.agents.load("fought for")
    assert final is not None
    assert final.version == 200
    for name in "ab":
        own = [item for item in done(final) if item.startswith(name)]
        assert own == [f"{name}{number}" for number in range(100)]
    with desk.engine.connect() as db:
        kept = db.execute(text("SELECT version FROM agent_state_history ORDER BY 1")).scalars()
        assert list(kept) == list(range(1, 201))


def other_timeline(desk: Desk, saved: AgentState) -> str:
    """A copy of the present version's number, of a history that a restore undid."""
    with desk.engine.connect() as db:
        db.execute(text("UPDATE agent_states SET updated_at = now()"))
    return packed(doing("of another history")(saved))


COPIES = {
    "missing": lambda _desk, _saved: "",
    "stale": lambda _desk, saved: packed(replace(saved, version=saved.version - 1)),
    "newer than the truth": lambda _desk, saved: packed(replace(saved, version=99)),
    "of another history": other_timeline,
    "never saved": lambda _desk, saved: packed(replace(saved, version=0)),
    "of another agent": lambda _desk, saved: packed(replace(saved, agent_id="someone")),
    "cut off": lambda _desk, saved: packed(saved)[:-9],
    "one letter changed": lambda _desk, saved: packed(saved).replace("repair", "repaid"),
    "no copy at all": lambda _desk, _saved: "nonsense",
    "no text": lambda _desk, _saved: b"\xff\xfe",
    "another kind of value": None,
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_wrong_hot_copy_costs_a_read_and_loses_nothing(
    desk: Desk, blank: AgentState, redis: Redis, hot: HotAgentStore, kind: str
) -> None:
    saved = hot.save(doing("b")(hot.save(doing("a")(blank))))
    make = COPIES[kind]
    redis.delete(key(blank.agent_id))
    if make is None:
        redis.lpush(key(blank.agent_id), "x")
    else:
        redis.set(key(blank.agent_id), make(desk, saved))
    known = hot.load(blank.agent_id)
    assert known is not None
    update(hot, known, doing("c"))
    assert done(desk.agents.load(blank.agent_id)) == ["a", "b", "c"]


def test_without_redis_only_speed_is_lost(desk: Desk, blank: AgentState, tmp_path: Path) -> None:
    nobody = make_redis(
        f"redis+socket://{tmp_path}/no.sock?virtual_host=0", RedisSettings(), timeout_s=0.5
    )
    hot = HotAgentStore(desk.agents, nobody)
    saved = hot.save(doing("a")(blank))
    assert hot.load(blank.agent_id) == saved
    with pytest.raises(FractalError, match="FR204"):
        hot.save(blank)


def test_states_of_live_tasks_are_listed_and_shown_with_their_task(
    desk: Desk, blank: AgentState
) -> None:
    saved = desk.agents.save(replace(blank, current_action=action("now")))
    assert list(desk.agents.working(10)) == [saved]
    assert desk.tasks.show(desk.task).agents == (saved,)
    desk.tasks.cancel(desk.task)
    assert desk.agents.working(10) == []
    assert desk.tasks.show(desk.task).agents == (saved,)


def test_a_state_that_an_older_version_wrote_is_read(desk: Desk, blank: AgentState) -> None:
    desk.agents.save(blank)
    older = '{"completed_actions": [{"status": "repaired", "tried": 3}]}'
    with desk.engine.connect() as db:
        db.execute(text("UPDATE agent_states SET state = CAST(:state AS jsonb)"), {"state": older})
    found = desk.agents.load(blank.agent_id)
    assert found is not None
    (item,) = found.completed_actions
    assert (item.type, item.parameters["tried"]) == ("repaired", 3)
