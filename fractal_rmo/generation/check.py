"""What a model wrote is looked at before anything runs it.

This is a sieve in front of the jail, not a wall: what runs has no network and
no files whatever it says.  It keeps what nobody asked for out of the result.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.names import TOOLS, doubtful_name
from fractal_rmo.generation.replies import ReplyRefusedError

_SECRETS = (
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("an API key", re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")),
    ("a cloud access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a repository token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{16,})")),
    ("a chat token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
)
_NETWORK = frozenset(
    (
        *("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "poplib", "imaplib", "telnetlib"),
        *("xmlrpc", "socketserver", "requests", "httpx", "aiohttp", "urllib3", "websockets"),
        *("paramiko", "_socket", "_ssl"),
    )
)
_PROCESS = frozenset(["subprocess", "multiprocessing", "pty", "ctypes", "pexpect", "sh"])
_CALLS = frozenset(
    (
        *("os.system", "os.popen", "os.fork", "os.kill", "os.execv", "os.execve", "os.execvp"),
        *("os.spawnv", "os.posix_spawn", "importlib.import_module"),
        *("asyncio.open_connection", "asyncio.open_unix_connection", "asyncio.start_server"),
        *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"),
        *("eval", "exec", "compile", "__import__"),
    )
)
_VERDICT = re.compile(
    r"\b(prove[nds]?|proof|verified|certified|guarantee\w*|level \d"
    r"|tests? (now )?(pass|fail)\w*|pass\w* (all |the |its |every )*tests?)\b",
    re.IGNORECASE,
)
_HARMLESS = ("urllib.parse", "http.HTTPStatus")
_SAID_ELSEWHERE = frozenset(("os", "system"))
"""Words of usual tasks, which ask for no shell."""


def check_code(
    files: SourceTree, given: SourceTree, tests: SourceTree, task: str, *, may_add: bool
) -> None:
    """Raise ``ReplyRefusedError`` for code that is not let in.

    ``may_add`` says that files beside the given ones may come; a test file
    never may.  What the task's text or the given code name is asked for.
    """
    for path, text in files.files.items():
        modules, name = path.removesuffix(".py").split("/"), PurePosixPath(path).name
        if path in tests.files or not TOOLS.isdisjoint(modules) or _is_test(name):
            raise ReplyRefusedError(f"'{path}' is a file of tests, which are not to be written.")
        if path not in given.files:
            if not may_add:
                raise ReplyRefusedError(f"'{path}' was not given, and no files are to be added.")
            _check_new(path, task)
        if path.endswith(".py"):
            _parse(path, text)
    if not any(path.endswith(".py") for path in files.files):
        raise ReplyRefusedError("The answer holds no Python file.")
    if why := doubtful_name(SourceTree({**given.files, **files.files}), given, tests):
        raise ReplyRefusedError(why)
    _refuse(files, given, tests, task)


def _check_new(path: str, task: str) -> None:
    """Raise ``ReplyRefusedError`` for a file that is read in place of another one."""
    parts = path.split("/")
    if any(part.startswith(".") for part in parts) or path.endswith(".pth"):
        raise ReplyRefusedError(f"'{path}' is read by tools before any code is.")
    top = parts[1] if parts[0] == "src" and len(parts) > 1 else parts[0]
    module = top.removesuffix(".py")
    if module in sys.stdlib_module_names and top not in task:
        raise ReplyRefusedError(f"'{path}' would hide the module '{module}' of Python.")


def check_tests(files: SourceTree, task: str) -> None:
    """Raise ``ReplyRefusedError`` for tests that are not let in or that test nothing."""
    asserts = 0
    for path, text in files.files.items():
        if "/" in path or not (path.startswith("test_") and path.endswith(".py")):
            raise ReplyRefusedError(f"'{path}' is no name of a test file.")
        tree = _parse(path, text)
        if not any(isinstance(n, ast.FunctionDef) and n.name.startswith("test") for n in tree.body):
            raise ReplyRefusedError(f"'{path}' holds no test function.")
        asserts += sum(isinstance(node, ast.Assert | ast.With) for node in ast.walk(tree))
    if not asserts:
        raise ReplyRefusedError("The tests assert nothing.")
    _refuse(files, SourceTree(), SourceTree(), task)


def check_words(lines: Iterable[str]) -> None:
    """Raise ``ReplyRefusedError`` for words that repeat a secret, whoever it was told by."""
    for line in lines:
        for what, pattern in _SECRETS:
            if pattern.search(line):
                raise ReplyRefusedError(f"The answer holds what looks like {what}.")


def check_explanation(lines: Sequence[str]) -> None:
    """Raise ``ReplyRefusedError`` for words about a proof, which the explained has still to pass.

    And for what ``check_words`` refuses.
    """
    check_words(lines)
    for line in lines:
        if found := _VERDICT.search(line):
            raise ReplyRefusedError(f"The answer speaks of a verdict: '{found[0]}'.")


def _refuse(files: SourceTree, given: SourceTree, tests: SourceTree, task: str) -> None:
    known = set(_uses(given)) | set(_uses(tests))
    told = [*given.files.values(), *tests.files.values()]
    for path, text in files.files.items():
        for what, pattern in _SECRETS:
            found = (each[0] for each in pattern.finditer(text))
            if any(not any(secret in one for one in told) for secret in found):
                raise ReplyRefusedError(f"'{path}' holds what looks like {what}.")
    for use in _uses(files):
        if use not in known and not _is_asked_for(use, task):
            raise ReplyRefusedError(f"The code uses '{use}', which nobody asked for.")


def _is_asked_for(use: str, task: str) -> bool:
    words = set(re.findall(r"[a-z_][a-z0-9_]*", task.lower())) - _SAID_ELSEWHERE
    parts = use.lower().split(".")
    return use in task or parts[-1] in words or parts[0] in words


def _uses(tree: SourceTree) -> Iterator[str]:
    """Network and process modules that are imported, and what runs other code, by whatever name."""
    for path, text in tree.python_files():
        try:
            nodes = list(ast.walk(_parse(path, text)))
        except ReplyRefusedError:
            continue  # given code that is broken names nothing
        imported = dict(pair for node in nodes for pair in _imported(node))
        yield from (n.partition(".")[0] for n in imported.values() if _is_watched(n))
        yield from (n for n in imported.values() if n in _CALLS)
        named = (_dotted(node, imported) for node in nodes)
        yield from (n for n in named if n in _CALLS)


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name here, name there) of what an import brings."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name, alias.name
    elif isinstance(node, ast.ImportFrom) and not node.level:
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.AST, imported: Mapping[str, str]) -> str:
    """The full name that is read, as ``os.system``; "" for what is no name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return ""
    first = imported.get(node.id, node.id)
    return ".".join((first, *reversed(parts))).removeprefix("builtins.")


def _is_watched(name: str) -> bool:
    return name.partition(".")[0] in _NETWORK | _PROCESS and not name.startswith(_HARMLESS)


def _is_test(name: str) -> bool:
    return (name.startswith("test_") or name.endswith("_test.py")) and name.endswith(".py")


def _parse(path: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ReplyRefusedError(f"'{path}', line {error.lineno}: {error.msg}.") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise ReplyRefusedError(f"'{path}' cannot be parsed: {error}") from error
