"""What the SDKs raise, as our errors: named by what to do about them.

Both SDKs name their errors alike; they are told apart here by status and by
the body's codes, not by their classes.
"""

from __future__ import annotations

import email.utils
import re
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from fractal_rmo.adapters.llm.speaker import Answer, Call, Feature, at_most, uses
from fractal_rmo.domain.model import Endpoint, ModelError, ModelRequest, ModelTrouble

_LONGEST = 300
_TOO_LONG = re.compile(r"context.?(length|window|size)|too long|too many tokens", re.IGNORECASE)
_NO_MODEL = re.compile(r"model.{0,80}(not (found|exist)|does not exist|unknown)", re.IGNORECASE)
_CREDIT = re.compile(r"insufficient_quota|billing|credit balance", re.IGNORECASE)
_POLICY = re.compile(r"content_(filter|policy)|safety", re.IGNORECASE)
_KEYS = re.compile(r"\b(sk|pk|key)-[\w*.-]{4,}")
_BY_STATUS = {
    401: ModelTrouble.BAD_KEY,
    402: ModelTrouble.NO_CREDIT,
    403: ModelTrouble.BAD_KEY,
    404: ModelTrouble.NO_SUCH_MODEL,
    408: ModelTrouble.TIMED_OUT,
    409: ModelTrouble.OVERLOADED,
    413: ModelTrouble.TOO_LONG,
    429: ModelTrouble.RATE_LIMITED,
    504: ModelTrouble.TIMED_OUT,
}
_NAMES = {
    Feature.TEMPERATURE: ("temperature",),
    Feature.SEED: ("seed",),
    Feature.MAX_COMPLETION: ("max_completion_tokens",),
    Feature.STREAM_USAGE: ("stream_options",),
    Feature.STREAM: ("stream",),
    Feature.SCHEMA: ("response_format", "json_schema", "output_config", "output format", "schema"),
    Feature.TOOL: ("tool", "function"),
    Feature.JSON: ("response_format", "json_object"),
}
"""How a refusal names a feature; the first that fits is the one that is meant."""


async def leaving_out(
    refused: set[Feature],
    endpoint: Endpoint,
    call: Call,
    secret: str,
    once: Callable[[Call, Collection[Feature]], Awaitable[Answer]],
) -> Answer:
    """What ``once`` answers, asked again without each feature that the server refuses by name.

    Such features are added to ``refused`` once there is an answer without them: a refusal may
    repeat the question, which can name any.  Raises ``ModelError`` for everything else.
    """
    left_out: set[Feature] = set()
    while True:
        used = uses(endpoint, call, refused | left_out)
        try:
            answer = await once(call, used)
        except ModelError:
            refused.update(left_out)  # it answered, and not as it should
            raise
        except Exception as error:  # noqa: BLE001 - the transport's own come through as well
            feature = refused_feature(error, used)
            if feature is None:
                raise from_sdk(error, call.request, secret) from None
            left_out.add(feature)
        else:
            refused.update(left_out)
            return answer


def from_sdk(error: Exception, request: ModelRequest, secret: str) -> ModelError:
    """The error of ours for what an SDK or its transport raised."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= 300:
        return _from_status(error, status, secret)
    kind = type(error).__name__
    if "Validation" in kind or isinstance(error, ValueError):
        detail = "The server's reply is not what its protocol says."
        return ModelError(ModelTrouble.MALFORMED, detail, usage=at_most(request))
    causes = _causes(error)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return ModelError(ModelTrouble.NO_SUCH_HOST)
    unsent = any(type(cause).__name__.startswith("Connect") for cause in causes[1:])
    timed_out = any("Timeout" in type(cause).__name__ for cause in causes)
    trouble = ModelTrouble.TIMED_OUT if timed_out else ModelTrouble.CONNECTION
    innermost = redacted(str(causes[-1]), secret) or type(causes[-1]).__name__
    detail = f"{trouble.value.capitalize()}: {innermost}"
    return ModelError(trouble, detail, usage=None if unsent else at_most(request))


def refused_feature(error: Exception, used: frozenset[Feature]) -> Feature | None:
    """The feature that a 400, 422 or 501 names as what it does not take."""
    if getattr(error, "status_code", None) not in (400, 422, 501):
        return None
    text = _body(error).lower()
    if any(pattern.search(text) for pattern in (_TOO_LONG, _CREDIT, _POLICY)):
        return None  # such sentences may name a parameter as well, and are of this request alone
    for feature, names in _NAMES.items():
        if feature in used and any(name in text for name in names):
            return feature
    return None


def redacted(text: str, secret: str) -> str:
    """The text without keys, at most 300 characters of it."""
    if secret:
        text = text.replace(secret, "…")
    return _KEYS.sub("…", text).strip()[:_LONGEST]


def _from_status(error: Exception, status: int, secret: str) -> ModelError:
    body = _body(error)
    said = redacted(_said(error), secret)
    return ModelError(
        _trouble(status, body),
        f"The server answered {status}: {said}",
        retry_after_s=_retry_after_s(getattr(error, "response", None)),
    )


def _trouble(status: int, body: str) -> ModelTrouble:
    if status in (400, 402, 403, 429) and _CREDIT.search(body):
        return ModelTrouble.NO_CREDIT
    if status < 400:  # no redirection is followed: the question would go to somebody else
        return ModelTrouble.NO_SUCH_HOST
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return ModelTrouble.OVERLOADED
    for pattern, trouble in (
        (_TOO_LONG, ModelTrouble.TOO_LONG),
        (_POLICY, ModelTrouble.REFUSED),
        (_NO_MODEL, ModelTrouble.NO_SUCH_MODEL),
    ):
        if pattern.search(body):
            return trouble
    return ModelTrouble.NOT_ACCEPTED


def _said(error: Exception) -> str:
    """The server's own sentence, where its body has one."""
    body: Any = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    told = inner.get("message") if isinstance(inner, dict) else None
    return str(told or getattr(error, "message", error))


def _body(error: Exception) -> str:
    return f"{getattr(error, 'body', '')} {getattr(error, 'message', error)}"


def _retry_after_s(response: Any) -> float | None:
    """The header in seconds or as a date (RFC 9110, 10.2.3), or the vendors' milliseconds."""
    headers: Mapping[str, str] = getattr(response, "headers", {})
    with suppress(ValueError):
        if millis := headers.get("retry-after-ms"):
            return max(float(millis) / 1000, 0.0)
    text = headers.get("retry-after", "")
    with suppress(ValueError):
        return max(float(text), 0.0)
    with suppress(ValueError, TypeError):
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    return None


def _causes(error: BaseException) -> list[BaseException]:
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) is not None:
        if cause in found:
            break
        found.append(cause)
    return found
