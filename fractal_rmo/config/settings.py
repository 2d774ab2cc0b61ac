"""All settings, frozen.  One dataclass a section of the YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class System:
    """Who we are and where."""

    name: str = "fractal-rmo"
    environment: str = "development"
    log_level: str = "INFO"
    hostname: str = "%h"
    """After the ``@`` of a worker's name; ``%h`` is Celery's word for the machine's own name."""


@dataclass(frozen=True, slots=True)
class Database:
    """PostgreSQL; ``url`` wins over the parts, and an empty host means the embedded server."""

    host: str = ""
    port: int = 5432
    name: str = "fractal_rmo"
    user: str = "fractal"
    password: str = ""
    pool_size: int = 20
    url: str = ""

    @property
    def address(self) -> str:
        """A SQLAlchemy URL, or "" for the embedded server.

        SQLAlchemy 2.1 reads ``postgresql://`` as psycopg 3 and does not know
        ``postgres://``, so both are rewritten to name psycopg2.
        """
        if self.url:
            scheme, separator, rest = self.url.partition("://")
            known = scheme in ("postgres", "postgresql")
            return f"postgresql+psycopg2{separator}{rest}" if known else self.url
        if not self.host:
            return ""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql+psycopg2://{who}@{self.host}:{self.port}/{self.name}"


@dataclass(frozen=True, slots=True)
class Redis:
    """The broker; ``url`` wins over the parts, and an empty host means the embedded server."""

    host: str = ""
    port: int = 6379
    password: str = ""
    db: int = 0
    url: str = ""
    tls_verify: str = "required"
    tls_ca: str = ""

    @property
    def address(self) -> str:
        """A Redis URL, or "" for the embedded server."""
        if self.url or not self.host:
            return self.url
        secret = f":{quote(self.password, safe='')}@" if self.password else ""
        return f"redis://{secret}{self.host}:{self.port}/{self.db}"


@dataclass(frozen=True, slots=True)
class Web:
    """The Flask front: the address it binds, and the secrets that guard it."""

    host: str = "127.0.0.1"
    secret_key: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent type: ``count`` processes a worker, threads with ``executor_llm``.

    The rest is for its language model, at an endpoint that names no other.
    """

    count: int = 1
    model: str = ""
    max_tokens: int = 4000
    temperature: float = 0.3


@dataclass(frozen=True, slots=True)
class Agents:
    """The agent types."""

    analyzer: Agent = field(default_factory=Agent)
    executor: Agent = field(default_factory=Agent)
    executor_llm: Agent = field(default_factory=lambda: Agent(count=200))
    validator: Agent = field(default_factory=Agent)
    learner: Agent = field(default_factory=Agent)


@dataclass(frozen=True, slots=True)
class ModelEndpoint:
    """A place where language models answer; see ``docs/models.md``."""

    name: str = ""
    provider: str = "openai"
    base_url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    weight: float = 1.0
    max_calls: int = 0
    timeout_s: float = 120.0
    free: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """Dollars for a million tokens; ``cached`` 0 is as much as ``input``."""

    model: str = ""
    input: float = 0.0
    output: float = 0.0
    cached: float = 0.0


@dataclass(frozen=True, slots=True)
class StandIn:
    """Models of equal rank: one is asked where only the other's provider is configured."""

    openai: str = ""
    anthropic: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The simulated model; ``failure_rate`` from 0 to 1, ``script`` a file."""

    script: str = ""
    seed: int = 0
    latency_s: float = 0.0
    failure_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Models:
    """Language models: an endpoint for each vendor's variables, and ``endpoints`` beside them."""

    openai: ModelEndpoint = field(default_factory=lambda: ModelEndpoint("openai", "openai"))
    anthropic: ModelEndpoint = field(
        default_factory=lambda: ModelEndpoint("anthropic", "anthropic")
    )
    endpoints: tuple[ModelEndpoint, ...] = ()
    prices: tuple[ModelPrice, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    cheaper_first: tuple[str, ...] = ()
    """Who is asked for a first proposal, a second and so on, before the executor's model."""
    simulated: Rehearsal = field(default_factory=Rehearsal)

    @property
    def configured(self) -> tuple[ModelEndpoint, ...]:
        """Those that can be asked: a vendor's needs its key, or the address of another server."""
        vendors = (self.openai, self.anthropic)
        return (*(each for each in vendors if each.key or each.base_url), *self.endpoints)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Times of the durable canvas, in seconds."""

    lease_s: float = 30.0
    heartbeat_s: float = 10.0
    grace_s: float = 5.0
    sweep_s: float = 5.0
    slice_s: float = 25.0
    search_first_s: float = 25.0
    """Of the repair engine, before a model is asked where one is configured."""
    advise_after: int = 1
    """So many proposals that were not taken come before notes and a plan are asked for."""
    explain: bool = True
    """Whether a proposal that passes its tests is explained in a sentence."""
    state_properties: bool = True
    """Whether a model states properties of code, unseen, before it is asked for code."""
    shutdown_s: float = 8.0
    deaf_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Learning:
    """When errors become patterns, and fixes a candidate protocol."""

    min_errors_for_pattern: int = 5
    confidence_threshold: float = 0.75
    min_fixes_for_protocol: int = 20
    update_frequency: str = "hourly"
    a_b_test_duration: str = "24h"


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What one task may use; and, of language models, all tasks in a day (UTC), 0 for no limit."""

    max_task_duration: float = 300.0
    max_tokens_per_task: int = 50_000
    max_cost_per_task: float = 5.0
    max_retries: int = 3
    max_tokens_per_submitter_per_day: int = 0
    max_cost_per_submitter_per_day: float = 25.0
    max_tokens_per_day: int = 0
    max_cost_per_day: float = 100.0


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Where figures go."""

    metrics_port: int = 9090
    log_retention: str = "30d"
    alert_webhook: str = ""


@dataclass(frozen=True, slots=True)
class Jails:
    """Where code is run: an empty tier is the strongest that works, an empty image the usual.

    ``pythons`` are the paths of interpreters, colons between them, whose
    packages a task may ask for; outside development it may ask for no others.
    """

    tier: str = ""
    image: str = ""
    pythons: str = ""


@dataclass(frozen=True, slots=True)
class Proofs:
    """Who signs proofs: the file of a private key, empty for one of this user's account."""

    signing_key: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything, validated once at start."""

    system: System = field(default_factory=System)
    database: Database = field(default_factory=Database)
    redis: Redis = field(default_factory=Redis)
    web: Web = field(default_factory=Web)
    agents: Agents = field(default_factory=Agents)
    models: Models = field(default_factory=Models)
    pipeline: Pipeline = field(default_factory=Pipeline)
    sandbox: Jails = field(default_factory=Jails)
    proofs: Proofs = field(default_factory=Proofs)
    learning: Learning = field(default_factory=Learning)
    limits: LimitSettings = field(default_factory=LimitSettings)
    monitoring: Monitoring = field(default_factory=Monitoring)
