"""The question for properties of code that its writer has not seen."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.generation.prompts import Prompt, Slots, compose

MOST_ASKED = 5
_INSTRUCTIONS = (
    "You state properties of Python code that somebody else writes from the same task; you will"
    " never see it. A property is true of every right solution and of all values that you describe:"
    " a round trip, an invariant, a bound, two ways to the same result, what a second call changes."
    f" State at most {MOST_ASKED}, none that you are not sure of, and none that only repeats the"
    " result of one call. The data says by which module and functions the code is called; only"
    " these may be named."
    "\n'holds' and 'given' are Python expressions over the parameters, in which these functions,"
    " Python's plain built-in ones (len, sorted, sum, all, any, min, max, abs, set, range, ...),"
    " math.isclose and the like, and short comprehensions may be used; no lambda, no import, no"
    " attribute but methods of built-in data. 'given' says for which values 'holds' is meant,"
    " '' for all."
    "\nThe 'values' of a parameter are described as the library hypothesis does, without a prefix:"
    " integers(min_value, max_value), floats(min_value, max_value), booleans(), none(),"
    " text(alphabet='...', min_size=0, max_size=12), lists(values, min_size=0, max_size=8,"
    " unique=False), sets(values), tuples(values, values), dictionaries(keys, values),"
    " sampled_from([...]), just(value), one_of(values, values). Describe only values for which the"
    " task says what is right."
    "\nAnswer with one JSON document: 'properties', a list of objects with 'module', 'says' (one"
    " sentence), 'parameters' (objects with 'name' and 'values'), 'given' and 'holds', such as"
    ' {"module": "solution", "says": "Encoding and decoding gives the text back.", "parameters":'
    ' [{"name": "text", "values": "text(max_size=20)"}], "given": "", "holds":'
    ' "decode(encode(text)) == text"}.'
)
_TEXT: Json = {"type": "string"}


def _object(properties: dict[str, Json]) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(**properties: Json) -> JsonObject:
    return {"type": "array", "items": _object(properties)}


PROPERTIES_SCHEMA = _object(
    {
        "properties": _list_of(
            module=_TEXT,
            says=_TEXT,
            parameters=_list_of(name=_TEXT, values=_TEXT),
            given=_TEXT,
            holds=_TEXT,
        )
    }
)


def properties_prompt(task: str, code: SourceTree, tests: SourceTree, interface: str) -> Prompt:
    """The question; of ``code`` only what can be called is told, without what it does.

    ``tests`` are those that a person gave, ``interface`` is what the writer of
    tests decided where nobody gave any.
    """
    known = "\n".join(filter(None, (interface.strip(), *signatures(code))))
    return compose(_INSTRUCTIONS, Slots(task, tests=tests, interface=known))


def signatures(code: SourceTree) -> Iterator[str]:
    """A line for each function at the top of a file, with its docstring; no body of any."""
    for path, text in code.python_files():
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        file = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__")
        module = file.replace("/", ".")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                answer = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                says = " ".join((ast.get_docstring(node) or "").split())
                line = f"{module}.{node.name}({ast.unparse(node.args)}){answer}"
                yield f"{line}: {says}" if says else line
