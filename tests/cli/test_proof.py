"""A proof written by one command and verified by another."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.running import copy, fractal

pytestmark = pytest.mark.thorough


@pytest.fixture
def proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that proves an example, mended."""
    monkeypatch.setenv("FRACTAL_SIGNING_KEY", str(tmp_path / "key.pem"))
    code, tests = copy("off_by_one", tmp_path)
    path = tmp_path / "proof.json"
    done = fractal("fix", code, "--tests", tests, "--proof", path)
    assert done.returncode == 0, done.stderr
    assert f"wrote {path}, signed by " in done.stderr
    return path


def test_a_proof_holds_here_and_a_changed_one_is_refused(proven: Path) -> None:
    done = fractal("verify", proven, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["holds"], document["tools"]) == (0, True, {})
    assert [row["level"] for row in document["levels"]] == [1, 2, 3]

    signer = document["signer"]
    done = fractal("verify", proven, "--signer", signer[::-1])
    assert done.returncode == 2
    assert f"signed by {signer}, not by" in done.stderr

    text = proven.read_text()
    proven.write_text(text.replace("+ 1", "+ 2", 1))
    done = fractal("verify", proven)
    assert done.returncode == 2
    assert "'/code/solution.py' was changed" in done.stderr


@pytest.mark.slow
def test_a_proof_that_does_not_hold_says_where(proven: Path) -> None:
    """Signed by another hand with a claim that the repetition does not see."""
    from fractal_rmo.adapters.signing import KeyFile
    from fractal_rmo.services import proof

    document = json.loads(proven.read_text())
    document["code"]["solution.py"] = "def window_sums(values, size):\n    return []\n"
    document["digests"] = proof._digests(document)
    value = KeyFile(Path(os.environ["FRACTAL_SIGNING_KEY"])).sign(
        proof._canonical(document["digests"])
    )
    document["signature"]["value"] = value
    proven.write_text(json.dumps(document))
    done = fractal("verify", proven)
    assert done.returncode == 1
    assert "DIFFERS" in done.stdout
    assert "failed" in done.stdout


def test_nothing_is_written_for_what_is_not_proven(tmp_path: Path) -> None:
    code, tests = copy("off_by_one", tmp_path)
    done = fractal("validate", code, "--tests", tests, "--proof", tmp_path / "proof.json")
    assert done.returncode == 1
    assert not (tmp_path / "proof.json").exists()


@pytest.mark.slow
def test_an_interpreter_is_never_taken_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be started, outside of any jail, on the machine of whoever verifies."""
    monkeypatch.setenv("FRACTAL_SIGNING_KEY", str(tmp_path / "key.pem"))
    code, tests = copy("off_by_one", tmp_path)
    path = tmp_path / "proof.json"
    needs = ("--tests", tests, "--proof", path, "--python", sys.executable)
    done = fractal("fix", code, *needs)
    assert done.returncode == 0, done.stderr
    done = fractal("verify", path)
    assert done.returncode == 2
    assert f"there of '{sys.executable}': name yours with --python" in done.stderr
    assert fractal("verify", path, "--python", sys.executable).returncode == 0
