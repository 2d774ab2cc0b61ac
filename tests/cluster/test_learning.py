"""From proven fixes to a candidate protocol, and from a version in force to the executor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import ClusterAtWork, started

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
LEARNED, HELD_OUT = (11, 13), (12,)
"""Numbers by which side of the hold-out the digest of a content with them falls."""
CODE = "def f(a, b):\n    return a + b + {number}\n"
TESTS = (
    "from solution import f\n\n"
    "def test_it():\n    assert (f(2, 3), f(4, 4)) == ({first}, {second})\n"
)
PROMOTE = """
from fractal_rmo.bootstrap.tools import client
from fractal_rmo.domain.protocol import Status
tools = client(print)
print(tools.experiments.end(tools.experiments.open()[0], Status.ACTIVE))
"""


def submit(cluster: ClusterAtWork, folder: Path, number: int) -> str:
    """A sum instead of a difference, and a constant that makes it another content."""
    folder.mkdir()
    (folder / "solution.py").write_text(CODE.format(number=number))
    tests = TESTS.format(first=2 - 3 + number, second=number)
    (folder / "test_solution.py").write_text(tests)
    return cluster.submit(folder / "solution.py", "--tests", folder / "test_solution.py")


def outputs(document: dict[str, Any]) -> list[dict[str, Any]]:
    assert document["ending"] == "proven", document
    return [step["output"] for step in document["steps"] if step["stage"] == "execute"]


def listed(cluster: ClusterAtWork) -> list[tuple[int, str]]:
    rows = json.loads(cluster.run("protocols", "list", "--json").stdout)
    return [(row["version"], row["status"]) for row in rows]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterAtWork]:
    """One without other tests' tasks, for which two fixes are enough to learn from."""
    with started(tmp_path / "state", FRACTAL_MIN_FIXES="2") as at_work:
        yield at_work
    at_work.run("down", "--purge")


def test_proven_fixes_become_a_protocol_that_can_be_undone(
    cluster: ClusterAtWork, tmp_path: Path
) -> None:
    names = [submit(cluster, tmp_path / f"{number}", number) for number in (LEARNED + HELD_OUT)]
    for name in names:
        (output,) = outputs(cluster.until_ended(name))
        assert output["protocol"] == {"name": "default", "version": 1}
        assert output["experience"]["mended"] == [["arithmetic", "return"]]

    done = cluster.run("learn", "--json", "--seconds", "20")
    assert done.returncode == 0, done.stderr
    learned = json.loads(done.stdout)
    assert learned["protocol_proposed"] == "default/2", learned
    assert (learned["replayed"], learned["decided"], learned["more"]) == (len(HELD_OUT), [], False)
    shown = json.loads(cluster.run("protocols", "show", "default/2", "--json").stdout)
    rules = {r["operator"]: r for r in shown["edits"]["set"] if "shape" not in r}
    assert (rules["arithmetic"]["mended"], rules["arithmetic"]["submitters"]) == (2, 2)
    assert shown["edits"]["origin"]["fixes"] == len(LEARNED)
    assert [(x["pairs"], x["decision"]) for x in shown["looks"]] == [
        (len(HELD_OUT), "inconclusive")
    ]
    assert shown["status"] == "candidate"

    assert cluster.python("-c", PROMOTE).stdout == "True\n"
    (output,) = outputs(cluster.until_ended(submit(cluster, tmp_path / "after", 99)))
    assert output["protocol"] == {"name": "default", "version": 2}
    assert output["choice"]["protocol"] == "default/2"
    assert "default/1" in cluster.run("protocols", "rollback").stdout
    assert listed(cluster) == [(2, "rolled_back"), (1, "active")]
    refused = cluster.run("protocols", "rollback")
    assert (refused.returncode, "FR207" in refused.stderr) == (2, True)
