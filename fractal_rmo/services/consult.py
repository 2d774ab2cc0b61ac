"""Steps that ask for words: notes of five analyzers, a plan, an explanation.

None of it decides, so none of it is missed: what fails, comes too late or has no
room in the budget is left out, and the step says so and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.action import ExecutionResult, Strategy
from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.kept import Category
from fractal_rmo.domain.model import ModelRequest
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim, Stage
from fractal_rmo.editing.diff import unified_diff
from fractal_rmo.generation.check import check_explanation, check_words
from fractal_rmo.generation.prompts import Prompt
from fractal_rmo.generation.replies import LINES_SCHEMA, ReplyRefusedError, read_lines
from fractal_rmo.generation.voices import (
    MOST_NOTES,
    MOST_STEPS,
    explanation_prompt,
    notes_prompt,
    plan_prompt,
)
from fractal_rmo.services.asking import Silence, ask_aside, request_of, shared
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.performed import Turn, done, latest_proposal
from fractal_rmo.services.slots import findings, guidance_for, slots_of
from fractal_rmo.services.tools import Tools

MOST_TOKENS = 1500
"""Of an answer in a few sentences, where the agent's settings allow more."""
_NOTHING = "It said nothing."
Consulted = tuple[ExecutionResult, SourceTree | None]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one question brought: sentences, or why there are none; and what it used."""

    lines: Sequence[str] = ()
    why: str = ""
    tokens: int = 0
    dollars: float = 0.0
    had_room: bool = True
    cached: bool = False


def take_notes(claim: Claim, hold: Hold, tools: Tools) -> Consulted:
    """Ask the analyzers' models, all at once.  Raises ``RunCancelledError``."""
    learned = guidance_for(claim, tools.known)
    protocol = tools.known.protocol()
    asked = notes_requests(claim, tools.settings, protocol, learned)
    hold.note({"stage": "consult", "trying": f"the notes of {len(asked)} analyzers"})

    def ask(request: ModelRequest) -> Heard:
        return _heard(request, MOST_NOTES, claim, hold, tools)

    with ThreadPoolExecutor(len(asked), "notes") as threads:
        first = list(threads.map(ask, asked))
    # most of what five calls set aside at once is free again after them
    heard = [at if at.had_room else ask(each) for each, at in zip(asked, first, strict=True)]
    by_analyzer = dict(zip(AnalyzerRole, heard, strict=True))
    notes: dict[str, Json] = {
        name.value: list(each.lines) for name, each in by_analyzer.items() if each.lines
    }
    count = sum(len(each.lines) for each in heard)
    note = f"{count} notes of {len(notes)} analyzers."
    silent = [f"{name}: {each.why}" for name, each in by_analyzer.items() if each.why]
    return _told(Turn.NOTED, note, heard, silent, notes=notes), None


def make_plan(claim: Claim, hold: Hold, tools: Tools) -> Consulted:
    """Ask the coordinator's model to merge the notes.  Raises ``RunCancelledError``."""
    learned = guidance_for(claim, tools.known)
    request = plan_request(claim, tools.settings, tools.known.protocol(), learned)
    hold.note({"stage": "consult", "trying": "a plan of the notes"})
    heard = _heard(request, MOST_STEPS, claim, hold, tools)
    note = f"A plan of {len(heard.lines)} steps." if heard.lines else "There is no plan."
    return _told(Turn.PLANNED, note, [heard], plan=list(heard.lines)), None


def explain(claim: Claim, hold: Hold, tools: Tools) -> Consulted:
    """Ask what the proposal does, which is the candidate either way.

    The sentence is told of a proven result only, and only of this one
    (``explanation_of``).  Raises ``RunCancelledError``.
    """
    request = explanation_request(claim, tools.settings, tools.known.protocol())
    hold.note({"stage": "consult", "trying": "an explanation"})
    heard = _heard(request, 1, claim, hold, tools, check_explanation)
    sentence, explained = "".join(heard.lines[:1]), latest_proposal(claim)
    judged = str(claim.slices(Stage.EXECUTE)[-1]["note"])
    said = {"explanation": sentence, "explains": explained.sha256 if explained else ""}
    return _told(Turn.EXPLAINED, judged, [heard], **said), explained


def explanation_of(claim: Claim, result: SourceTree) -> str:
    """What a model said of exactly this result in this round; "" for nothing."""
    for output in reversed(claim.slices(Stage.EXECUTE)):
        if output.get("explanation") and output.get("explains") == result.sha256:
            return str(output["explanation"])
    return ""


def notes_requests(
    claim: Claim, settings: Settings, protocol: JsonObject, learned: Sequence[str] = ()
) -> Sequence[ModelRequest]:
    """A question for each analyzer, with what it found itself."""
    slots = slots_of(claim, learned)
    prompts = {
        analyzer: notes_prompt(analyzer, replace(slots, findings=findings(claim, analyzer)))
        for analyzer in AnalyzerRole
    }
    return [
        _request("analyzer", prompt, claim, settings, protocol, Category.ANALYSIS, analyzer)
        for analyzer, prompt in prompts.items()
    ]


def plan_request(
    claim: Claim, settings: Settings, protocol: JsonObject, learned: Sequence[str] = ()
) -> ModelRequest:
    """The coordinator's question: it works in the analyzers' processes, and by their model."""
    prompt = plan_prompt(slots_of(claim, learned))
    return _request("analyzer", prompt, claim, settings, protocol, Category.ANALYSIS)


def explanation_request(claim: Claim, settings: Settings, protocol: JsonObject) -> ModelRequest:
    """The question about the change, for the model that costs least and did not make it."""
    change = unified_diff(claim.code, latest_proposal(claim) or claim.code)
    prompt = explanation_prompt(claim.description, change)
    return _request("validator", prompt, claim, settings, protocol, Category.OTHER)


def _request(
    role: str,
    prompt: Prompt,
    claim: Claim,
    settings: Settings,
    protocol: JsonObject,
    category: Category,
    who: str = "",
) -> ModelRequest:
    """A question for sentences; ``who`` tells apart those of one step."""
    asked = request_of(role, prompt, claim, settings, protocol, LINES_SCHEMA)
    return replace(
        shared(asked, category),
        schema_name="lines",
        max_tokens=min(asked.max_tokens, MOST_TOKENS),
        purpose=f"{asked.purpose} {who}".strip(),
    )


def _heard(
    request: ModelRequest,
    most: int,
    claim: Claim,
    hold: Hold,
    tools: Tools,
    check: Callable[[Sequence[str]], None] = check_words,
) -> Heard:
    """What is let in of the answer; only that is kept for other tasks."""

    def read(document: JsonObject) -> Heard:
        lines = read_lines(document, most)
        try:
            check(lines)
        except ReplyRefusedError as error:
            return Heard(why=str(error))
        return Heard(lines, why="" if lines else _NOTHING)

    def is_let_in(document: JsonObject) -> bool:
        return read(document).why in ("", _NOTHING)

    answer = ask_aside(request, claim, hold, tools, is_let_in)
    if isinstance(answer, Silence):
        return Heard(why=answer.why, had_room=answer.had_room)
    return replace(
        read(answer.document),
        tokens=answer.usage.tokens,
        dollars=answer.dollars,
        cached=answer.cached,
    )


def _told(
    turn: Turn, note: str, heard: Sequence[Heard], silent: Sequence[str] = (), **said: Json
) -> ExecutionResult:
    """A step's result; ``silent`` says who gave no answer and why."""
    tokens, dollars = sum(each.tokens for each in heard), sum(each.dollars for each in heard)
    said["silent"] = list(silent or _why(heard))
    said["from_cache"] = sum(each.cached for each in heard)
    return done(Strategy.API, turn, note, tokens=tokens, dollars=dollars, **said)


def _why(heard: Sequence[Heard]) -> Iterator[str]:
    return (each.why for each in heard if each.why)
