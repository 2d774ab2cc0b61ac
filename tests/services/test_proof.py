"""Proofs as documents: what was changed is found and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fractal_rmo.adapters.signing import KeyFile, check
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services import proof
from fractal_rmo.validation.subject import Subject

SUBJECT = Subject(
    SourceTree({"solution.py": "def f():\n    return 1\n", "a/b.py": ""}),
    SourceTree({"test_s.py": "def test_1(): pass\n"}),
    SourceTree({"solution.py": "def f():\n    return 2\n"}),
)
VERDICTS = (
    Verdict(Level.SYNTAX, Outcome.PASSED, "3 files parse.", {"nan": float("nan")}, 0.1),
    Verdict(Level.STATIC, Outcome.NOT_APPLICABLE, "Nothing.", tools={"mypy": "1", "ruff": "2"}),
)


@pytest.fixture
def signer(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "key.pem")


@pytest.fixture
def made(signer: KeyFile) -> dict[str, Any]:
    made = {"at": "now", "python": "3.11.7"}
    document = proof.make(
        TaskKind.FIX, Level.STATIC, SUBJECT, VERDICTS, python="", made=made, signer=signer
    )
    text = json.dumps(document)
    assert "NaN" not in text.replace('"NaN"', "")
    value: dict[str, Any] = json.loads(text)
    return value


def test_what_was_made_is_read(made: dict[str, Any], signer: KeyFile) -> None:
    found = proof.read(json.dumps(made), check)
    assert (found.kind, found.level, found.subject) == (TaskKind.FIX, Level.STATIC, SUBJECT)
    assert found.claimed == {
        Level.SYNTAX: Outcome.PASSED,
        Level.STATIC: Outcome.NOT_APPLICABLE,
    }
    assert found.tools == {"mypy": "1", "ruff": "2"}
    assert found.signer == proof.fingerprint(signer.public_key)
    assert len(found.signer) == 32


def test_that_a_refactoring_must_answer_as_before_is_kept(signer: KeyFile) -> None:
    subject = replace(SUBJECT, same_behaviour=True)
    words = TaskKind.REFACTOR, Level.STATIC, subject, VERDICTS
    document = proof.make(*words, python="", made={}, signer=signer)
    assert proof.read(json.dumps(document), check).subject == subject
    task = document["task"]
    assert isinstance(task, dict)
    del task["same_behaviour"]
    with pytest.raises(InputError, match="'/task/same_behaviour' is missing"):
        proof.read(json.dumps(document), check)


def test_a_change_anywhere_is_found(made: dict[str, Any]) -> None:
    places = list(_leaves(made, ()))
    assert len(places) > 40
    for place in places:
        document = json.loads(json.dumps(made))
        _change(document, place)
        with pytest.raises(InputError) as raised:
            proof.read(json.dumps(document), check)
        assert raised.value.code is ErrorCode.BAD_PROOF
        if place[0] not in ("digests", "signature"):
            assert f"'/{place[0]}" in str(raised.value)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (("code", "solution.py"), "'/code/solution.py' was changed"),
        (("code", "a/b.py"), "'/code/a~1b.py' was changed"),
        (("verdicts", 1, "outcome"), "'/verdicts/1/outcome' was changed"),
        (("verdicts", 0, "evidence", "nan"), "'/verdicts/0/evidence' was changed"),
        (("signature", "public_key"), "'/signature' does not fit"),
    ],
)
def test_the_changed_field_is_named(
    made: dict[str, Any], place: tuple[str | int, ...], named: str
) -> None:
    _change(made, place)
    with pytest.raises(InputError, match=named):
        proof.read(json.dumps(made), check)


def test_additions_and_removals_are_named(made: dict[str, Any]) -> None:
    more = {**made, "code": {**made["code"], "new.py": ""}}
    with pytest.raises(InputError, match=r"'/code/new\.py' was added"):
        proof.read(json.dumps(more), check)
    del made["verdicts"][1]
    with pytest.raises(InputError, match="'/verdicts/1/duration_s' is missing"):
        proof.read(json.dumps(made), check)


def test_a_change_with_digests_made_anew_fails_at_the_signature(
    made: dict[str, Any], signer: KeyFile
) -> None:
    forged = proof.make(
        TaskKind.FIX, Level.UNIT, SUBJECT, VERDICTS, python="", made=made["made"], signer=signer
    )
    forged["signature"] = made["signature"]
    with pytest.raises(InputError, match="'/signature' does not fit"):
        proof.read(json.dumps(forged, default=dict), check)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON document"),
        ("[1]", "'/schema'"),
        ('{"schema": "fractal-rmo/proof/2"}', "'/schema'"),
        ('{"schema": "fractal-rmo/proof/1"}', "'/digests' is no object"),
        ('{"schema": 1, "schema": "fractal-rmo/proof/1"}', "twice"),
        ("[" * 100_000, "no JSON document"),
        ('{"schema": "fractal-rmo/proof/1", "x": NaN}', "no JSON document"),
        ('{"schema": "fractal-rmo/proof/1", "x": 1e999}', "no JSON document"),
    ],
)
def test_what_is_no_proof_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        proof.read(text, check)


def signed_anew(document: dict[str, Any], signer: KeyFile) -> str:
    """Whoever has a key can sign anything."""
    document["digests"] = proof._digests(document)
    value = signer.sign(proof._canonical(document["digests"]))
    document["signature"] = {**document["signature"], "value": value}
    return json.dumps(document)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("task", "python"), ["/bin/sh"], "'python' is no text"),
        (("task", "level"), "2", "not a valid Level"),
        (("code", "solution.py"), 1, "'solution.py' is no text"),
        (("verdicts", 1, "level"), 1, "level 1 stands twice"),
        (("verdicts", 0, "outcome"), ["passed"], "not a valid Outcome"),
        (("verdicts",), [1], "FR119"),
        (("original",), "x", "'/original' is no object"),
    ],
)
def test_what_is_signed_in_another_form_is_refused(
    made: dict[str, Any], signer: KeyFile, place: tuple[str | int, ...], value: Any, words: str
) -> None:
    inner: Any = made
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(InputError, match=words):
        proof.read(signed_anew(made, signer), check)


def test_a_failure_that_is_seen_again_proves_nothing(made: dict[str, Any], signer: KeyFile) -> None:
    made["verdicts"][1]["outcome"] = "failed"
    claim = proof.read(signed_anew(made, signer), check)
    seen = [VERDICTS[0], Verdict(Level.STATIC, Outcome.FAILED, "A fault.")]
    found = proof.compare(claim, seen)
    assert all(row.holds for row in found.levels)
    assert not found.holds


def test_a_signed_document_of_another_form_is_refused(
    made: dict[str, Any], signer: KeyFile
) -> None:
    bent = proof.make(
        TaskKind.FIX,
        Level.STATIC,
        Subject(SourceTree({"x.py": ""}), SourceTree()),
        [Verdict(Level.SYNTAX, Outcome.PASSED, "", tools={})],
        python="",
        made=made["made"],
        signer=signer,
    )
    bent["verdicts"] = [{**bent["verdicts"][0], "level": 9}]  # type: ignore[index,dict-item]
    bent["digests"] = proof._digests(bent)
    value = signer.sign(proof._canonical(bent["digests"]))
    bent["signature"] = {**bent["signature"], "value": value}  # type: ignore[dict-item]
    with pytest.raises(InputError, match="not of the form"):
        proof.read(json.dumps(bent), check)


def test_the_comparison_says_what_holds(made: dict[str, Any]) -> None:
    found = proof.read(json.dumps(made), check)
    same = proof.compare(found, VERDICTS)
    assert (same.holds, same.tools) == (True, {})
    other = [VERDICTS[0], Verdict(Level.STATIC, Outcome.FAILED, "Bad.", tools={"mypy": "3"})]
    differing = proof.compare(found, other)
    assert not differing.holds
    assert [row.holds for row in differing.levels] == [True, False]
    assert differing.tools == {"mypy": ("1", "3"), "ruff": ("2", "")}
    assert not proof.compare(found, VERDICTS[:1]).holds


def _leaves(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, (*place, name))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _leaves(item, (*place, number))
    else:
        yield place


def _change(document: Any, place: tuple[str | int, ...]) -> None:
    for step in place[:-1]:
        document = document[step]
    old = document[place[-1]]
    document[place[-1]] = f"{old}x" if isinstance(old, str) else [old]
