"""Whose name counts: honest layouts have no doubtful name, hostile ones are told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.names import doubtful_name

ADD = "def add(a, b):\n    return a + b\n"
TABLE = "TABLE = {2: 4}\n"
USES = "from solution import add\nfrom helpers import TABLE\n"
PACKAGE = "from pkg.core import add\nfrom pkg.cases import TABLE\n"
Files = Mapping[str, str]

HOSTILE = {
    "a helper of the tests": (
        {"helpers.py": ADD},
        {"helpers.py": TABLE, "test_s.py": USES},
        "hide",
    ),
    "by a package": (
        {"helpers/__init__.py": ADD},
        {"helpers.py": TABLE, "test_s.py": USES},
        "hide 'helpers.py'",
    ),
    "by a folder": (
        {"helpers/TABLE.py": ADD},
        {"helpers.py": TABLE, "test_s.py": USES},
        "hide 'helpers.py'",
    ),
    "below src": ({"src/helpers.py": ADD}, {"helpers.py": TABLE, "test_s.py": USES}, "hide"),
    "a helper in a folder": (
        {"helpers.py": ADD},
        {"unit/helpers.py": TABLE, "unit/test_s.py": USES},
        "hide 'unit/helpers.py'",
    ),
    "a package of helpers by a module": (
        {"helpers.py": ADD},
        {"helpers/__init__.py": "", "helpers/data.py": TABLE, "test_s.py": USES},
        "hide",
    ),
    "a module in a package of both": (
        {"pkg/core.py": ADD, "pkg/cases.py": ADD},
        {"pkg/__init__.py": "", "pkg/cases.py": TABLE, "pkg/test_s.py": PACKAGE},
        "hide 'pkg/cases.py'",
    ),
    "into the folder of helpers": (
        {"helpers/more.py": ADD},
        {
            "helpers/__init__.py": "",
            "helpers/data.py": TABLE,
            "test_s.py": "from helpers.data import TABLE\n",
        },
        "lie in the folder 'helpers'",
    ),
    "data into the folder of helpers": (
        {"helpers/more.json": "{}"},
        {"helpers/data.py": TABLE, "test_s.py": "from helpers.data import TABLE\n"},
        "lie in the folder 'helpers'",
    ),
    "into the folder of the tests": (
        {"tests/more.py": ADD},
        {"tests/__init__.py": "", "tests/test_s.py": "from solution import add\n"},
        "lie in the folder 'tests'",
    ),
    "a module of Python": (
        {"math.py": ADD},
        {"test_s.py": "import math\nfrom solution import add\n"},
        "hide the module 'math'",
    ),
    "pytest": ({"pytest.py": ADD}, {"test_s.py": "import pytest\n"}, "by which tests are run"),
    "a plugin of pytest's": ({"pluggy/__init__.py": ADD}, {"test_s.py": ""}, "by which tests"),
    "a conftest": ({"conftest.py": ADD}, {"test_s.py": ""}, "by which tests are run"),
    "one that is imported late": (
        {"helpers.py": ADD},
        {
            "helpers.py": TABLE,
            "test_s.py": "__import__('helpers')\n",
        },
        "hide 'helpers.py'",
    ),
}
HONEST = {
    "a helper of the code's own": ({"helpers.py": ADD}, {"test_s.py": USES}),
    "a copy": ({"helpers.py": TABLE}, {"helpers.py": TABLE, "test_s.py": USES}),
    "a package that the tests live in": (
        {"pkg/__init__.py": "", "pkg/core.py": ADD, "pkg/util.py": ADD},
        {"pkg/__init__.py": "", "pkg/cases.py": TABLE, "pkg/test_s.py": PACKAGE},
    ),
    "a package that they import relatively": (
        {"pkg/__init__.py": "from .core import add\n", "pkg/core.py": ADD},
        {"pkg/__init__.py": "", "pkg/deep/test_s.py": "from ..core import add\n"},
    ),
    "a module of Python's name, which is all they test": (
        {"calendar.py": ADD},
        {"test_s.py": "import math\nimport pytest\nfrom calendar import add\n"},
    ),
    "a mirror of the package": (
        {"pkg/__init__.py": "", "pkg/core.py": ADD},
        {"unit/pkg/test_s.py": "from pkg.core import add\n"},
    ),
}
GIVEN = {
    "a copy that was given on both sides is the code's": (
        {"solution.py": ADD},
        {"solution.py": "def add(a, b):\n    return a - b\n"},
        {"solution.py": "def add(a, b):\n    return a - b\n", "test_s.py": USES},
        "",
    ),
    "what differs is nobody's": (
        {"helpers.py": ADD},
        {"helpers.py": ADD},
        {"helpers.py": TABLE, "test_s.py": USES},
        "both 'helpers', and differ",
    ),
    "what differs and is not imported does not matter": (
        {"helpers.py": ADD, "conftest.py": "X = 1\n"},
        {"helpers.py": ADD, "conftest.py": "X = 1\n"},
        {"helpers.py": TABLE, "conftest.py": "", "test_s.py": "from solution import add\n"},
        "",
    ),
    "a folder of examples is not what is imported": (
        {"solution.py": ADD},
        {"solution.py": ADD},
        {"data/old/solution.py": TABLE, "test_s.py": USES},
        "",
    ),
    "pytest is nobody's to bring": (
        {"pytest.py": ADD},
        {"pytest.py": ADD},
        {"test_s.py": "import pytest\n"},
        "by which tests are run",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_new_file_takes_no_name_that_the_tests_mean(name: str) -> None:
    code, tests, said = HOSTILE[name]
    written = SourceTree({"solution.py": ADD, **code})
    assert said in doubtful_name(written, SourceTree({"solution.py": ADD}), SourceTree(tests))


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_have_no_doubtful_name(name: str) -> None:
    code, tests = HONEST[name]
    assert doubtful_name(SourceTree(code), SourceTree(), SourceTree(tests)) == ""


@pytest.mark.parametrize("name", GIVEN)
def test_what_came_on_both_sides(name: str) -> None:
    code, given, tests, said = GIVEN[name]
    found = doubtful_name(SourceTree(code), SourceTree(given), SourceTree(tests))
    assert said in found
    assert bool(said) is bool(found)
