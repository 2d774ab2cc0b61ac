"""A search keeps the priors that it began with: its position is one in their order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis
from sqlalchemy import Engine

from fractal_rmo.domain.priors import Rule
from fractal_rmo.domain.protocol import SHIPPED, ProtocolVersion, Status
from fractal_rmo.repair.shipped import SHIPPED_PRIORS
from fractal_rmo.repair.trail import BEGINNING
from fractal_rmo.services.slices import last_slice
from tests.adapters.db.desk import Desk
from tests.services.carrying import tools_over

pytestmark = pytest.mark.cluster
RULE = Rule("comparison", 0.01)


def test_a_promotion_changes_the_next_search_and_none_that_has_begun(
    engine: Engine, redis: Redis
) -> None:
    tools = tools_over(engine, redis)
    tools.protocols.install(SHIPPED)
    desk = Desk(engine)
    fresh = desk.claim(desk.refs[0])
    began = {"execute/": {"position": 7, "trail": None, "protocol": tools.known.priors().named}}
    tools.experiments.propose(ProtocolVersion("default", 2, {"set": [RULE.as_json()]}), 1, 20)
    tools.experiments.end(tools.experiments.open()[0], Status.ACTIVE)
    tools.known.missed_some()

    position, trail, priors = last_slice(fresh, tools)
    assert (position, trail, str(priors), priors.rules) == (0, BEGINNING, "default/2", (RULE,))
    position, _, priors = last_slice(replace(fresh, outputs=began), tools)
    assert (position, str(priors), priors.rules) == (7, "default/1", ())
    older = {"execute/": {"position": 7, "trail": None}}
    assert last_slice(replace(fresh, outputs=older), tools)[2] is SHIPPED_PRIORS
