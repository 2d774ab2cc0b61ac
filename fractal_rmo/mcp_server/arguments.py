"""What the tools take, with the words that tell a client what is meant."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Files = Annotated[
    dict[str, str],
    Field(description='Texts by relative path, such as {"solution.py": "def f(): ..."}.'),
]
Tests = Annotated[
    dict[str, str],
    Field(description='pytest files by relative path, such as {"test_solution.py": "..."}; '
                      "they import the code by its module's name."),
]  # fmt: skip
UpTo = Annotated[
    int,
    Field(ge=1, le=6, description="Prove up to this level: 3 the given tests, 5 inputs nobody "
                                  "chose, 6 the tests would notice a change."),
]  # fmt: skip
Interpreter = Annotated[
    str,
    Field(description="Absolute path of the interpreter whose packages the code needs; empty: "
                      "the standard library only."),
]  # fmt: skip
Proposer = Annotated[
    str,
    Field(description="Who proposes changes: auto (the repair engine, then a language model where "
                      "one is configured), offline (no model), openai, anthropic."),
]  # fmt: skip
