"""The tools of a cluster: hand a task in, look at it, wait for it, end it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, kind_named, provider_named
from fractal_rmo.domain.verdict import Level
from fractal_rmo.mcp_server.arguments import Files, Interpreter, Proposer, Tests, UpTo
from fractal_rmo.mcp_server.jobs import Jobs

if TYPE_CHECKING:
    from fractal_rmo.services.tools import Tools

_Model = TypeVar("_Model", bound=BaseModel)
_LOOK_EVERY_S = 0.2
_AT_ONCE = 8
"""These jobs ask a database, and wait for no other job."""
_LONGEST_WAIT_S = 600.0
_CONNECTING = threading.Lock()
TaskId = Annotated[str, Field(description="What submit_task answered.")]
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_ENDS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True)


class Submitted(BaseModel):
    """A task that is stored."""

    id: str


class TaskState(BaseModel):
    """How far a task is; ``ending`` is None until it has ended."""

    id: str
    state: str
    ending: str | None
    proven_level: int
    summary: str
    levels: dict[str, str] = Field(description="Outcome by level.")


class TaskReport(TaskState):
    """Everything that is known of a task."""

    diff: str
    result: dict[str, str] | None = Field(description="The code that was validated.")
    verdicts: list[dict[str, Any]]


def add_tools(server: MCPServer) -> None:
    """Give ``server`` the tools of the cluster that the settings name."""
    tools = _ClusterTools()
    server.add_tool(tools.submit_task, annotations=_ADDS)
    server.add_tool(tools.get_task, annotations=_READS)
    server.add_tool(tools.wait_task, annotations=_READS)
    server.add_tool(tools.cancel_task, annotations=_ENDS)


class _ClusterTools:
    """Each method is a tool; its docstring is what a client reads."""

    def __init__(self) -> None:
        self._jobs = Jobs(_AT_ONCE)

    async def submit_task(
        self,
        context: Context,
        code: Files | None = None,
        tests: Tests | None = None,
        kind: str = "fix",
        level: UpTo = 3,
        description: str = "",
        python: Interpreter = "",
        provider: Proposer = "auto",
        key: Annotated[str, Field(description="The same key is the same task.")] = "",
    ) -> Submitted:
        """Hand a task to the cluster, which works alone.

        Kinds: fix, refactor, document, validate, analyze, data (a table; its schema as the tests),
        generate (new code from the description, by the language model that is configured).
        """
        ask = partial(_task, code or {}, tests or {}, kind, level, description, python, provider)
        return await self._jobs.perform(context, lambda *_: _submit(ask(), key))

    async def get_task(self, task_id: TaskId, context: Context) -> TaskReport:
        """Everything that is known of a task: state, verdicts, diff, result."""
        return await self._jobs.perform(context, lambda *_: _report(task_id))

    async def wait_task(
        self,
        task_id: TaskId,
        context: Context,
        seconds: Annotated[float, Field(ge=0, le=_LONGEST_WAIT_S)] = 60.0,
    ) -> TaskState:
        """Wait until a task has ended, at most so many seconds, and say how far it is."""
        begun = time.monotonic()
        while True:
            state = await self._jobs.perform(context, lambda *_: _state(task_id))
            elapsed = time.monotonic() - begun
            if state.ending or elapsed >= seconds:
                return state
            await context.report_progress(round(elapsed, 3), seconds, state.state)
            await anyio.sleep(_LOOK_EVERY_S)

    async def cancel_task(self, task_id: TaskId, context: Context) -> TaskState:
        """End a task; what it has reached is kept."""
        return await self._jobs.perform(context, lambda *_: _cancelled(task_id))


def _task(
    code: Files, tests: Tests, kind: str, level: int, description: str, python: str, provider: str
) -> Task:
    from fractal_rmo.config.load import settings
    from fractal_rmo.services.submit import budget

    return Task(
        description=description,
        code=SourceTree(code),
        tests=SourceTree(tests),
        kind=kind_named(kind),
        level=Level(level),
        provider=provider_named(provider),
        budget=budget({}, settings().limits),
        python=python,
    )


def _submit(task: Task, key: str) -> Submitted:
    from fractal_rmo.services.submit import submit

    return Submitted(id=submit(task, _tools(), key))


def _report(task_id: str) -> TaskReport:
    from fractal_rmo.services.documents import view_document

    return _as(TaskReport, view_document(_tools().tasks.show(task_id)))


def _cancelled(task_id: str) -> TaskState:
    _tools().tasks.cancel(task_id)
    return _state(task_id)


def _state(task_id: str) -> TaskState:
    from fractal_rmo.services.documents import status_document
    from fractal_rmo.services.follow import status_of

    return _as(TaskState, status_document(status_of(task_id, _tools())))


def _as(model: type[_Model], document: Mapping[str, Any]) -> _Model:
    return model(**{name: document[name] for name in model.model_fields})


def _tools() -> Tools:
    """The cluster's ports, the same for all calls; the first call makes them, others wait."""
    from fractal_rmo.domain.errors import ErrorCode, SettingsError

    try:
        from fractal_rmo.bootstrap.tools import client

        with _CONNECTING:
            return client(_say, _AT_ONCE)
    except ModuleNotFoundError as error:
        detail = f"The package '{error.name}' is missing."
        raise SettingsError(ErrorCode.NEEDS_CLUSTER, detail) from error


def _say(sentence: str) -> None:
    """Beside the protocol, which has stdout to itself."""
    print(sentence, file=sys.stderr)
