"""One question to a language model: made of a claim, asked within its time, paid by its purse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.errors import InfrastructureError
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.kept import Category
from fractal_rmo.domain.ledger import Limit, OverBudgetError
from fractal_rmo.domain.model import (
    Mend,
    ModelCancelledError,
    ModelError,
    ModelReply,
    ModelRequest,
)
from fractal_rmo.domain.run import RunCancelledError
from fractal_rmo.domain.step import Claim
from fractal_rmo.generation import prompts
from fractal_rmo.learning import guidance
from fractal_rmo.services.admit import wanted_provider
from fractal_rmo.services.hold import Hold
from fractal_rmo.services.purse import TaskPurse, advice_limit, limits_of
from fractal_rmo.services.tools import Tools
from fractal_rmo.version import VERSION

SHARE_OF_TIME = 0.25
"""Of what is left to the task, for an answer that it can do without."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Why there is no answer; ``had_room`` is false where the budget had none for the question."""

    why: str
    had_room: bool = True


class ModelMisconfiguredError(Exception):
    """No further question helps; the text says what to do."""


def request_of(
    role: str,
    prompt: prompts.Prompt,
    claim: Claim,
    settings: Settings,
    protocol: JsonObject,
    schema: JsonObject,
    model: str = "",
) -> ModelRequest:
    """The request of a step, with the step's id as its key; ``role`` is an agent type."""
    agent = getattr(settings.agents, role)
    return ModelRequest(
        role=role,
        system=prompt.system,
        user=prompt.user,
        schema=schema,
        schema_name="files",
        max_tokens=agent.max_tokens,
        temperature=agent.temperature,
        purpose=f"{claim.kind} {claim.ref.action}",
        model=model,
        provider=wanted_provider(claim.provider),
        versions=(
            f"protocol {protocol['version']}",
            f"prompts {prompts.VERSION}",
            f"guidance {guidance.VERSION}",
            f"fractal-rmo {VERSION}",
        ),
        key=claim.ref.step_id,
    )


def shared(request: ModelRequest, category: Category) -> ModelRequest:
    """The same question, answered once for all tasks that ask it while its category is kept.

    For what decides nothing.  Code and tests are each task's own: a second candidate has to be
    another one, and tests that are wrong would be wrong for everybody who asks again.
    """
    return replace(request, key="", shared=True, category=category)


def ask(request: ModelRequest, claim: Claim, hold: Hold, tools: Tools) -> ModelReply:
    """The answer that the step cannot do without.

    Raises ``InfrastructureError`` for what may be waited for,
    ``ModelMisconfiguredError`` for what another configuration mends,
    ``ModelError`` for the rest, ``RunCancelledError`` and ``OverBudgetError``.
    """
    asked_for = claim.ref.action.partition("-")[0].replace("propose", "code")
    hold.note({"stage": "propose", "trying": f"{asked_for} from a model"})
    try:
        return _ask_once(request, claim, hold, tools, seconds=claim.seconds_left - 1.0)
    except ModelCancelledError as error:
        raise RunCancelledError from error
    except ModelError as error:
        if error.trouble.mend is Mend.WAIT:
            missing_s = error.retry_after_s or 0.0
            raise InfrastructureError(error.code, error.detail, retry_after_s=missing_s) from error
        if error.trouble.mend is Mend.CONFIGURE:
            raise ModelMisconfiguredError(str(error)) from error
        raise


def ask_aside(
    request: ModelRequest,
    claim: Claim,
    hold: Hold,
    tools: Tools,
    keep: Callable[[JsonObject], bool],
) -> ModelReply | Silence:
    """The answer that the step can do without, of a part of what is left of time and budget.

    One of which ``keep`` says False is not kept for others.  Raises ``RunCancelledError``.
    """
    seconds, limits = claim.seconds_left * SHARE_OF_TIME, (advice_limit(claim),)
    try:
        return _ask_once(request, claim, hold, tools, seconds=seconds, limits=limits, keep=keep)
    except ModelCancelledError as error:
        if hold.must_stop():
            raise RunCancelledError from error
        return Silence("Its time was over.")
    except (ModelError, OverBudgetError) as error:
        return Silence(str(error), had_room=isinstance(error, ModelError))


def _ask_once(
    request: ModelRequest,
    claim: Claim,
    hold: Hold,
    tools: Tools,
    *,
    seconds: float,
    limits: tuple[Limit, ...] = (),
    keep: Callable[[JsonObject], bool] = lambda _: True,
) -> ModelReply:
    """The answer within ``seconds``, or what ``LanguageModel.ask`` raises.

    ``limits`` are charged beside those of the task.
    """
    charged = (*limits_of(claim, tools.settings.limits), *limits)
    return tools.models.ask(
        request,
        seconds=max(1.0, seconds),
        cancelled=hold.must_stop,
        purse=TaskPurse(tools.ledger, claim.ref.task_id, charged),
        keep=keep,
    )
