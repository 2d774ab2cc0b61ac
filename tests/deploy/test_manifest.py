"""Procfile, app.json and .python-version name what exists."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest

from fractal_rmo.adapters.supervisor import procfile
from fractal_rmo.agent import COMMANDS
from fractal_rmo.config.load import CHECKOUT, SHIPPED, load

ROLES = ("release", "web", "analyzer", "executor", "executor_llm", "validator", "learner",
         "beat", "flower")  # fmt: skip
EVERYWHERE = "0.0.0.0"  # noqa: S104 - a platform reaches the web from outside


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((CHECKOUT / "app.json").read_text())
    return document


def test_each_line_of_the_procfile_is_a_role_of_the_agent() -> None:
    lines = procfile.read(CHECKOUT / "Procfile")
    assert set(lines) == {"release", *COMMANDS} == set(ROLES)
    for role, command in lines.items():
        assert command == f"env AGENT_TYPE={role} python -m fractal_rmo.agent"


def test_the_web_is_first_so_that_honcho_gives_it_the_port_that_was_asked_for() -> None:
    assert next(iter(procfile.read(CHECKOUT / "Procfile"))) == "web"


def test_the_formation_starts_every_role_and_exactly_one_clock(manifest: dict[str, Any]) -> None:
    formation = manifest["formation"]
    assert set(formation) == set(COMMANDS)
    assert formation["beat"]["quantity"] == 1
    # its figures and its watcher live in one process, and Flower is bound to loopback
    assert (formation["web"]["quantity"], formation["flower"]["quantity"]) == (1, 0)


def test_its_variables_are_described_and_read_by_someone(manifest: dict[str, Any]) -> None:
    read = (SHIPPED / "default.yaml").read_text() + "${FLOWER_BASIC_AUTH}"
    for name, variable in manifest["env"].items():
        assert variable["description"]
        assert re.search(rf"\${{{name}\b", read), name


def test_its_values_are_settings_that_fit(manifest: dict[str, Any]) -> None:
    values = {name: found["value"] for name, found in manifest["env"].items() if "value" in found}
    settings = load(SHIPPED, values)
    assert (settings.system.environment, settings.web.host) == ("production", EVERYWHERE)


def test_it_asks_for_both_servers(manifest: dict[str, Any]) -> None:
    assert [addon.partition(":")[0] for addon in manifest["addons"]] == [
        "heroku-postgresql",
        "heroku-redis",
    ]


def test_the_platform_gets_a_python_that_is_supported() -> None:
    version = (CHECKOUT / ".python-version").read_text().strip()
    assert version == "3.11"
    assert sys.version_info >= tuple(int(part) for part in version.split("."))
