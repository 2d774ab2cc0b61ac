"""What a fresh interpreter runs for one check, handed over as compiled code.

When the code's first line runs, nothing is loaded that an interpreter does not
load by itself, except built-in parts of it.  What happened is reported in
lines of JSON, each an array of strings::

    ["done"]                                              the check came to its end
    ["raised", type, message, path, line, base classes]   an exception ended it
    ["example", number of the docstring, number in it, output, exception]

It runs in the process of the code, which could forge all of this about itself.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing would be loaded before the code is
if TYPE_CHECKING:
    from typing import Any

Words = list[str]


def main(spec: dict[str, Any]) -> None:
    """Perform one check; what the names of a ``spec`` mean is said in ``outside``."""
    import builtins
    from _sitebuiltins import Quitter, _Helper

    for name in ("exit", "quit"):  # what programs use of site, which takes a third of a start
        setattr(builtins, name, Quitter(name, "Ctrl-D (i.e. EOF)"))
    builtins.help = _Helper()
    teller = _Teller(spec["report"], spec["code"])
    sys.path[:] = spec["path"]
    sys.argv[:] = [spec["file"], *spec["arguments"]]
    perform = {"import": _import, "doctest": _doctest, "start": _start, "script": _script}
    try:
        perform[spec["kind"]](spec, teller)
    except SystemExit as error:
        if spec["kind"] == "start":
            raise
        teller.raised(error)
    except BaseException as error:  # noqa: BLE001 - whatever the code raises
        teller.raised(error)
    teller.tell(["done"])


class _Teller:
    """Reports, with functions that were taken before the code ran."""

    def __init__(self, report: int, code: str) -> None:
        from _json import encode_basestring_ascii
        from posix import _exit, write

        self._report, self._code = report, code
        self._quote, self._write, self._exit = encode_basestring_ascii, write, _exit

    def tell(self, words: Words) -> None:
        """One line."""
        body = f"[{', '.join(map(self._quote, words))}]\n".encode()
        while body:
            body = body[self._write(self._report, body) :]

    def raised(self, error: BaseException) -> None:
        """The exception that ended the check; ends the process."""
        bases = " ".join(base.__name__ for base in type(error).__mro__)
        path, line = self._place(error)
        name, text = type(error).__qualname__, _text(error)[:2000]
        self.tell(["raised", name, text, path, str(line), bases])
        self._exit(1)

    def _place(self, error: BaseException) -> tuple[str, int]:
        """(path relative to the code, line) of the deepest place there; ("", 0) for none."""
        found, traceback = ("", 0), error.__traceback__
        while traceback is not None:
            path = traceback.tb_frame.f_code.co_filename
            if path.startswith(self._code):
                found = (path[len(self._code) :], traceback.tb_lineno)
            traceback = traceback.tb_next
        if isinstance(error, SyntaxError) and str(error.filename).startswith(self._code):
            found = (str(error.filename)[len(self._code) :], error.lineno or 0)
        return found


def _text(error: BaseException) -> str:
    """An exception's own words, whatever its ``__str__`` does."""
    try:
        return str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except Exception as second:  # noqa: BLE001 - foreign code
        return f"<its text raised {type(second).__name__}>"


def _import(spec: dict[str, Any], _: _Teller) -> None:
    __import__(spec["name"])


def _script(spec: dict[str, Any], _: _Teller) -> None:
    """Find what a line of ``[project.scripts]`` names, which must be callable."""
    name, _, attributes = spec["name"].partition(":")
    __import__(name)
    found = sys.modules[name]
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    if not callable(found):
        raise TypeError(f"'{spec['name']}' is not callable")


def _start(spec: dict[str, Any], _: _Teller) -> None:
    """Run a file as the main program, as ``python -m`` does (in a package) or ``python FILE``."""
    from _io import open_code

    module = type(sys)("__main__")
    module.__file__ = spec["file"]
    package = spec["package"]
    if package:
        __import__(package)
        module.__package__ = package
    sys.modules["__main__"] = module
    with open_code(spec["file"]) as file:
        code = compile(file.read(), spec["file"], "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102 # pylint: disable=exec-used  # what starting a program is


def _doctest(spec: dict[str, Any], teller: _Teller) -> None:
    """Run the examples of each docstring in a copy of the module's names, like ``doctest``."""
    __import__(spec["name"])
    module = sys.modules[spec["name"]]
    for number, sources in enumerate(spec["docs"]):
        names = dict(module.__dict__)
        for which, source in enumerate(sources):
            output, raised = _example(source, names)
            teller.tell(["example", str(number), str(which), output, raised])


def _example(source: str, names: dict[str, Any]) -> tuple[str, str]:
    """(what it printed, how its exception reads in a traceback; "" for none)."""
    import __future__

    from _io import StringIO

    features: dict[str, Any] = {
        name: getattr(__future__, name) for name in __future__.all_feature_names
    }
    used = [name for name, feature in features.items() if names.get(name) is feature]
    flags = sum(features[name].compiler_flag for name in used)
    before, sys.stdout, sys.displayhook = sys.stdout, StringIO(), sys.__displayhook__
    spoken, raised = sys.stdout, ""
    try:
        exec(compile(source, "<example>", "single", flags, True), names)  # noqa: S102 # pylint: disable=exec-used
    except BaseException as error:  # noqa: BLE001 - it may be what the example shows
        kind, text = type(error), _text(error)
        home = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
        raised = f"{home}{kind.__qualname__}: {text}\n" if text else f"{home}{kind.__qualname__}\n"
    finally:
        sys.stdout = before
    output = spoken.getvalue()
    return output if output.endswith("\n") or not output else f"{output}\n", raised
