"""Reports of every shape, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from fractal_rmo.analysis.items import identity
from fractal_rmo.domain.action import ActionItem, Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Finding, Severity

WORDS = st.sampled_from(["a", "b", "c", "repair", "validate", "validate_syntax"])
TEXTS = WORDS | st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
ITEMS = st.builds(
    ActionItem,
    id=WORDS,
    type=WORDS,
    priority=st.sampled_from(Priority),
    parameters=st.dictionaries(WORDS, VALUES, max_size=1),
    dependencies=st.lists(
        WORDS | st.builds(lambda kind: identity(kind, {}), WORDS), max_size=3
    ).map(tuple),
    sources=st.lists(WORDS, max_size=2).map(tuple),
    reason=TEXTS,
)
FINDINGS = st.builds(
    Finding,
    role=st.sampled_from(AnalyzerRole),
    severity=st.sampled_from(Severity),
    rule=WORDS,
    message=TEXTS,
    tool=WORDS,
    path=WORDS,
    line=st.integers(0, 5),
    column=st.integers(0, 2),
    snippet=TEXTS,
)
REPORTS = st.builds(
    AnalysisReport,
    role=st.sampled_from(AnalyzerRole),
    confidence=st.floats(0, 1),
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    recommendations=st.lists(TEXTS, max_size=2).map(tuple),
    action_items=st.lists(ITEMS, max_size=4).map(tuple),
    metrics=st.dictionaries(WORDS, VALUES, max_size=2),
    failed=st.sampled_from(["", "", "", "it broke"]),
)
SWARMS = st.lists(REPORTS, max_size=7)
"""A role may report twice, as after a retry."""
