"""A small agent over MCP: its first answer is wrong, the counter-example mends it, a proof ends it.

    pip install 'fractal-rmo[mcp]' && python examples/agent.py

Where a language model would write code, two answers stand below; all else is
what an agent does with the server of ``fractal-rmo mcp serve``.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "fractal_rmo.mcp_server"])
TESTS = {
    "test_median.py": """\
from median import median

def test_odd():
    assert median([3, 1, 2]) == 2

def test_even():
    assert median([4, 1, 3, 2]) == 2.5
"""
}
FIRST = "def median(values):\n    return sorted(values)[len(values) // 2]\n"
MENDED = """\
def median(values):
    ordered, half = sorted(values), len(values) // 2
    if len(values) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2
"""


async def main() -> None:
    """Answer, be refuted, answer again, be proven."""
    async with Client(SERVER) as server:
        verdict = await validate(server, FIRST)
        print(verdict["summary"])
        failure = verdict["verdicts"][-1]["evidence"]["failures"][0]
        print(f"counter-example: {failure['id']}: {failure['message']}")
        # a model would read the counter-example here, and answer again
        verdict = await validate(server, MENDED)
        print(verdict["summary"])
        for level in verdict["verdicts"]:
            print(f"  {level['level']} {level['name']:8} {level['outcome']}: {level['summary']}")


async def validate(server: Client, code: str) -> dict[str, Any]:
    """What five levels say of the code."""
    asked = {"code": {"median.py": code}, "tests": TESTS, "level": 5}
    answer = await server.call_tool("validate_code", asked, progress_callback=show)
    if answer.is_error or answer.structured_content is None:
        raise RuntimeError(str(answer.content))
    return answer.structured_content


async def show(seconds: float, _total: float | None, doing: str | None) -> None:
    """Progress, on the error stream."""
    print(f"{seconds:5.1f} s  {doing}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
