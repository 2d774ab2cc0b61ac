"""Every error a person can meet, by its stable code.

A code never changes its meaning and is never used twice.  ``CATALOGUE`` is
what ``fractal-rmo explain CODE`` prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable codes: FR1 input, FR2 lifecycle, FR3 servers, FR4 sandbox, FR5 settings, FR6 data.

    FR7 is for language models.
    """

    BAD_SYNTAX = "FR101"
    EMPTY_CODE = "FR102"
    TOO_LARGE = "FR103"
    NOT_TEXT = "FR104"
    BAD_FILE_NAME = "FR105"
    UNKNOWN_KIND = "FR106"
    UNKNOWN_LEVEL = "FR107"
    KIND_NOT_BUILT = "FR109"
    NEEDS_MODEL = "FR110"
    NEEDS_TESTS = "FR111"
    NO_SUCH_FILE = "FR112"
    UNKNOWN_PROVIDER = "FR113"
    BAD_DOCUMENT = "FR114"
    BAD_KEY = "FR115"
    CANNOT_WRITE = "FR116"
    OVER_LIMIT = "FR117"
    KEY_TAKEN = "FR118"
    BAD_PROOF = "FR119"
    CANNOT_SIGN = "FR120"
    NEEDS_DESCRIPTION = "FR121"
    BAD_DATA = "FR131"
    BAD_SCHEMA = "FR132"
    NO_SUCH_TASK = "FR201"
    ILLEGAL_TRANSITION = "FR202"
    TASK_ENDED = "FR203"
    STALE_VERSION = "FR204"
    NO_RESULT = "FR205"
    NO_SUCH_PROTOCOL = "FR206"
    FIRST_PROTOCOL = "FR207"
    BROKEN_CHAIN = "FR210"
    NO_SUCH_STEP = "FR211"
    NOT_DEAD = "FR212"
    WENT_ON = "FR213"
    DATABASE_DOWN = "FR301"
    BROKER_DOWN = "FR302"
    PORT_TAKEN = "FR303"
    NO_SPACE = "FR304"
    ALREADY_RUNNING = "FR305"
    SERVER_FAILED = "FR306"
    DATA_VERSION = "FR307"
    NO_WORKERS = "FR308"
    FOREIGN_FOLDER = "FR309"
    DEAF_WORKER = "FR310"
    SANDBOX_UNAVAILABLE = "FR401"
    BAD_PYTHON = "FR402"
    BAD_SETTING = "FR501"
    UNKNOWN_SETTING = "FR502"
    NEEDS_SECRETS = "FR503"
    NEEDS_CLUSTER = "FR504"
    NEEDS_MCP = "FR505"
    BAD_BACKUP = "FR601"
    SCHEMA_AHEAD = "FR602"
    SCHEMA_BEHIND = "FR603"
    NOT_EMPTY = "FR604"
    STILL_RUNNING = "FR605"
    NOT_ALLOWED = "FR606"
    MODEL_RATE_LIMITED = "FR701"
    MODEL_OVERLOADED = "FR702"
    MODEL_TIMED_OUT = "FR703"
    MODEL_CONNECTION = "FR704"
    MODEL_RESTING = "FR705"
    MODEL_BAD_KEY = "FR711"
    MODEL_NO_CREDIT = "FR712"
    NO_SUCH_MODEL = "FR713"
    NO_SUCH_MODEL_HOST = "FR714"
    MODEL_NOT_PRICED = "FR715"
    NEEDS_SDK = "FR716"
    PROMPT_TOO_LONG = "FR721"
    MODEL_REFUSED = "FR722"
    ANSWER_CUT_OFF = "FR723"
    MODEL_REQUEST_REFUSED = "FR724"
    BAD_ANSWER = "FR731"
    OVER_BUDGET = "FR741"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means and what mends it."""

    title: str
    remedy: str


CATALOGUE: dict[ErrorCode, Explanation] = {
    ErrorCode.BAD_SYNTAX: Explanation(
        "The tests do not parse as Python.",
        "Correct the line that the message names, then submit again.",
    ),
    ErrorCode.EMPTY_CODE: Explanation(
        "There is no code: every file is empty.",
        "Give at least one Python file with a statement in it.",
    ),
    ErrorCode.TOO_LARGE: Explanation(
        "The files together are larger than 1 MB (1,048,576 bytes).",
        "Submit only the files that the tests need.",
    ),
    ErrorCode.NOT_TEXT: Explanation(
        "A file is not UTF-8 text, or holds a NUL character.",
        "Submit Python source text; leave binaries out.",
    ),
    ErrorCode.BAD_FILE_NAME: Explanation(
        "A file name is absolute, leaves its folder, or uses characters that are refused.",
        "Use relative names made of letters, digits, '_', '-', '.', and '/', without '..'.",
    ),
    ErrorCode.UNKNOWN_KIND: Explanation(
        "There is no such kind of task.",
        "Use one of: fix, validate, analyze, refactor, generate, document, data.",
    ),
    ErrorCode.UNKNOWN_LEVEL: Explanation(
        "There is no such validation level.",
        "Levels are the numbers 1 (syntax) to 6 (mutation).",
    ),
    ErrorCode.KIND_NOT_BUILT: Explanation(
        "This kind of task is not built yet.",
        "Use one of the kinds that the message lists.",
    ),
    ErrorCode.NEEDS_MODEL: Explanation(
        "This needs a language model, and none is configured.",
        "Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or OPENAI_BASE_URL for a server of your own; "
        "code with failing tests as a 'fix' needs no model.",
    ),
    ErrorCode.NEEDS_TESTS: Explanation(
        "This kind of task needs tests: a result can only be proven by running them.",
        "Add at least one pytest file with --tests.",
    ),
    ErrorCode.NEEDS_DESCRIPTION: Explanation(
        "New code is written from a description, and there is none.",
        "Say with --description what the code should do.",
    ),
    ErrorCode.NO_SUCH_FILE: Explanation(
        "The path does not exist or holds no Python file.",
        "Check the path; a folder is searched for *.py files.",
    ),
    ErrorCode.UNKNOWN_PROVIDER: Explanation(
        "This provider is unknown or not built yet.",
        "Use 'auto', 'offline', 'openai' or 'anthropic'.",
    ),
    ErrorCode.BAD_DOCUMENT: Explanation(
        "A JSON document does not fit its schema.",
        "The message holds the path into the document and what was expected there.",
    ),
    ErrorCode.BAD_KEY: Explanation(
        "The idempotency key cannot be used.",
        "Use a new key of at most 200 printable characters.",
    ),
    ErrorCode.CANNOT_WRITE: Explanation(
        "A file could not be written; no file was changed.",
        "Make it and its folder writable, or name another; 'git apply' takes a printed diff.",
    ),
    ErrorCode.OVER_LIMIT: Explanation(
        "The budget asks for more than this installation allows.",
        "Ask for less, or raise the limit in the section 'limits' of the configuration.",
    ),
    ErrorCode.KEY_TAKEN: Explanation(
        "The idempotency key belongs to a task with other content.",
        "Use a new key for a new task; the same key with the same content is the same task.",
    ),
    ErrorCode.BAD_PROOF: Explanation(
        "The file is no proof as it was made.",
        "Ask whoever made it for the file as 'fractal-rmo validate --proof FILE' wrote it.",
    ),
    ErrorCode.CANNOT_SIGN: Explanation(
        "No proof can be signed.",
        "Set FRACTAL_SIGNING_KEY to a file that you alone can read and write, or that is not there "
        "yet; a key is made at first use.",
    ),
    ErrorCode.BAD_DATA: Explanation(
        "A task of kind data takes one table.",
        "Give one file of CSV, or of JSON that is a list of objects, of at most 1 MB.",
    ),
    ErrorCode.BAD_SCHEMA: Explanation(
        "The JSON Schema cannot be used.",
        "The message holds the path into the schema. It is of draft 2020-12, of one row or of the"
        " whole list, refers to nothing outside of itself, and its patterns must end in time.",
    ),
    ErrorCode.NO_SUCH_TASK: Explanation(
        "No task has this id.",
        "List what there is with 'fractal-rmo tasks'.",
    ),
    ErrorCode.ILLEGAL_TRANSITION: Explanation(
        "The task's lifecycle does not allow this step from its present state.",
        "Nothing was changed. 'fractal-rmo show ID' prints the state.",
    ),
    ErrorCode.TASK_ENDED: Explanation(
        "The task has already ended.",
        "Nothing was changed. Submit it anew to run it again.",
    ),
    ErrorCode.STALE_VERSION: Explanation(
        "Someone else saved a newer version first.",
        "Nothing was written. Begin again: the newest version is read then.",
    ),
    ErrorCode.NO_RESULT: Explanation(
        "The task has no proven result.",
        "Wait for its end; its report says how far it was proven and why not further.",
    ),
    ErrorCode.NO_SUCH_PROTOCOL: Explanation(
        "There is no such version of a protocol.",
        "'fractal-rmo protocols list' names those that there are.",
    ),
    ErrorCode.FIRST_PROTOCOL: Explanation(
        "Before the version in force there is none.",
        "Nothing is to be done: what was shipped is in force.",
    ),
    ErrorCode.BROKEN_CHAIN: Explanation(
        "The audit log is not as it was written.",
        "Someone changed the tables past the program. Compare with a backup; 'fractal-rmo audit "
        "verify' names the first position that does not hold.",
    ),
    ErrorCode.NO_SUCH_STEP: Explanation(
        "No step has this id.",
        "List the dead ones with 'fractal-rmo steps --dead'.",
    ),
    ErrorCode.NOT_DEAD: Explanation(
        "Only a dead step can be put back.",
        "Nothing was changed. 'fractal-rmo steps --dead' lists those that are.",
    ),
    ErrorCode.WENT_ON: Explanation(
        "The step's task has not ended because of it.",
        "Nothing was changed. 'fractal-rmo retry ID' begins the task anew once it has ended.",
    ),
    ErrorCode.DATABASE_DOWN: Explanation(
        "PostgreSQL does not answer.",
        "Start the embedded servers with 'fractal-rmo up', or check DATABASE_URL.",
    ),
    ErrorCode.BROKER_DOWN: Explanation(
        "The Redis-protocol server does not answer.",
        "Start the embedded servers with 'fractal-rmo up', or check REDIS_URL.",
    ),
    ErrorCode.PORT_TAKEN: Explanation(
        "Another program listens on a port that is needed.",
        "Stop it, or set PORT (web) or FLOWER_PORT (Flower) to a free one.",
    ),
    ErrorCode.NO_SPACE: Explanation(
        "The disk has too little free space.",
        "Free the amount that the message names.",
    ),
    ErrorCode.ALREADY_RUNNING: Explanation(
        "The cluster of this checkout is already running.",
        "Use it ('fractal-rmo submit ...'), or stop it with 'fractal-rmo down'.",
    ),
    ErrorCode.SERVER_FAILED: Explanation(
        "An embedded server did not start.",
        "The message names its log file; 'fractal-rmo doctor' checks the machine.",
    ),
    ErrorCode.DATA_VERSION: Explanation(
        "The data folder was written by another version.",
        "Use the version that the message names, or 'fractal-rmo down --purge' to start afresh.",
    ),
    ErrorCode.NO_WORKERS: Explanation(
        "No worker takes the task up.",
        "Start the cluster with 'fractal-rmo up' or 'honcho start'; the task is kept.",
    ),
    ErrorCode.FOREIGN_FOLDER: Explanation(
        "The state folder holds files that are not ours.",
        "Set FRACTAL_STATE to a folder that is empty or does not exist.",
    ),
    ErrorCode.DEAF_WORKER: Explanation(
        "A worker takes none of the work that waits in its queues, so it ends itself.",
        "It is started again by 'fractal-rmo up' or the platform; its log says what it met before.",
    ),
    ErrorCode.SANDBOX_UNAVAILABLE: Explanation(
        "No sandbox can be started, so nothing could be judged.",
        "'fractal-rmo doctor' says which tier fails and why.",
    ),
    ErrorCode.BAD_PYTHON: Explanation(
        "The interpreter whose packages the code needs cannot be used.",
        "Name one by its absolute path, such as '/srv/app/.venv/bin/python', that is there where "
        "the code is run; in production it must be among FRACTAL_SANDBOX_PYTHONS.",
    ),
    ErrorCode.BAD_SETTING: Explanation(
        "A setting has a value that cannot be used.",
        "The message names the setting, its source and what is allowed.",
    ),
    ErrorCode.UNKNOWN_SETTING: Explanation(
        "The configuration file holds an unknown key.",
        "Correct its spelling or remove it; the message lists the keys near it.",
    ),
    ErrorCode.NEEDS_SECRETS: Explanation(
        "The web server could be reached by others, and its secrets are not set.",
        "Set SECRET_KEY and FRACTAL_ACCESS_TOKEN, each to 32 random characters or more: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'.",
    ),
    ErrorCode.NEEDS_CLUSTER: Explanation(
        "This command belongs to the cluster, and none is reached from here.",
        "pip install 'fractal-rmo[cluster]' reaches one that runs, named by DATABASE_URL and "
        "REDIS_URL; scripts/run in a checkout of the project starts one.",
    ),
    ErrorCode.NEEDS_MCP: Explanation(
        "The library of the MCP server is not installed.",
        "pip install 'fractal-rmo[mcp]'.",
    ),
    ErrorCode.BAD_BACKUP: Explanation(
        "The file is no backup that can be restored; nothing was changed.",
        "Use another copy of it, as 'fractal-rmo backup FILE' wrote it.",
    ),
    ErrorCode.SCHEMA_AHEAD: Explanation(
        "The data belong to a newer version than this one.",
        "Use the version that wrote them, or a later one.",
    ),
    ErrorCode.SCHEMA_BEHIND: Explanation(
        "The tables are older than this version needs.",
        "Run 'fractal-rmo migrate' in a checkout of this version, as a user who may change them.",
    ),
    ErrorCode.NOT_EMPTY: Explanation(
        "There are data already; nothing was changed.",
        "Back them up with 'fractal-rmo backup FILE', then restore with --replace.",
    ),
    ErrorCode.STILL_RUNNING: Explanation(
        "Processes of the cluster still use the database; nothing was changed.",
        "Stop them on every machine ('fractal-rmo down'), then try again.",
    ),
    ErrorCode.NOT_ALLOWED: Explanation(
        "The database's user may not do this; nothing was changed.",
        "Name the user who owns the tables in DATABASE_URL.",
    ),
    ErrorCode.MODEL_RATE_LIMITED: Explanation(
        "The model's endpoint takes no more calls for now.",
        "Wait, ask for a higher limit, or configure a second endpoint or key.",
    ),
    ErrorCode.MODEL_OVERLOADED: Explanation(
        "The model's endpoint has too much to do, or is ill.",
        "Wait, or configure a second endpoint; the provider's status page may say more.",
    ),
    ErrorCode.MODEL_TIMED_OUT: Explanation(
        "The model did not answer in time.",
        "Raise timeout_s of the endpoint or the task's seconds, or ask for fewer tokens.",
    ),
    ErrorCode.MODEL_CONNECTION: Explanation(
        "The connection to the model's endpoint failed or was cut.",
        "Check that the server runs and listens at its base URL.",
    ),
    ErrorCode.MODEL_RESTING: Explanation(
        "Every endpoint that could answer failed repeatedly and is left alone for a minute.",
        "Wait; 'fractal-rmo doctor --llm' says what each endpoint suffers from.",
    ),
    ErrorCode.MODEL_BAD_KEY: Explanation(
        "The model's endpoint does not accept the key.",
        "Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or the endpoint's 'key' in the section 'models' "
        "of the configuration, to a key that is valid there.",
    ),
    ErrorCode.MODEL_NO_CREDIT: Explanation(
        "The account behind the key has no credit left.",
        "Pay the provider, or configure another endpoint.",
    ),
    ErrorCode.NO_SUCH_MODEL: Explanation(
        "The endpoint has no model of this name, or the key may not use it.",
        "Name one that it has in 'model' of the endpoint or of the agent.",
    ),
    ErrorCode.NO_SUCH_MODEL_HOST: Explanation(
        "The host of the model's endpoint is unknown.",
        "Correct OPENAI_BASE_URL, ANTHROPIC_BASE_URL or base_url of the endpoint.",
    ),
    ErrorCode.MODEL_NOT_PRICED: Explanation(
        "Nobody knows what this model costs, so no budget could hold.",
        "Add it to models.prices of the configuration, or set 'free: true' on an endpoint of your "
        "own that bills nobody.",
    ),
    ErrorCode.NEEDS_SDK: Explanation(
        "The library that speaks to language models is not installed.",
        "pip install 'fractal-rmo[models]'.",
    ),
    ErrorCode.PROMPT_TOO_LONG: Explanation(
        "The question is longer than the model can read.",
        "Submit fewer or shorter files, or name a model with a larger context.",
    ),
    ErrorCode.MODEL_REFUSED: Explanation(
        "The model refused to answer, by its provider's policy.",
        "Word the task differently, or name another model.",
    ),
    ErrorCode.ANSWER_CUT_OFF: Explanation(
        "The answer ended at max_tokens, before it was whole.",
        "Raise max_tokens of the agent, or ask for less at once.",
    ),
    ErrorCode.MODEL_REQUEST_REFUSED: Explanation(
        "The endpoint does not take the request as it is.",
        "The message holds the server's reason; 'fractal-rmo doctor --llm' shows what it supports.",
    ),
    ErrorCode.OVER_BUDGET: Explanation(
        "The next call of a language model would be beyond a budget, so it was not made.",
        "Raise the task's tokens or dollars, or the limits of the day in 'limits' of the "
        "configuration.",
    ),
    ErrorCode.BAD_ANSWER: Explanation(
        "The model's answer is not the document that was asked for.",
        "Ask again; a model that does so often is too weak for the role, so name another.",
    ),
}


class FractalError(Exception):
    """Base of all errors of ours: a stable code, and a sentence that names the case.

    ``str(error)`` reads ``FR105 BAD_FILE_NAME: <detail> <remedy>``.
    """

    def __init__(self, code: ErrorCode, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        sentence = (detail or CATALOGUE[code].title).strip()
        self.detail = sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."

    @property
    def remedy(self) -> str:
        """What mends it, as one sentence."""
        return CATALOGUE[self.code].remedy

    def __str__(self) -> str:
        return f"{self.code} {self.detail} {self.remedy}"


class InputError(FractalError):
    """What a person gave cannot be used; nothing was stored."""


class LifecycleError(FractalError):
    """An event that the task's state does not allow; nothing was changed."""


class InfrastructureError(FractalError):
    """A server, a disk or a worker is missing; never the candidate's fault.

    ``retry_after_s`` is how long it is known to be missing still.
    """

    def __init__(self, code: ErrorCode, detail: str = "", *, retry_after_s: float = 0.0) -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s


class SandboxUnavailableError(InfrastructureError):
    """No jail can be had: the outcome is ERROR, never FAILED."""


class SettingsError(FractalError):
    """The configuration cannot be used."""
