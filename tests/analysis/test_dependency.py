from __future__ import annotations

from fractal_rmo.analysis.requirements import required_version, requirements
from fractal_rmo.domain.finding import AnalysisReport, AnalyzerRole, Severity
from fractal_rmo.domain.source import SourceTree
from tests.analysis.asking import ask, ask_tree, rules

ROLE = AnalyzerRole.DEPENDENCY


def test_the_graph_its_ring_and_what_is_foreign() -> None:
    found = ask(ROLE, "import b\nimport os\nimport numpy as np\n", b="import a\n")
    assert found.metrics["graph"] == {"a.py": ["b.py"], "b.py": ["a.py"]}
    assert rules(found) == [("import-cycle", 1), ("third-party", 3)]
    assert "a.py -> b.py -> a.py" in found.findings[0].message
    assert [item.parameters["module"] for item in found.action_items] == ["numpy"]


def test_each_ring_is_found_once() -> None:
    files = {"a.py": "import b", "b.py": "import c", "c.py": "import a, b", "d.py": "import e",
             "e.py": "import d", "f.py": "import a"}  # fmt: skip
    found = ask_tree(ROLE, files)
    assert [finding.path for finding in found.findings] == ["a.py", "d.py"]


def test_a_late_import_makes_no_ring() -> None:
    found = ask(ROLE, "import b\n", b="def f():\n    import a\n    return a\n")
    assert found.findings == ()
    assert found.metrics["graph"] == {"a.py": ["b.py"], "b.py": ["a.py"]}


def test_an_import_for_types_only_makes_no_ring() -> None:
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\n"
    assert ask(ROLE, "import b\n", b=typed).findings == ()


PACKAGE = {
    "pkg/__init__.py": "",
    "pkg/one.py": "from . import two\nfrom .two import value\nfrom .sub.deep import f\n",
    "pkg/two.py": "value = 1\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/deep.py": "from ..two import value\n\ndef f():\n    return value\n",
}


def test_relative_imports_are_resolved() -> None:
    found = ask_tree(ROLE, PACKAGE)
    assert found.findings == ()
    graph = found.metrics["graph"]
    assert isinstance(graph, dict)
    assert graph["pkg/one.py"] == ["pkg/sub/deep.py", "pkg/two.py"]
    assert graph["pkg/sub/deep.py"] == ["pkg/two.py"]


def test_missing_modules_and_names_are_placed() -> None:
    files = PACKAGE | {
        "pkg/two.py": "value = 1\nfrom .gone import x\n\nfrom pkg.sub import nothing\n"
        "import pkg.three\nfrom .... import y\n"
    }
    found = ask_tree(ROLE, files)
    assert rules(found) == [
        ("missing-module", 2), ("missing-name", 4), ("missing-module", 5), ("missing-module", 6),
    ]  # fmt: skip
    assert {finding.severity for finding in found.findings} == {Severity.HIGH}
    assert {item.type for item in found.action_items} == {"resolve_dependency"}


def test_a_name_that_the_tests_expect_is_missed() -> None:
    found = ask_tree(ROLE, {"a.py": "x = 1\n"}, {"test_a.py": "import pytest\nfrom a import y\n"})
    [finding] = found.findings
    assert (finding.path, finding.line, finding.rule) == ("test_a.py", 2, "missing-name")
    assert found.metrics["tests"] == {"test_a.py": ["a.py"]}
    assert found.metrics["third_party_of_tests"] == ["pytest"]


def test_names_that_cannot_be_told_are_not_missed() -> None:
    for hidden in ("globals()['y'] = 1\n", "from os import *\n", "def __getattr__(n): return n\n"):
        assert ask(ROLE, "from b import y\n", b=hidden).findings == ()


def test_an_optional_import_weighs_little() -> None:
    found = ask(ROLE, "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n")
    assert [finding.severity for finding in found.findings] == [Severity.LOW]


def test_a_package_whose_file_has_a_foreign_name_still_imports_the_foreign_one() -> None:
    found = ask_tree(ROLE, {"pkg/__init__.py": "", "pkg/redis.py": "import redis.client\n"})
    assert rules(found) == [("third-party", 1)]


def test_modules_next_to_a_script_and_below_src_are_found() -> None:
    files = {
        "app/run.py": "import helper\n",
        "app/helper.py": "",
        "src/lib.py": "",
        "b.py": "import lib",
    }
    assert ask_tree(ROLE, files).findings == ()


def test_a_file_that_hides_the_standard_library_is_named() -> None:
    found = ask_tree(ROLE, {"random.py": "x = 1\n", "a.py": "import random\n"})
    assert [(f.path, f.rule) for f in found.findings] == [("random.py", "shadows-stdlib")]
    assert found.metrics["graph"] == {"a.py": ["random.py"], "random.py": []}


def versions(text: str, code: str) -> AnalysisReport:
    return ask_tree(ROLE, {"a.py": code, "requirements.txt": text})


def test_required_versions_are_read() -> None:
    found = versions("NumPy[all]>=2.1  # fast\n-r other.txt\nPyYAML==6.0 ; python_version > '3'\n",
                     "import numpy\nimport yaml\nimport lxml\n")  # fmt: skip
    assert found.metrics["required"] == {"numpy": ">=2.1", "pyyaml": "==6.0"}
    versioned = {
        item.parameters["module"]: item.parameters["version"] for item in found.action_items
    }
    assert versioned == {"numpy": ">=2.1", "yaml": "==6.0", "lxml": ""}
    assert found.recommendations == ("Add the distribution of 'lxml' to the requirements file.",)


def test_names_of_distributions_are_compared_as_the_standard_says() -> None:
    required = requirements(SourceTree({"sub/requirements-dev.txt": "Foo_Bar.baz ~= 1.0\n"}))
    assert required == {"foo-bar-baz": "~= 1.0"}
    assert required_version("foo_bar.baz", required) == "~= 1.0"
    assert required_version("other", required) is None
