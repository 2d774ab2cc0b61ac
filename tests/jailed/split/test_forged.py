"""Whatever bytes the code's side sends: never a pass by accident, never a crash."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fractal_rmo.jailed import channel
from fractal_rmo.jailed.split.doubt import DeceitError
from fractal_rmo.jailed.split.link import asking
from fractal_rmo.jailed.split.mirror import Mirror
from fractal_rmo.jailed.split.objects import (
    CandidateGoneError,
    CannotAnswerError,
    CannotCrossError,
    Kind,
    number_of,
)

Load = Callable[[str], Any]
TAGS = "l t s z d a b h cb @ n f y c range slice decimal fraction date time default deque ordered"
WORDS = "class instance function module iterator awaitable int SystemExit __eq__ __class__ __new__"
_LEAF = st.none() | st.booleans() | st.integers(-3, 70) | st.floats() | st.text(max_size=3)
_TEXT = st.sampled_from((TAGS + " " + WORDS).split())
_KEYS = "name qualname module doc bases specials class package signature async attributes"
FORMS = st.recursive(
    _LEAF | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(st.sampled_from(TAGS.split()), inner).map(list)
        | st.tuples(st.just("h"), st.integers(0, 3), _TEXT, inner).map(list)
        | st.dictionaries(st.sampled_from(_KEYS.split()), inner)
    ),
    max_leaves=12,
)
PARTS = ["value", "raised", "changed", "printed", "uncrossable", "callback"]
ANSWERS = st.dictionaries(
    st.sampled_from(["value", "raised", "changed", "printed", "uncrossable", "callback"]),
    FORMS,
)
TOLD = (CandidateGoneError, CannotAnswerError, CannotCrossError, DeceitError)
"""None of these is an exception that tests take for one of the code."""


def _mirror_of(answers: list[Any]) -> Mirror:
    def ask(_: Any, __: Any) -> Any:
        if not answers:
            raise CandidateGoneError("no more answers")
        return answers.pop(0)

    return Mirror(ask)


@pytest.mark.thorough
@settings(max_examples=100)
@given(st.lists(ANSWERS, min_size=1, max_size=4))
def test_an_answer_of_any_form_is_plain_data_a_stand_in_or_trouble(answers: list[Any]) -> None:
    mirror = _mirror_of(answers)
    mine, found = [1, 2], None
    raised: BaseException | None
    try:
        found = mirror.request({"op": "call", "of": 0}, [[mine], {}])
    except BaseException as error:  # noqa: BLE001 - the one below
        raised = error
    else:
        raised = None
    if isinstance(raised, TOLD):
        assert mirror.trouble is raised
    elif raised is not None:
        assert type(raised).__module__ == "builtins" or isinstance(type(raised), Kind)
    else:
        assert type(found).__module__ in {"builtins", "collections", "datetime", "decimal"} or (
            type(found).__module__ == "fractions" or number_of(found) is not None
        )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_trouble_or_an_answer(noise: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(noise)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(CandidateGoneError):
            Mirror(asking(ours)).request({"op": "call", "of": 0})


@pytest.mark.parametrize("body", [b"[" * 100_000, b"1" * 10_000, b"NaN", b"[]", b"\xff", b""])
def test_json_that_breaks_its_reader_is_trouble(body: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        threading.Thread(target=channel.send_frame, args=(theirs, body), daemon=True).start()
        with pytest.raises(CandidateGoneError):
            Mirror(asking(ours)).request({"op": "call", "of": 0})


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"value": ["x"]},
        {"value": ["h", 99]},
        {"value": ["cb", 0]},
        {"value": ["b", "eval"]},
        {"value": ["b", "__import__"]},
        {"value": 1, "changed": [[7, []]]},
        {"value": 1, "changed": 3},
        {"raised": [["b", "int"], ["l", []], None, None, None, None]},
        {"raised": []},
    ],
    ids=json.dumps,
)
def test_what_no_honest_side_writes_is_trouble(answer: dict[str, Any]) -> None:
    mirror = _mirror_of([answer])
    with pytest.raises(CandidateGoneError, match="out of form"):
        mirror.request({"op": "call", "of": 0})
    assert mirror.trouble is not None


def test_only_methods_that_python_calls_are_forwarded() -> None:
    described = {
        "name": "int",
        "qualname": "int",
        "module": "builtins",
        "doc": None,
        "bases": [["b", "int"]],
        "specials": ["__class__", "__new__", "__getattribute__", "__eq__", "__fractal__"],
    }
    mirror = _mirror_of([{"value": ["h", 1, "instance", {"class": ["h", 0, "class", described]}]}])
    found = mirror.request({"op": "call", "of": 5})
    assert not isinstance(found, int)
    assert number_of(found) == 1
    space = type.__getattribute__(type(found), "__dict__")
    assert {"__class__", "__new__", "__getattribute__"}.isdisjoint(space)


# --- the code does not choose how it is judged ---------------------------------------------


def test_an_answer_that_cannot_cross_is_the_codes_failure(load: Load, mirror: Mirror) -> None:
    code = load("class Meta(type): pass\ndef f(): return Meta")
    with pytest.raises(CannotAnswerError, match="metaclass"):
        code.f()
    assert isinstance(mirror.trouble, CannotAnswerError)


def test_saying_so_without_being_handed_anything_is_the_codes_failure() -> None:
    mirror = _mirror_of([{"uncrossable": "sorry"}])
    with pytest.raises(CannotAnswerError, match="sorry"):
        mirror.request({"op": "call", "of": 0})


def test_a_module_that_is_none_is_the_codes_failure(load: Load, mirror: Mirror) -> None:
    with pytest.raises(CannotAnswerError, match="own place"):
        load("import sys\nsys.modules[__name__] = 3\n")
    assert isinstance(mirror.trouble, CannotAnswerError)


def test_deep_values_and_odd_times_cross_as_handles(load: Load, mirror: Mirror) -> None:
    code = load("""
        import datetime
        def deep():
            xs = []
            for _ in range(300): xs = [xs]
            return xs
        def there():
            zone = datetime.timezone(datetime.timedelta(hours=2))
            return datetime.datetime(2024, 1, 1, 12, tzinfo=zone)
    """)
    found = code.deep()
    for _ in range(300):
        found = found[0]
    assert len(found) == 0
    assert code.there().isoformat() == "2024-01-01T12:00:00+02:00"
    assert mirror.trouble is None


def test_the_tests_own_operands_decide_by_themselves(load: Load, mirror: Mirror) -> None:
    code = load("class N(float): pass\ndef f(): return N(4.5)\ndef g(): return N(0)\n")
    assert code.f() == pytest.approx(4.5)
    assert code.g() != pytest.approx(4.5)
    assert mirror.trouble is None


def test_a_class_of_the_tests_that_derives_from_the_codes_is_trouble(
    load: Load, mirror: Mirror
) -> None:
    code = load("class Base:\n    def f(self): return 1\n")
    own = type("Own", (code.Base,), {})
    with pytest.raises(CannotCrossError, match="derives"):
        own()
    assert isinstance(mirror.trouble, CannotCrossError)
