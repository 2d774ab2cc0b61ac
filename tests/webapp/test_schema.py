"""Schemathesis against the running server: no crash, no answer that the document does not know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.webapp.conftest import Web

OPTIONS = [
    *("--max-examples", "3", "--seed", "1", "--request-timeout", "20"),
    # a stream ends with its task, and nobody works here; test_api.py reads streams
    *("--exclude-path-regex", "events$"),
    # no schema says what Python is: the right shape can hold code that is refused
    *("--exclude-checks", "positive_data_acceptance"),
]


@pytest.mark.thorough
def test_every_answer_is_one_that_was_promised(web: Web, tmp_path: Path) -> None:
    document = f"{web.url}/api/v1/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "run", document, "--no-color"]
    secret = ["--header", f"Authorization: Bearer {web.token}"]
    done = subprocess.run(
        [*command, *OPTIONS, *secret], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
