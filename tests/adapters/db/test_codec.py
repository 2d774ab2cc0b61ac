"""JSON that PostgreSQL accepts."""

from __future__ import annotations

import json
from types import MappingProxyType

import pytest

from fractal_rmo.adapters.db.codec import to_json


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (MappingProxyType({"a": (1, MappingProxyType({}))}), {"a": [1, {}]}),
        ({"\0": "a\0b"}, {"\ufffd": "a\ufffdb"}),
        ({"\ud800": ["\udfff"]}, {"?": ["?"]}),
        ([float("nan"), float("inf"), 0.5], ["nan", "inf", 0.5]),
        ({("a", 1): 2, 3: None}, {"('a', 1)": 2, "3": None}),
        ({"literally": "\\u0000"}, {"literally": "\\u0000"}),
    ],
)
def test_what_a_jsonb_column_cannot_hold_is_replaced(value: object, read: object) -> None:
    assert json.loads(to_json(value)) == read
