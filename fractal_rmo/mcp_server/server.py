"""The tools that every installation offers, and the server that offers them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations

from fractal_rmo.bootstrap.jails import sandbox
from fractal_rmo.bootstrap.servers import is_cluster_set
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task, TaskKind
from fractal_rmo.domain.verdict import Level
from fractal_rmo.mcp_server import answers
from fractal_rmo.mcp_server.answers import Analysis, Proof, Repair, Table
from fractal_rmo.mcp_server.arguments import Files, Interpreter, Tests, UpTo
from fractal_rmo.mcp_server.jobs import Jobs, Tell
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.version import VERSION

if TYPE_CHECKING:
    from fractal_rmo.services.solve import Solution

_Answer = TypeVar("_Answer")

_AT_ONCE = 2
"""More jobs than that wait: they share the processors."""
INSTRUCTIONS = (
    "Proves Python code by running it, never by reading it. Call validate_code with your code and "
    "its pytest tests before you call it done: the answer says which of six levels hold, with a "
    "counter-example where one does not. Mend the code, or call fix_code, and validate again. "
    "Nothing leaves this machine."
)
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def make_server(jail: Sandbox, *, cluster: bool) -> MCPServer:
    """A server whose jobs run in ``jail``; with ``cluster`` also its tools."""
    server = MCPServer("fractal-rmo", version=VERSION, instructions=INSTRUCTIONS, log_level="ERROR")
    tools = _LocalTools(jail)
    for tool in (
        tools.validate_code,
        tools.fix_code,
        tools.refactor_code,
        tools.document_code,
        tools.repair_data,
        tools.analyze_code,
    ):
        server.add_tool(tool, annotations=_READS)
    if cluster:
        from fractal_rmo.mcp_server.cluster import add_tools

        add_tools(server)
    return server


class _LocalTools:
    """Each method is a tool; its docstring is what a client reads."""

    def __init__(self, jail: Sandbox) -> None:
        self._jail, self._jobs = jail, Jobs(_AT_ONCE)

    async def validate_code(
        self, code: Files, tests: Tests, context: Context, level: UpTo = 3, python: Interpreter = ""
    ) -> Proof:
        """Run code against its tests in a sandbox, level by level, and say what is proven."""
        ask = partial(_task, TaskKind.VALIDATE, code, tests, level, python)
        return await self._solved(context, ask, answers.proof)

    async def fix_code(
        self, code: Files, tests: Tests, context: Context, level: UpTo = 3, python: Interpreter = ""
    ) -> Repair:
        """Search a repair that makes the tests pass, without any model, and prove it.

        The answer holds the mended files and a diff; nothing is written anywhere.
        """
        ask = partial(_task, TaskKind.FIX, code, tests, level, python)
        return await self._solved(context, ask, answers.repair)

    async def refactor_code(
        self, code: Files, tests: Tests, context: Context, level: UpTo = 5, python: Interpreter = ""
    ) -> Repair:
        """Simplify code by safe rules, without any model, and prove that it answers as before.

        The answer holds the simplified files and a diff; nothing is written anywhere.
        """
        ask = partial(_task, TaskKind.REFACTOR, code, tests, level, python)
        return await self._solved(context, ask, answers.repair)

    async def document_code(
        self, code: Files, tests: Tests, context: Context, level: UpTo = 4, python: Interpreter = ""
    ) -> Repair:
        """Write docstrings whose examples run, from calls of the passing tests, and prove them.

        The answer holds the documented files and a diff; nothing is written anywhere.
        """
        ask = partial(_task, TaskKind.DOCUMENT, code, tests, level, python)
        return await self._solved(context, ask, answers.repair)

    async def repair_data(self, data: Files, schema: Files, context: Context) -> Table:
        """Profile one table (CSV, or JSON that is a list of objects) and check it by JSON Schema.

        Rows are repaired where it is sure what is meant; nothing is written anywhere.
        """
        ask = partial(_task, TaskKind.DATA, data, schema, int(Level.STATIC), "")
        return await self._solved(context, ask, answers.table)

    async def analyze_code(
        self, code: Files, context: Context, tests: Tests | None = None
    ) -> Analysis:
        """Read code for faults in syntax, logic, dependencies, security and performance.

        Nothing is run.
        """
        return await self._jobs.perform(context, partial(_analyze, code, tests or {}))

    async def _solved(
        self, context: Context, ask: Callable[[], Task], form: Callable[[Solution], _Answer]
    ) -> _Answer:
        return await self._jobs.perform(context, partial(_solve, self._jail, ask, form))


def serve(*, cluster: bool) -> None:
    """Serve one client over stdin and stdout until it hangs up."""
    with sandbox() as jail:
        server = make_server(jail, cluster=cluster or is_cluster_set())
        threading.Thread(target=_warm, args=(jail,), daemon=True).start()
        server.run("stdio")


def _warm(jail: Sandbox) -> None:
    """Start what the first call will need, while the client says hello."""
    from fractal_rmo.services.warm import start

    start(jail, Task(level=Level.UNIT))


def _task(kind: TaskKind, code: Files, tests: Tests, level: int, python: str) -> Task:
    return Task(
        code=SourceTree(code),
        tests=SourceTree(tests),
        kind=kind,
        level=Level(level),
        python=python,
    )


def _solve(
    jail: Sandbox,
    ask: Callable[[], Task],
    form: Callable[[Solution], _Answer],
    tell: Tell,
    stop: Callable[[], bool],
) -> _Answer:
    from fractal_rmo.services.solve import solve
    from fractal_rmo.services.warm import warming

    task = ask()
    with warming(jail, task):
        return form(solve(task, jail, progress=tell, stop=stop))


def _analyze(code: Files, tests: Tests, _tell: Tell, _stop: Callable[[], bool]) -> Analysis:
    from fractal_rmo.analysis.document import merged_to_document
    from fractal_rmo.services.analyze import analyze_here

    document = merged_to_document(analyze_here(SourceTree(code), SourceTree(tests)))
    return Analysis(**{name: document[name] for name in Analysis.model_fields})
