"""The models as a process gets them from its settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.llm.emulator import KEY, Emulator

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from fractal_rmo.bootstrap.models import make_models
from fractal_rmo.domain.model import ModelRequest
loaded = lambda: {"openai", "anthropic"} & set(sys.modules)
schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
models = make_models(shared=False)
assert models.offers() and not loaded(), loaded()
request = ModelRequest("executor", "You test.", "plain", schema, "answer", 100)
reply = models.ask(request, seconds=60)
print(reply.document, reply.model, *loaded())
"""


@pytest.mark.thorough
def test_an_sdk_is_imported_when_its_model_is_first_asked(emulator: Emulator) -> None:
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": emulator.base_url("openai")}
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ANTHROPIC_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT,
        env={**kept, **variables, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.stdout == "{'ok': True} gpt-6.1-sol openai\n", done.stderr
