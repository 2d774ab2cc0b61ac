"""Reports hold what their readers require, whatever the judged code wrote into its messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.services.reports import found_by, junit, plain, sarif

EVIL = "\x1b[31m\x00<&\"'>]]>\ud800\u202e\r\n\ufffe"
STATIC: dict[str, Json] = {
    "critical": [{"tool": "ruff", "rule": "F821", "message": "x", "path": "a b.py", "line": 3}],
    "notes": [{"tool": "mypy", "rule": "misc", "message": "y", "path": "b.py", "line": 0}],
}
VERDICTS = (
    Verdict(Level.SYNTAX, Outcome.PASSED, "2 files parse.", duration_s=0.25),
    Verdict(Level.STATIC, Outcome.FAILED, "a b.py, line 3: x", STATIC, duration_s=0.5),
    Verdict(Level.UNIT, Outcome.FLAKY, f"Once {EVIL}", {"failures": []}),
    Verdict(
        Level.INTEGRATION, Outcome.FAILED, "no",
        {"failures": [{"kind": "import", "message": EVIL, "path": EVIL, "line": 1, "column": 2}]},
    ),
    Verdict(Level.PROPERTY, Outcome.NOT_APPLICABLE, "Nothing."),
    Verdict(Level.MUTATION, Outcome.ERROR, f"No jail {EVIL}", {"failures": [{"message": "m"}]}),
)  # fmt: skip


def test_junit_counts_every_level_once() -> None:
    root = ET.fromstring(junit(VERDICTS))  # noqa: S314 - our own document
    (suite,) = root
    expected = {"tests": "6", "failures": "3", "errors": "1", "skipped": "1", "time": "0.750"}
    for element in (root, suite):
        assert element.tag in ("testsuites", "testsuite")
        assert expected.items() <= element.attrib.items()
    assert [case.get("name") for case in suite][:2] == ["level 1 syntax", "level 2 static"]
    tags = [[child.tag for child in case] for case in suite]
    failure = ["failure"]
    assert tags == [["system-out"], failure, failure, failure, ["skipped"], ["error"]]
    assert all(case.get("classname") and case.get("time") for case in suite)


def test_junit_says_where_and_what() -> None:
    failure = ET.fromstring(junit(VERDICTS)).find(".//failure")  # noqa: S314 - our own document
    assert failure is not None
    assert failure.get("message") == "a b.py, line 3: x"
    assert failure.text == "a b.py, line 3: x (ruff/F821)"


def test_texts_of_the_code_cannot_break_a_document() -> None:
    document = junit(VERDICTS)
    said = [e.get("message", "") for e in ET.fromstring(document).iter()]  # noqa: S314
    assert f"Once {plain(EVIL)}" in said
    text = document + json.dumps(sarif(VERDICTS, "1.2.3"), ensure_ascii=False)
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\tb\nc", "a\tb\nc"), ("\x1b", "\\x1b"), ("\ud800", "\\ud800"), ("é", "é")],
)
def test_only_what_is_not_printable_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_sarif_has_what_the_standard_requires() -> None:
    log: Any = json.loads(json.dumps(sarif(VERDICTS, "1.2.3")))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("fractal-rmo", "1.2.3")
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(set(rules)) == len(rules)
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert rules[result["ruleIndex"]] == result["ruleId"]
        for location in result.get("locations", []):
            place = location["physicalLocation"]
            assert set(place["artifactLocation"]["uri"]) <= set(URI)
            assert place.get("region", {"startLine": 1})["startLine"] >= 1
            assert place.get("region", {}).get("startColumn", 1) >= 1


def test_sarif_results_in_the_order_of_the_levels() -> None:
    (run,) = _runs(VERDICTS)
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("ruff/F821", "error"), ("mypy/misc", "note"), ("unit", "error"),
        ("integration/import", "error"),
    ]  # fmt: skip
    places = [r.get("locations", [{}])[0].get("physicalLocation") for r in run["results"]]
    assert places[0] == {
        "artifactLocation": {"uri": "a%20b.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3},
    }
    assert "region" not in places[1]
    assert places[2] is None
    assert places[3]["region"] == {"startLine": 1, "startColumn": 2}


def test_a_level_that_could_not_be_judged_is_no_result() -> None:
    (run,) = _runs(VERDICTS)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (trouble,) = invocation["toolExecutionNotifications"]
    assert trouble["message"]["text"].startswith("No jail ")
    (run,) = _runs(VERDICTS[:2])
    assert run["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        ({"failures": [{"id": "t.py::t", "type": "E", "message": "m"}]}, "t.py::t: E: m"),
        ({"errors": [{"message": "bad", "path": "a.py", "line": 1}]}, "bad"),
        ({"failures": "strange"}, "It failed."),
        ({"failures": [None, {"line": "7", "column": -1}]}, "It failed."),
    ],
)
def test_every_failed_level_gives_at_least_one_result(
    evidence: Mapping[str, Json], message: str
) -> None:
    (found,) = found_by(Verdict(Level.UNIT, Outcome.FAILED, "It failed.", evidence))
    assert (found.message, found.severity) == (message, "error")
    assert found.column == 0


def test_questions_are_warnings_and_counter_examples_errors() -> None:
    gaps: dict[str, Json] = {
        "gaps": [{"question": f"Is it? {EVIL}", "path": "a b.py", "line": 3, "function": "f"}]
    }
    (found, failed) = found_by(Verdict(Level.MUTATION, Outcome.FAILED, "Too few.", gaps))
    assert (found.rule, found.severity, found.line) == ("mutation/gap", "warning", 3)
    assert (failed.message, failed.severity) == ("Too few.", "error")
    broken: dict[str, Json] = {
        "counter_examples": [{"property": "p", "call": "a.f(1)", "answers": ["raises E"]}]
    }
    verdict = Verdict(Level.PROPERTY, Outcome.FAILED, "said", broken)
    (found,) = found_by(verdict)
    assert (found.rule, found.severity) == ("property/counter_example", "error")
    assert found.message == "a.f(1) raises E. This breaks the property 'p'."
    assert "a.f(1) raises E" in junit([verdict])


def test_no_verdicts_are_valid_documents_too() -> None:
    assert ET.fromstring(junit(())).get("tests") == "0"  # noqa: S314 - our own document
    assert _runs(())[0]["results"] == []


URI = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%"


def _runs(verdicts: tuple[Verdict, ...]) -> list[Any]:
    runs: list[Any] = json.loads(json.dumps(sarif(verdicts, "1.2.3")))["runs"]
    return runs
