"""The tasks: ids in, one service call, a few words out.  Arguments carry ids, never content.

``task_id`` and ``action`` are for whoever reads ``celery inspect`` or Flower.
"""

from __future__ import annotations

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.services.learn import hourly, replay
from fractal_rmo.services.perform import perform
from fractal_rmo.services.upkeep import maintain
from workers.app import app
from workers.process import heart, tools


@app.task(name="analyze")  # type: ignore[untyped-decorator]
def analyze(step_id: str, task_id: str, action: str, *, on_canvas: bool) -> dict[str, Json]:
    """One analyzer's report."""
    del task_id, action
    return perform(step_id, tools(), heart(), on_canvas=on_canvas)


@app.task(name="merge")  # type: ignore[untyped-decorator]
def merge(step_id: str, task_id: str, *, on_canvas: bool) -> dict[str, Json]:
    """Five reports into ordered action items."""
    del task_id
    return perform(step_id, tools(), heart(), on_canvas=on_canvas)


@app.task(name="execute")  # type: ignore[untyped-decorator]
def execute(step_id: str, task_id: str, action: str = "", *, on_canvas: bool) -> dict[str, Json]:
    """The actions, or one slice of a search."""
    del task_id, action
    return perform(step_id, tools(), heart(), on_canvas=on_canvas)


@app.task(name="validate")  # type: ignore[untyped-decorator]
def validate(step_id: str, task_id: str, *, on_canvas: bool) -> dict[str, Json]:
    """The ladder."""
    del task_id
    return perform(step_id, tools(), heart(), on_canvas=on_canvas)


@app.task(name="learn")  # type: ignore[untyped-decorator]
def learn(step_id: str, task_id: str, *, on_canvas: bool) -> dict[str, Json]:
    """A failed round into the next one."""
    del task_id
    return perform(step_id, tools(), heart(), on_canvas=on_canvas)


@app.task(name="maintain")  # type: ignore[untyped-decorator]
def maintain_tables() -> dict[str, Json]:
    """Sweeper, reaper, deadlines, messages, audit chain."""
    return maintain(tools())


@app.task(name="hourly")  # type: ignore[untyped-decorator]
def learn_hourly() -> dict[str, Json]:
    """Errors into patterns, fixes into a candidate protocol, which replays will judge."""
    done = hourly(tools())
    if done.get("judging"):
        replay_some.apply_async(queue="learn")
    return done


@app.task(name="replay")  # type: ignore[untyped-decorator]
def replay_some() -> dict[str, Json]:
    """A slice of replays; the next one waits behind what else is to be learned."""
    done = replay(tools())
    if done.more:
        replay_some.apply_async(queue="learn")
    return {"replayed": done.replayed, "decided": [*done.decided]}
