from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from fractal_rmo.analysis.document import (
    from_document,
    merged_from_document,
    merged_to_document,
    to_document,
)
from fractal_rmo.analysis.merge import merge
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole
from tests.analysis.documents import REPORTS, SWARMS


@given(REPORTS)
def test_a_report_survives_its_document_as_text(report: AnalysisReport) -> None:
    text = json.dumps(to_document(report, "syntax_001", "task_xyz"))
    assert from_document(json.loads(text)) == report


@given(SWARMS)
def test_a_merge_survives_its_document_as_text(reports: list[AnalysisReport]) -> None:
    merged = merge(reports)
    assert merged_from_document(json.loads(json.dumps(merged_to_document(merged)))) == merged


def test_the_document_has_the_specifications_format() -> None:
    document = to_document(AnalysisReport(AnalyzerRole.SYNTAX, 0.85), "syntax_001", "task_xyz")
    assert document == {
        "analyzer_id": "syntax_001",
        "task_id": "task_xyz",
        "analysis": {
            "role": "syntax",
            "confidence": 0.85,
            "issues_found": [],
            "recommendations": [],
            "action_items": [],
            "metrics": {},
            "failed": "",
        },
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"analysis": None},
        {"analysis": {"role": "cook"}},
        to_document(AnalysisReport(AnalyzerRole.LOGIC, 1.0), "x", "y")["analysis"],
    ],
)
def test_another_document_is_refused_with_a_code(document: dict[str, Any]) -> None:
    for read in (from_document, merged_from_document):
        with pytest.raises(InputError) as caught:
            read(document)
        assert caught.value.code is ErrorCode.BAD_DOCUMENT
