"""A patch is what Python makes of the whole mutated file, though one definition is compiled."""

from __future__ import annotations

import random
import textwrap
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.patches import Patches, codes_in

CODES = {
    "a function": "import os\n\n\ndef f(a):\n    if a > ONE:\n        return a + 1\n    return a\n",
    "a method": """
        from __future__ import annotations
        class A:
            x: int = 1

            def __secret(self): return 2
            @staticmethod
            def g(a: int, *, b=3):
                return [a for _ in range(b)]
            def f(self, a=4):
                def inner(): return self.__secret() + a
                return super().f(ONE) or inner
        """,
    "the last line has no end": "def g(): pass\ndef f(a): return a + ONE",
    "lines of other systems": "x = 1\r\ndef f(a):\r\n    b = ONE\r\n\r\n    return a\r\ny = 2\r\n",
    "lines that are joined": "def f(\n  a,\n):\n    return (a +\n ONE\n)\n\n\ndef g(): return 1\n",
    "other letters": 'é = "ü"\ndef f(ä):\n    """ö\x0c"""\n    return ä + ONE\n',
    "a mark of the byte order": "\ufeffdef f(a):\n    return ONE\n",
    "a text over lines": 'def f(a):\n    return """\nx\n  """ * ONE\n',
}


def made(tmp_path: Path, text: str) -> Patches:
    (tmp_path / "solution.py").write_text(text, encoding="utf-8", newline="")
    return Patches(Box(tmp_path, tmp_path))


def edit(text: str, old: str, new: str, function: str) -> dict[str, Any]:
    text = text.removeprefix("\ufeff")
    start, name = text.index(old), function.rpartition(".")[2]
    line = text.count("\n", 0, text.index(f"def {name}(")) + 1
    place = {"start": start, "end": start + len(old), "text": new}
    return {"path": "solution.py", "function": function, "line": line, **place}


def whole(text: str, change: dict[str, Any]) -> CodeType:
    """The function of the mutated file, as Python compiles it."""
    plain = text.removeprefix("\ufeff")
    mutated = plain[: change["start"]] + change["text"] + plain[change["end"] :]
    code = compile(mutated, "solution.py", "exec", dont_inherit=True)
    return next(c for c in codes_in(code) if c.co_qualname == change["function"])


@pytest.mark.parametrize("text", CODES.values(), ids=CODES)
@pytest.mark.parametrize("new", ["2", "(1 if 2 else\n 3)"])
def test_a_patch_is_what_the_whole_file_gives(tmp_path: Path, text: str, new: str) -> None:
    text = textwrap.dedent(text) if text.startswith("\n") else text
    change = edit(text, "ONE", new, "A.f" if "class" in text else "f")
    patch = made(tmp_path, text).mutant(change)
    expected = whole(text, change)
    assert patch.code == expected
    assert list(patch.code.co_positions()) == list(expected.co_positions())
    assert patch.code != whole(text, {**change, "text": "ONE"})


def test_a_mutant_that_lost_its_super_keeps_room_for_the_class(tmp_path: Path) -> None:
    text = "class A:\n    def f(self):\n        return super().f()\n"
    patch = made(tmp_path, text).mutant(edit(text, "super().f()", "None", "A.f"))
    assert patch.code.co_freevars == ("__class__",)


def test_an_edit_beyond_the_definition_is_read_with_the_whole_file(tmp_path: Path) -> None:
    text = "def f(a):\n    return a\nx = 1\ndef g(): pass\n"
    change = edit(text, "a\nx", "(a,\nx)\nx", "f")
    assert made(tmp_path, text).mutant(change).code == whole(text, change)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    text = "def f(a):\n    return a\n"
    change = edit(text, "a\n", "b\n", "f")
    with pytest.raises(LookupError, match="no g at line 1"):
        made(tmp_path, text).mutant({**change, "function": "g"})


def test_a_control_is_other_bytecode_that_answers_alike(tmp_path: Path) -> None:
    text = "def f(a):\n    return a * 2\n"
    patches, change = made(tmp_path, text), edit(text, "2", "3", "f")
    found = set()
    for seed in range(100):
        patch = patches.control(change, random.Random(seed))  # noqa: S311 - an order, no secret
        space: dict[str, Any] = {}
        exec(compile(text, "solution.py", "exec"), space)  # noqa: S102 - our own
        space["f"].__code__ = patch.code
        assert space["f"](4) == 8
        assert patch.text is None
        found.add(patch.code)
    assert whole(text, {**change, "text": "2"}) not in found
    assert len(found) > 20
