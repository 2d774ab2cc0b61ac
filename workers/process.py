"""What each worker process owns: its ports, its heart, its jails."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from celery.signals import worker_init, worker_process_init, worker_process_shutdown

from fractal_rmo.analysis import swarm
from fractal_rmo.bootstrap.data import install_protocol, migrate
from fractal_rmo.bootstrap.tools import make_heart, make_tools
from fractal_rmo.domain.message import MessageType
from fractal_rmo.domain.run import Runtime
from fractal_rmo.services.route import Courier, watch
from workers.app import app
from workers.farewell import asked_at

if TYPE_CHECKING:
    from fractal_rmo.services.hold import Heart
    from fractal_rmo.services.tools import Tools

RUNTIMES = {
    "executor": (Runtime.THIN, Runtime.THICK),
    "validator": (Runtime.STATIC, Runtime.THICK, Runtime.THIN),
}
"""What each role will run in jails; a role that is not listed opens none."""


_CARRY_EVERY_S = 0.5
"""The learner's process carries messages; where there is none, the maintenance job does."""


def role() -> str:
    """What AGENT_TYPE names; "" for a worker that was started by hand, for any queues."""
    return os.environ.get("AGENT_TYPE", "")


@lru_cache(maxsize=1)
def tools() -> Tools:
    """The ports of this process, made on first use: after the fork, never before."""
    return make_tools(app)


@lru_cache(maxsize=1)
def heart() -> Heart:
    """The heartbeat of this process."""
    return make_heart(tools(), asked_at)


@worker_init.connect  # type: ignore[untyped-decorator]
def _before_the_fork(**_: Any) -> None:
    migrate()
    install_protocol()
    if role() == "executor_llm":  # whose threads share this process, and begin all at once
        tools()
        heart()
        _remember_what_is_known()


@lru_cache(maxsize=1)
def courier() -> Courier:
    """Carries messages, in the learner's process."""
    return Courier(tools(), _CARRY_EVERY_S)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _after_the_fork(**_: Any) -> None:
    tools.cache_clear()
    heart.cache_clear()
    courier.cache_clear()
    # the jails start by themselves while this process waits for its first step
    tools().sandbox.warm(*RUNTIMES.get(role(), ()))
    if role() == "analyzer":
        swarm.warm()
    if role() == "learner":
        courier().start()
    if role() in ("executor", ""):
        _remember_what_is_known()


def _remember_what_is_known() -> None:
    """The executor's protocol and patterns, forgotten when a message says that others are there."""
    known = tools().known
    kinds = (MessageType.PROTOCOL_UPDATE, MessageType.PATTERN_DISCOVERED)
    watch(tools().router, kinds, lambda told: known.heard(told.message.type), known.missed_some)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _at_the_end(**_: Any) -> None:
    if courier.cache_info().currsize:  # pylint: disable=too-many-function-args
        courier().stop()
    if tools.cache_info().currsize:  # pylint: disable=too-many-function-args
        tools().sandbox.close()
