from __future__ import annotations

import json

import pytest

from fractal_rmo.analysis.document import to_document
from fractal_rmo.domain.action import Priority
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Severity
from tests.analysis.asking import ask, rules


def report(text: str) -> AnalysisReport:
    return ask(AnalyzerRole.SECURITY, text)


RISKS = [
    ("import subprocess\n\ndef f(x):\n    subprocess.call(x, shell=True)\n", "B602", 4),
    ("def f(x):\n    return eval(x)\n", "B307", 2),
    ("import pickle\n\ndef f(x):\n    return pickle.loads(x)\n", "B301", 4),
    ("def f(c, x):\n    c.execute('SELECT * FROM t WHERE a = ' + x)\n", "B608", 2),
    ("def f(name):\n    return __import__(name)\n", "dynamic-import", 2),
    ("x = ().__class__.__bases__\n", "interpreter-internals", 1),
    ("import hmac\n\ndef f(a, b):\n    return hmac.new(a).hexdigest() == b\n", "timing-attack", 4),
    ("import re\nP = re.compile('(a+)+b')\n", "nested-quantifier", 2),
    ("import jwt\n\ndef f(t):\n    return jwt.decode(t, verify=False)\n", "unverified-token", 4),
    ("import jwt\n\ndef f(t):\n    return jwt.decode(t, options={'verify_signature': False})\n",
     "unverified-token", 4),
    ("K = '-----BEGIN RSA PRIVATE KEY-----'\n", "key-material", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "line"), RISKS)
def test_risks_are_found(text: str, rule: str, line: int) -> None:
    assert (rule, line) in rules(report(text))


@pytest.mark.parametrize(
    "text",
    [
        "def test():\n    assert 1 == 1\n",
        "import re\nP = re.compile('(ab)+c')\n",
        "def f(a, b):\n    return a == b\n",
        "import importlib\nm = importlib.import_module('json')\n",
        "import jwt\n\ndef f(t, k):\n    return jwt.decode(t, k, algorithms=['HS256'])\n",
    ],
)
def test_ordinary_code_holds_no_risk(text: str) -> None:
    assert rules(report(text)) == []


def test_suppression_comments_have_no_effect() -> None:
    found = report("import subprocess\n\ndef f(x):\n    subprocess.call(x, shell=True)  # nosec\n")
    assert ("B602", 4) in rules(found)
    [review] = found.action_items
    assert (review.type, review.priority) == ("review_security", Priority.HIGH)
    assert review.parameters == {"rule": "B602", "place": "a.py:4"}


@pytest.mark.thorough
def test_a_file_that_bandit_cannot_scan_lowers_the_confidence() -> None:
    found = report("x = " + "1 + " * 2000 + "1\n")
    assert found.metrics["unseen"] == ["a.py"]
    assert (found.findings[0].rule, found.findings[0].severity) == ("not-scanned", Severity.INFO)
    assert found.confidence < 0.5


def test_no_finding_holds_what_a_database_refuses() -> None:
    found = report("password = 'a\\0b\\ud800'\n")
    [finding] = found.findings
    assert (finding.rule, finding.message) == ("B105", "Possible hardcoded password: 'a?b?'")
    json.dumps(to_document(found, "security_001", "t"), ensure_ascii=False).encode()


@pytest.mark.thorough
def test_a_long_literal_takes_no_quadratic_time() -> None:
    # bandit looks for a suppression on every line of the dict, for every key in it
    table = "T = {\n" + "".join(f"    'k{i}': {i},\n" for i in range(10_000)) + "}\n"
    assert report(table).findings == ()
