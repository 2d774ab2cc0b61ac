"""Verdicts in the forms that other tools read: JUnit XML and SARIF 2.1.0.

Pure functions.  Texts come from code that was judged: what a terminal would
obey, and what XML cannot hold, is written out as an escape.

Sources: the JUnit schema as Jenkins reads it; OASIS, "Static Analysis Results
Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree as ET

from fractal_rmo.domain.finding import MergedAnalysis, Severity
from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome, Verdict
from fractal_rmo.services.questions import Kind, questions

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ELEMENTS = {
    Outcome.FAILED: "failure",
    Outcome.FLAKY: "failure",
    Outcome.ERROR: "error",
    Outcome.NOT_APPLICABLE: "skipped",
}
_FINDINGS = {
    "errors": "error",
    "critical": "error",
    "failures": "error",
    "notes": "note",
    "not_judged": "note",
}
"""Where the levels' evidence lists what they found, and how severe that is."""


_SEVERITIES = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a level; ``path`` is "" and ``line`` and ``column`` 0 where none is known."""

    rule: str
    severity: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0

    def sentence(self) -> str:
        """For a person."""
        place = f"{self.path}, line {self.line}: " if self.path else ""
        return f"{place}{self.message} ({self.rule})"

    def line_of(self, root: str) -> str:
        """As compilers print it, under the path of the code; "" where no place is known."""
        if not self.path:
            return ""
        path = f"{root}/{self.path}" if root else self.path
        place = f"{path}:{self.line or 1}:{self.column or 1}"
        return f"{place}: {self.severity}: {' '.join(self.message.split())} [{self.rule}]"


def found_by(verdict: Verdict) -> Iterator[Found]:
    """What a verdict's evidence lists; the summary where a level failed and lists nothing.

    Nothing of a level that could not be judged: that is nobody's fault.
    """
    if verdict.outcome is Outcome.ERROR:
        return
    listed = False
    for name, severity in _FINDINGS.items():
        entries = verdict.evidence.get(name)
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            continue
        for entry in entries:
            if isinstance(entry, Mapping):
                listed = listed or severity == "error"
                yield _found(verdict, entry, severity)
    for question in questions([verdict], SourceTree()):
        counts = question.kind is Kind.COUNTER_EXAMPLE
        listed = listed or counts
        yield Found(
            f"{_name(verdict)}/{question.kind.value}",
            "error" if counts else "warning",
            plain(question.text),
            plain(question.path),
            question.line,
        )
    if not listed and verdict.outcome in (Outcome.FAILED, Outcome.FLAKY):
        yield Found(_name(verdict), "error", plain(verdict.summary))


def _found(verdict: Verdict, entry: Mapping[str, Json], severity: str) -> Found:
    """A finding of a static tool, a test, a check from outside or the parser, told by its keys."""
    rule = f"{entry['tool']}/{entry['rule']}" if {"tool", "rule"} <= entry.keys() else ""
    rule = rule or "/".join(filter(None, (_name(verdict), str(entry.get("kind", "")))))
    test = f"{entry['id']}: {entry.get('type', '')}: " if "id" in entry else ""
    return Found(
        plain(rule),
        severity,
        plain(f"{test}{entry.get('message', '')}") or plain(verdict.summary),
        plain(str(entry.get("path", ""))),
        _number(entry.get("line")),
        _number(entry.get("column")),
    )


def _number(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _name(verdict: Verdict) -> str:
    return verdict.level.name.lower()


def plain(text: str) -> str:
    """The text with all that is not printable, but for line ends and tabs, as Python escapes."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text
    )


def junit(verdicts: Sequence[Verdict]) -> str:
    """A JUnit XML document: one test case for each level that was climbed."""
    elements = [_ELEMENTS.get(verdict.outcome) for verdict in verdicts]
    figures = {
        "name": "fractal-rmo",
        "tests": str(len(verdicts)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
        "time": f"{sum(verdict.duration_s for verdict in verdicts):.3f}",
    }
    root = ET.Element("testsuites", figures)
    suite = ET.SubElement(root, "testsuite", figures)
    for verdict in verdicts:
        suite.append(_case(verdict))
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _case(verdict: Verdict) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname="fractal-rmo",
        name=f"level {verdict.level} {_name(verdict)}",
        time=f"{verdict.duration_s:.3f}",
    )
    summary = plain(verdict.summary)
    if (element := _ELEMENTS.get(verdict.outcome)) is None:
        ET.SubElement(case, "system-out").text = summary
        return case
    said = ET.SubElement(case, element, message=summary)
    if element != "skipped":
        said.set("type", verdict.outcome.value)
        said.text = "\n".join(f.sentence() for f in found_by(verdict) if f.severity != "note")
    return case


def sarif(verdicts: Sequence[Verdict], version: str) -> dict[str, Json]:
    """A SARIF 2.1.0 log with one run; paths are relative to the code's root.

    A level that could not be judged is a notification of the tool, not a result.
    """
    found = [finding for verdict in verdicts for finding in found_by(verdict)]
    troubles = [verdict.summary for verdict in verdicts if verdict.outcome is Outcome.ERROR]
    return _log(found, troubles, version)


def sarif_of_analysis(merged: MergedAnalysis, version: str) -> dict[str, Json]:
    """The same for what the analyzers say; one that is missing is a notification."""
    found = [
        Found(
            plain(f"{finding.tool}/{finding.rule}"),
            _SEVERITIES[finding.severity],
            plain(finding.message),
            plain(finding.path),
            max(0, finding.line),
            max(0, finding.column),
        )
        for finding in merged.findings
    ]
    troubles = [f"The {role} analyzer could not report." for role in merged.missing]
    return _log(found, troubles, version)


def _log(found: Sequence[Found], sentences: Sequence[str], version: str) -> dict[str, Json]:
    rules = list(dict.fromkeys(finding.rule for finding in found))
    troubles: list[Json] = [
        {"level": "error", "message": {"text": plain(sentence)}} for sentence in sentences
    ]
    driver: dict[str, Json] = {
        "name": "fractal-rmo",
        "semanticVersion": version,
        "rules": [{"id": rule} for rule in rules],
    }
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not troubles, "toolExecutionNotifications": troubles}
        ],
        "results": [_result(finding, rules.index(finding.rule)) for finding in found],
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Found, rule_index: int) -> dict[str, Json]:
    result: dict[str, Json] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": finding.message},
    }
    return {**result, "locations": [_location(finding)]} if finding.path else result


def _location(finding: Found) -> dict[str, Json]:
    place: dict[str, Json] = {
        "artifactLocation": {"uri": quote(finding.path), "uriBaseId": "%SRCROOT%"}
    }
    if finding.line:
        column: dict[str, Json] = {"startColumn": finding.column} if finding.column else {}
        place["region"] = {"startLine": finding.line, **column}
    return {"physicalLocation": place}
