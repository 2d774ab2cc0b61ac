"""The command, as a person runs it, with one endpoint that answers and one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.adapters.llm.emulator import KEY, Emulator

ROOT = Path(__file__).resolve().parents[3]


def doctor(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    vendors = ("OPENAI_", "ANTHROPIC_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(vendors)}
    return subprocess.run(
        [sys.executable, "-m", "fractal_rmo.cli.main", "doctor", "--llm", *options],
        cwd=ROOT, env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **variables},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


@pytest.mark.thorough
def test_an_endpoint_that_answers_is_described_and_paid_for(
    emulator: Emulator, engine: Engine
) -> None:
    address = engine.url.render_as_string(hide_password=False)
    done = doctor(
        OPENAI_API_KEY=KEY, OPENAI_BASE_URL=emulator.base_url("openai"), DATABASE_URL=address
    )
    assert done.returncode == 0, done.stderr
    for words in ("gpt-6.1-sol", "2, 10", "structured output, temperature, streaming, usage"):
        assert words in done.stdout
    assert "this call cost $0.000400, charged to the day's account" in done.stdout
    with engine.connect() as db:
        rows = db.execute(text("SELECT purpose, state, task_id, dollars FROM model_calls")).all()
        spent = db.execute(text("SELECT sum(dollars_spent) FROM ledger WHERE account LIKE :all"),
                           {"all": "everybody%"}).scalar_one()  # fmt: skip
    assert [(*row[:3], float(row[3])) for row in rows] == [("doctor", "settled", None, 0.0004)]
    assert float(spent) == 0.0004


@pytest.mark.slow
def test_one_that_fails_names_the_fix(emulator: Emulator) -> None:
    wrong = "sk-ant-wrong-1234567890"
    done = doctor(
        "--json",
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=emulator.base_url("openai"),
        ANTHROPIC_API_KEY=wrong,
        ANTHROPIC_BASE_URL=emulator.base_url("anthropic"),
    )
    assert done.returncode == 3
    assert '"charged": false' in done.stdout
    good, bad = json.loads(done.stdout)
    assert (good["endpoint"], good["error"], good["supports"]["usage"]) == ("openai", None, True)
    assert good["price"]["source"].startswith("genai-prices")
    assert bad["error"].startswith("FR711")
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert wrong not in done.stdout + done.stderr


@pytest.mark.thorough
def test_without_any_model_it_says_how_to_name_one() -> None:
    done = doctor()
    assert done.returncode == 3
    assert "OPENAI_API_KEY" in done.stderr
