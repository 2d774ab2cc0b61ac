"""Steps that wait for a language model: no jail, no fork, no connection held while they wait."""

from __future__ import annotations

from collections.abc import Sequence

from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.action import ExecutionResult, Strategy
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.model import ModelError, ModelReply, ModelRequest
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Claim
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.generation.check import check_code, check_tests, check_words
from fractal_rmo.generation.prompts import Role, Slots, build
from fractal_rmo.generation.replies import (
    CODE_SCHEMA,
    TESTS_SCHEMA,
    Reply,
    ReplyRefusedError,
    one_line,
    read_files,
)
from fractal_rmo.services.asking import ask, request_of
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.performed import Turn, done, proposals
from fractal_rmo.services.slots import guidance_for, slots_of, why_no_tests
from fractal_rmo.services.tools import Tools

_ROLES = {
    TaskKind.GENERATE: Role.GENERATE,
    TaskKind.FIX: Role.FIX,
    TaskKind.REFACTOR: Role.REFACTOR,
}
Proposed = tuple[ExecutionResult, SourceTree | None]


def propose(claim: Claim, hold: Hold, tools: Tools) -> Proposed:
    """Ask for code, cheapest model first; what is not let in is evidence for the next question.

    Raises ``InfrastructureError`` for what may be waited for, ``RunCancelledError``,
    ``OverBudgetError``, and ``ModelMisconfiguredError`` for what only another configuration mends.
    """
    learned = guidance_for(claim, tools.known)
    request = code_request(claim, tools.settings, tools.known.protocol(), learned)
    try:
        answer = ask(request, claim, hold, tools)
        reply = read_files(answer.document, "notes")
        may_add = claim.kind is TaskKind.GENERATE
        check_code(reply.files, claim.code, claim.oracle, claim.description, may_add=may_add)
        check_words([reply.words])
    except ReplyRefusedError as error:
        return _nothing(Turn.NO_PROPOSAL, f"The answer was not let in: {error}", answer), None
    except ModelError as error:
        return _nothing(Turn.NO_PROPOSAL, f"There was no answer: {error.detail}"), None
    note = one_line(reply.words) or "A proposal."
    return _answered(Turn.PROPOSED, note, answer, reply), None


def write_tests(claim: Claim, hold: Hold, tools: Tools) -> Proposed:
    """Ask for tests of code that is not written yet; raises as ``propose`` does.

    Where none are let in they are asked for once more, with the reason.
    """
    request = tests_request(claim, tools.settings, tools.known.protocol())
    try:
        answer = ask(request, claim, hold, tools)
        reply = read_files(answer.document, "interface")
        check_tests(reply.files, claim.description)
        check_words([reply.words])
    except ReplyRefusedError as error:
        return _nothing(Turn.NO_TESTS, f"The tests were not let in: {error}", answer), None
    except ModelError as error:
        return _nothing(Turn.NO_TESTS, f"No tests were written: {error.detail}"), None
    note = f"{len(reply.files)} test file(s) were written by a language model."
    return _answered(Turn.TESTS_WRITTEN, note, answer, reply), reply.files


def code_request(
    claim: Claim, settings: Settings, protocol: JsonObject, learned: Sequence[str] = ()
) -> ModelRequest:
    """The question for code, with all that is known so far."""
    prompt = build(_ROLES[claim.kind], slots_of(claim, learned))
    cheaper, asked = settings.models.cheaper_first, len(proposals(claim))
    model = cheaper[asked] if asked < len(cheaper) else ""
    return request_of("executor", prompt, claim, settings, protocol, CODE_SCHEMA, model)


def tests_request(claim: Claim, settings: Settings, protocol: JsonObject) -> ModelRequest:
    """The question for tests, of whoever writes no code here."""
    slots = Slots(claim.description, claim.code, evidence=why_no_tests(claim))
    prompt = build(Role.TESTS, slots)
    return request_of("validator", prompt, claim, settings, protocol, TESTS_SCHEMA)


def _answered(turn: Turn, note: str, answer: ModelReply, reply: Reply) -> ExecutionResult:
    interface = {"interface": reply.words} if turn is Turn.TESTS_WRITTEN else {}
    return done(
        Strategy.API,
        turn,
        note,
        files=dict(reply.files.files),
        model=answer.model,
        tokens=answer.usage.tokens,
        dollars=answer.dollars,
        **interface,
    )


def _nothing(turn: Turn, why: str, answer: ModelReply | None = None) -> ExecutionResult:
    used = {"tokens": answer.usage.tokens, "dollars": answer.dollars} if answer else {}
    return done(Strategy.API, turn, why, evidence=[why], **used)
