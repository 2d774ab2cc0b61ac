"""What is let in of a model's answers."""

from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.generation.check import check_code, check_tests, check_words
from fractal_rmo.generation.replies import (
    CODE_SCHEMA,
    LONGEST_FILE,
    LONGEST_LINE,
    MOST_FILES,
    TESTS_SCHEMA,
    ReplyRefusedError,
    read_files,
    read_lines,
)
from tests.generation.injections import FINE, REPLIES

NONE = SourceTree()
TASK = "Write a function that adds two numbers."


def rows(files: dict[str, str]) -> dict[str, Any]:
    return {"files": [{"path": p, "text": t} for p, t in files.items()], "notes": "done"}


def test_an_answer_is_read_as_files() -> None:
    reply = read_files(rows({"a/b.py": "x = 1", "c.py": "y = 2\n"}), "notes")
    assert dict(reply.files.files) == {"a/b.py": "x = 1\n", "c.py": "y = 2\n"}
    assert reply.words == "done"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (rows({}), "no files"),
        (rows({"../a.py": ""}), "refused"),
        (rows({"/etc/passwd": ""}), "refused"),
        (rows({"": ""}), "refused"),
        (rows({"a.py": "x" * (LONGEST_FILE + 1)}), "longer"),
        (rows({f"{n}.py": "" for n in range(MOST_FILES + 1)}), "allowed"),
        (rows({"a.py": "\0"}), "NUL"),
        ({"files": [{"path": "a", "text": ""}, {"path": "a", "text": ""}]}, "twice"),
    ],
)
def test_what_is_no_small_tree_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(ReplyRefusedError, match=said):
        read_files(document, "notes")


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_does_more_is_refused(name: str) -> None:
    files, said = REPLIES[name]
    with pytest.raises(ReplyRefusedError) as refused:
        check_code(SourceTree(files), NONE, NONE, TASK, may_add=True)
    assert said in str(refused.value)


def test_what_was_asked_for_is_let_in() -> None:
    asks_web = SourceTree({"solution.py": "import socket\n"})
    check_code(SourceTree({"solution.py": FINE}), NONE, NONE, TASK, may_add=True)
    check_code(asks_web, NONE, NONE, "Open a TCP socket.", may_add=True)
    check_code(asks_web, asks_web, NONE, TASK, may_add=False)
    quotes = SourceTree({"solution.py": "from urllib.parse import quote\n"})
    check_code(quotes, NONE, NONE, TASK, may_add=True)


def test_the_word_os_asks_for_no_shell() -> None:
    shell = SourceTree({"solution.py": "import os\nos.system('id')\n"})
    with pytest.raises(ReplyRefusedError, match="system"):
        check_code(shell, NONE, NONE, "Use os to join paths.", may_add=True)


def test_a_banking_system_asks_for_no_shell() -> None:
    shell = SourceTree({"solution.py": "import os\nos.system('id')\n"})
    with pytest.raises(ReplyRefusedError, match="system"):
        check_code(shell, NONE, NONE, "Write a banking system.", may_add=True)
    check_code(shell, NONE, NONE, "Call os.system with the text.", may_add=True)


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("expected/__init__.py", "expected.py"),
        ("expected/more.py", "expected.py"),
        ("src/expected.py", "expected.py"),
        ("helpers.py", "tests/helpers.py"),
        ("pkg/helpers/__init__.py", "pkg/helpers.py"),
        ("test_solution/__init__.py", "test_solution.py"),
    ],
)
def test_no_new_file_takes_the_place_of_one_of_the_tests(path: str, own: str) -> None:
    tests = SourceTree({own: "TABLE = {2: 4}\n"})
    with pytest.raises(ReplyRefusedError, match=f"would hide '{own}'"):
        check_code(SourceTree({path: FINE}), NONE, tests, TASK, may_add=True)


def test_new_files_have_names_of_their_own() -> None:
    tests = SourceTree({"pkg/__init__.py": "", "pkg/test_core.py": "from pkg.core import add\n"})
    check_code(SourceTree({"pkg/core.py": FINE}), NONE, tests, TASK, may_add=True)
    queue = SourceTree({"queue.py": FINE})
    check_code(queue, NONE, NONE, "Write add in queue.py.", may_add=True)
    check_code(queue, queue, NONE, TASK, may_add=True)


def test_code_that_cannot_be_written_out_is_still_looked_at() -> None:
    """A number of so many digits has no text."""
    odd = f"(0x{'f' * 6000}).foo()\n"
    check_code(SourceTree({"solution.py": odd}), NONE, NONE, TASK, may_add=True)


def test_a_known_key_hides_no_other_one() -> None:
    known = f"OLD = 'sk-{'a' * 20}'\n"
    given, written = SourceTree({"a.py": known}), f"{known}NEW = 'sk-{'b' * 20}'\n"
    check_code(given, given, NONE, TASK, may_add=False)
    with pytest.raises(ReplyRefusedError, match="API key"):
        check_code(SourceTree({"a.py": written}), given, NONE, TASK, may_add=False)


def test_a_repair_adds_no_files() -> None:
    with pytest.raises(ReplyRefusedError, match="not given"):
        check_code(SourceTree({"b.py": FINE}), SourceTree({"a.py": FINE}), NONE, "", may_add=False)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"solution.py": FINE}, "no name of a test"),
        ({"a/test_a.py": "def test():\n    assert 1\n"}, "no name of a test"),
        ({"test_a.py": "x = 1\n"}, "no test function"),
        ({"test_a.py": "def test():\n    pass\n"}, "assert nothing"),
        ({"test_a.py": "import socket\ndef test():\n    assert 1\n"}, "socket"),
        ({"test_a.py": "def test(:\n"}, "line 1"),
    ],
)
def test_tests_that_test_nothing_are_refused(files: dict[str, str], said: str) -> None:
    with pytest.raises(ReplyRefusedError, match=said):
        check_tests(SourceTree(files), TASK)


def test_tests_are_let_in() -> None:
    text = "from solution import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    check_tests(SourceTree({"test_solution.py": text}), TASK)


@pytest.mark.parametrize("schema", [CODE_SCHEMA, TESTS_SCHEMA])
def test_the_schemas_are_strict(schema: dict[str, Any]) -> None:
    from fractal_rmo.adapters.llm.answers import is_strict

    assert is_strict(schema)


def test_sentences_are_plain_lines_few_and_short() -> None:
    said = ["  Zero\n\tis missing. ", "", "\x1b[31mRed\u202e.", "x" * (LONGEST_LINE + 9), "fifth"]
    found = read_lines({"lines": said}, 3)
    assert found == ("Zero is missing.", "[31mRed.", "x" * LONGEST_LINE)
    assert read_lines({"lines": "no list"}, 3) == read_lines({}, 3) == ()


@pytest.mark.parametrize("name", [name for name in REPLIES if "key" in name])
def test_a_sentence_that_repeats_a_secret_is_refused(name: str) -> None:
    files, said = REPLIES[name]
    with pytest.raises(ReplyRefusedError, match=said):
        check_words([files["solution.py"]])
