"""Each type of message has a payload that fits, and says where another does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fractal_rmo.domain.errors import FractalError
from fractal_rmo.domain.message import Cause, Envelope, Message, MessageType
from fractal_rmo.services.message_schemas import check, document, read

TASK = "01a21780-995e-7baf-be85-cdeb58dd433d"
GOOD: dict[MessageType, dict[str, Any]] = {
    MessageType.TASK_ASSIGNMENT: {"kind": "fix", "level": 3},
    MessageType.ANALYSIS_COMPLETE: {"round": 1, "action_items": 2, "missing": ["logic"]},
    MessageType.EXECUTION_REQUEST: {"round": 1, "actions": ["repair"]},
    MessageType.VALIDATION_RESULT: {"round": 1, "proven": False, "levels": {"1": "passed"}},
    MessageType.ERROR_REPORT: {"role": "validator", "level": 3, "error_type": "UnitFailed"},
    MessageType.PATTERN_DISCOVERED: {"type": "UnitFailed", "support": 10, "confidence": 0.9},
    MessageType.PROTOCOL_UPDATE: {"name": "default", "version": 1, "status": "active"},
}


def sent(kind: MessageType) -> Envelope:
    cause = Cause(TASK, "01a21780-995e-7baf-be85-cdeb58dd4330")
    return Envelope(7, Message(kind, GOOD[kind]), cause, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("kind", MessageType)
def test_a_message_arrives_as_it_was_sent(kind: MessageType) -> None:
    assert check(Message(kind, GOOD[kind])).payload == GOOD[kind]
    assert read(document(sent(kind))) == sent(kind)
    begun = replace(sent(kind), cause=Cause(TASK))
    assert read(document(begun)) == begun


@pytest.mark.parametrize("kind", MessageType)
def test_a_producer_is_held_to_every_field(kind: MessageType) -> None:
    with pytest.raises(FractalError, match=rf"FR114 {kind}\.more: Unknown field"):
        check(Message(kind, {**GOOD[kind], "more": 1}))
    first = next(iter(GOOD[kind]))
    with pytest.raises(FractalError, match=rf"FR114 {kind}\.{first}: Missing data"):
        check(Message(kind, {k: v for k, v in GOOD[kind].items() if k != first}))


@pytest.mark.parametrize("kind", MessageType)
def test_a_consumer_lets_pass_what_a_newer_version_adds(kind: MessageType) -> None:
    written = document(sent(kind))
    newer = {**written, "added": 1, "payload": {**GOOD[kind], "added": [1]}}
    assert read(newer) == sent(kind)


BAD: list[tuple[MessageType, dict[str, Any], str]] = [
    (MessageType.VALIDATION_RESULT, {"levels": {"1": "great"}}, r"levels\.1\.value: Must be one"),
    (MessageType.VALIDATION_RESULT, {"levels": {"7": "passed"}}, r"levels\.7\.key: Must be one"),
    (MessageType.VALIDATION_RESULT, {"proven": "yes"}, r"proven: Not a valid boolean"),
    (MessageType.ANALYSIS_COMPLETE, {"missing": ["logic", "luck"]}, r"missing\.1: Must be one"),
    (MessageType.EXECUTION_REQUEST, {"actions": ["rm -rf /"]}, r"actions\.0: String does not"),
    (MessageType.ERROR_REPORT, {"error_type": "<script>"}, r"error_type: String does not match"),
    (MessageType.ERROR_REPORT, {"error_type": "Unit\n"}, r"error_type: String does not match"),
    (MessageType.ERROR_REPORT, {"level": 7}, r"level: Must be greater than or equal to 0 and"),
    (MessageType.TASK_ASSIGNMENT, {"level": "3"}, r"level: Not a valid integer"),
    (MessageType.PATTERN_DISCOVERED, {"confidence": float("nan")}, r"confidence: Special numeric"),
    (MessageType.PROTOCOL_UPDATE, {"version": 0}, r"version: Must be greater than or equal to 1"),
]


@pytest.mark.parametrize(("kind", "wrong", "said"), BAD)
def test_a_violation_names_its_place_on_both_sides(
    kind: MessageType, wrong: dict[str, Any], said: str
) -> None:
    payload = {**GOOD[kind], **wrong}
    for attempt in (
        lambda: check(Message(kind, payload)),
        lambda: read({**document(sent(kind)), "payload": payload}),
    ):
        with pytest.raises(FractalError, match=rf"FR114 {kind}\.{said}"):
            attempt()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "message: Not an object"),
        ([], "message: Not an object"),
        ({}, r"message\.id: Missing data"),
        ({"id": 0}, r"message\.id: Must be greater"),
        ({"id": 1, "type": "gossip"}, r"message\.type: Must be one of"),
        ({"id": 1, "type": "error_report", "correlation_id": "x"}, r"message\.correlation_id"),
        ({**document(sent(MessageType.ERROR_REPORT)), "payload": "x"}, r"message\.payload: Not a"),
        ({**document(sent(MessageType.ERROR_REPORT)), "timestamp": "now"}, r"message\.timestamp"),
    ],
)
def test_what_is_no_message_is_refused_with_its_place(written: object, said: str) -> None:
    with pytest.raises(FractalError, match=rf"FR114 {said}"):
        read(written)
