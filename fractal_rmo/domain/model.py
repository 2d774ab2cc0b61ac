"""Language models: what is asked of one, what comes back, and what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fractal_rmo.domain.errors import ErrorCode, FractalError
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.kept import Category


class ModelProvider(StrEnum):
    """The protocol that an endpoint speaks; OPENAI is also that of Ollama, vLLM and llama.cpp."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that answers: a provider's address under one key, which is kept elsewhere.

    An empty ``base_url`` is the provider's own; an empty ``model`` is the one
    that the settings name for the role.  Load is shared in proportion to
    ``weight``; ``max_calls`` at once, where 0 is no limit.  ``free`` says that
    nobody is billed, as for a model on one's own machine.
    """

    name: str
    provider: ModelProvider
    base_url: str = ""
    model: str = ""
    weight: float = 1.0
    max_calls: int = 0
    timeout_s: float = 120.0
    free: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question, answered by a document under ``schema`` (JSON Schema, an object).

    ``role`` is the agent type whose settings name the model: analyzer,
    executor, validator, learner.  ``purpose`` says what the answer is for, in
    logs and in the ledger.  ``model`` asks for another than the role's, and
    ``provider`` for that provider's endpoints only.  ``versions`` are those
    of the protocol and the tools that the answer depends on: a cached answer
    is used again only where they are the same.  What is asked a second time under
    one ``key`` gets its first answer, whatever the temperature: it is paid once.
    ``shared`` says the same of whoever asks an equal question, for as long as
    answers of its ``category`` are kept.
    ``remark`` says in our words what the last answer to it lacked.
    """

    role: str
    system: str
    user: str
    schema: JsonObject
    schema_name: str
    max_tokens: int
    temperature: float | None = None
    seed: int | None = None
    purpose: str = ""
    model: str = ""
    provider: ModelProvider | None = None
    versions: tuple[str, ...] = ()
    key: str = ""
    shared: bool = False
    category: Category = Category.OTHER
    remark: str = ""

    @property
    def asked(self) -> str:
        """The message with the question."""
        return f"{self.user}\n\n{self.remark}" if self.remark else self.user


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens: ``cached`` is the part of ``tokens_in`` that the provider had read before.

    ``estimated`` says that the server told nothing and the text was measured.
    """

    tokens_in: int = 0
    tokens_out: int = 0
    cached: int = 0
    estimated: bool = False

    @property
    def tokens(self) -> int:
        """All that count against a budget."""
        return self.tokens_in + self.tokens_out

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.cached + other.cached,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens; ``source`` says who named it."""

    per_million_in: float
    per_million_out: float
    per_million_cached: float
    source: str

    def of(self, usage: Usage) -> float:
        """Dollars."""
        fresh = max(usage.tokens_in - usage.cached, 0)
        parts = (
            fresh * self.per_million_in,
            usage.cached * self.per_million_cached,
            usage.tokens_out * self.per_million_out,
        )
        return sum(parts) / 1_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that one attempt can use, named before it is made.

    ``attempt`` counts from 1 within one ``ask``.  ``seconds`` is its time-out.
    """

    role: str
    purpose: str
    endpoint: str
    model: str
    attempt: int
    usage: Usage
    dollars: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelReply:
    """An answer that fits its schema.

    ``usage`` and ``dollars`` are those of all ``attempts`` together, failed
    ones included, and 0 for an answer that was ``cached``.  ``latency_s`` is
    from the question to the answer, waiting included.
    """

    document: JsonObject
    text: str
    usage: Usage
    dollars: float
    model: str
    endpoint: str
    latency_s: float
    attempts: int
    cached: bool = False


class Mend(StrEnum):
    """What to do about a trouble."""

    WAIT = "wait and retry"
    CONFIGURE = "fix the configuration"
    CHANGE = "change the request"
    REPEAT = "ask again"


class ModelTrouble(StrEnum):
    """Why an attempt brought no answer."""

    RATE_LIMITED = "rate limited"
    OVERLOADED = "overloaded"
    TIMED_OUT = "timed out"
    CONNECTION = "connection lost"
    RESTING = "resting after failures"
    BAD_KEY = "key refused"
    NO_CREDIT = "no credit"
    NO_SUCH_MODEL = "no such model"
    NO_SUCH_HOST = "no such host"
    NOT_PRICED = "not priced"
    TOO_LONG = "too long"
    REFUSED = "refused by policy"
    CUT_OFF = "cut off"
    NOT_ACCEPTED = "request not accepted"
    MALFORMED = "malformed answer"

    @property
    def mend(self) -> Mend:
        """What to do about it."""
        return _TABLE[self][0]

    @property
    def code(self) -> ErrorCode:
        """The code under which a person meets it."""
        return _TABLE[self][1]


_TABLE = MappingProxyType(
    {
        ModelTrouble.RATE_LIMITED: (Mend.WAIT, ErrorCode.MODEL_RATE_LIMITED),
        ModelTrouble.OVERLOADED: (Mend.WAIT, ErrorCode.MODEL_OVERLOADED),
        ModelTrouble.TIMED_OUT: (Mend.WAIT, ErrorCode.MODEL_TIMED_OUT),
        ModelTrouble.CONNECTION: (Mend.WAIT, ErrorCode.MODEL_CONNECTION),
        ModelTrouble.RESTING: (Mend.WAIT, ErrorCode.MODEL_RESTING),
        ModelTrouble.BAD_KEY: (Mend.CONFIGURE, ErrorCode.MODEL_BAD_KEY),
        ModelTrouble.NO_CREDIT: (Mend.CONFIGURE, ErrorCode.MODEL_NO_CREDIT),
        ModelTrouble.NO_SUCH_MODEL: (Mend.CONFIGURE, ErrorCode.NO_SUCH_MODEL),
        ModelTrouble.NO_SUCH_HOST: (Mend.CONFIGURE, ErrorCode.NO_SUCH_MODEL_HOST),
        ModelTrouble.NOT_PRICED: (Mend.CONFIGURE, ErrorCode.MODEL_NOT_PRICED),
        ModelTrouble.TOO_LONG: (Mend.CHANGE, ErrorCode.PROMPT_TOO_LONG),
        ModelTrouble.REFUSED: (Mend.CHANGE, ErrorCode.MODEL_REFUSED),
        ModelTrouble.CUT_OFF: (Mend.CHANGE, ErrorCode.ANSWER_CUT_OFF),
        ModelTrouble.NOT_ACCEPTED: (Mend.CHANGE, ErrorCode.MODEL_REQUEST_REFUSED),
        ModelTrouble.MALFORMED: (Mend.REPEAT, ErrorCode.BAD_ANSWER),
    }
)


class ModelError(FractalError):
    """A model gave no answer.

    ``retry_after_s`` is how long the server asked to be left alone, None where
    it did not say.  ``usage`` is what the attempt cost nevertheless.
    """

    def __init__(
        self,
        trouble: ModelTrouble,
        detail: str = "",
        *,
        retry_after_s: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(trouble.code, detail)
        self.trouble = trouble
        self.retry_after_s = retry_after_s
        self.usage = usage or Usage()


class ModelCancelledError(Exception):
    """Whoever asked does not want the answer any more."""
