"""What a terminal shows of tasks that language models worked on."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fractal_rmo.cli.dry_run import print_dry_run
from fractal_rmo.cli.views import print_task
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Provider, Task, TaskKind
from tests.services.pipeline import models_of
from tests.webapp.pages.conftest import ENDED, step, view

WRITTEN = SourceTree({"test_solution.py": "def test_x():\n    assert True  # \x1b[2J\n"})
STEPS = (
    step("execute", "tests-2", output={"model": "gpt-6-luna"}),
    step("execute", "properties-3", output={"model": "gpt-6-luna", "from_cache": 1}),
    step("execute", "propose-4", output={"model": "gpt-6.1-sol"}),
    step("execute", "propose-6", output={"model": "gpt-6.1-sol"}),
)


def test_written_tests_are_shown_with_the_models_names(capsys: pytest.CaptureFixture[str]) -> None:
    print_task(replace(view(STEPS, **ENDED), written_tests=WRITTEN))
    said = capsys.readouterr().out
    assert "test_solution.py, which a language model wrote:\ndef test_x():\n" in said
    assert "# \ufffd[2J" in said
    assert (
        "language models: tests by gpt-6-luna; properties by gpt-6-luna; code by gpt-6.1-sol;"
        " 1 answer from the cache, for nothing\n"
    ) in said


def test_where_no_model_was_asked_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    print_task(view(**ENDED))
    assert "language model" not in capsys.readouterr().out


def test_a_dry_run_begins_with_an_overview(capsys: pytest.CaptureFixture[str]) -> None:
    task = Task("Write add.", kind=TaskKind.GENERATE, provider=Provider.OPENAI)
    print_dry_run(task, models_of(), as_json=False)
    head, first, *prompts = re.split(r"^--- (?=\d)", capsys.readouterr().out, flags=re.MULTILINE)
    assert "What is asked" in head.splitlines()[0]
    assert head.count("some-model") == len(prompts) + 1
    assert "up to the task's budget" in head
    assert first.startswith("1. generate tests, asked as the validator\nYou write pytest tests")
