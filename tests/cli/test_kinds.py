"""'fractal-rmo document' and 'fractal-rmo data' as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from fractal_rmo.services.report_schema import report_schema
from tests.cli.running import fractal

pytestmark = pytest.mark.thorough


@pytest.mark.slow
def test_a_file_is_documented_and_written(tmp_path: Path) -> None:
    code, tests = tmp_path / "solution.py", tmp_path / "test_solution.py"
    code.write_bytes(b"def half(n):\r\n\treturn n / 2\r\n")
    tests.write_text("from solution import half\n\n\ndef test_1():\n    assert half(3) == 1.5\n")
    done = fractal("document", code, "--tests", tests, "--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    assert code.read_bytes() == (
        b'def half(n):\r\n\t"""Seen to return float for ``n``.\r\n\r\n'
        b'\t>>> half(3)\r\n\t1.5\r\n\t"""\r\n\treturn n / 2\r\n'
    )
    assert "proven to level 4" in done.stdout


def test_a_table_in_another_encoding_is_mended_into_a_file(tmp_path: Path) -> None:
    table, schema, output = tmp_path / "t.csv", tmp_path / "s.json", tmp_path / "o.csv"
    table.write_bytes("näme,n\nJörg, 1\n\x1b[31m,2\n".encode("latin-1"))
    schema.write_text('{"properties": {"n": {"type": "integer"}}}')
    words = ("data", table, "--schema", schema, "--output", output)
    refused = fractal(*words)
    assert (refused.returncode, "--encoding" in refused.stderr) == (2, True), refused.stderr
    done = fractal(*words, "--encoding", "latin-1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.read_bytes() == "näme,n\nJörg,1\n\x1b[31m,2\n".encode("latin-1")
    assert "t.csv, line 2: n:  1 is now 1. (number)" in done.stdout
    assert "\\x1b[31m (1)" in done.stdout


@pytest.mark.slow
def test_a_table_as_one_document(tmp_path: Path) -> None:
    table, schema = tmp_path / "t.json", tmp_path / "s.json"
    table.write_text('[{"n": "x"}]')
    schema.write_text('{"properties": {"n": {"type": "integer"}}}')
    done = fractal("data", table, "--schema", schema, "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, report_schema())
    assert (done.returncode, document["proven"]) == (1, False)
    assert table.read_text() == '[{"n": "x"}]'
