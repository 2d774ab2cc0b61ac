"""The ports that a use case needs, wired once per process by ``bootstrap``."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.config.settings import Settings
from fractal_rmo.ports.agents import AgentStore
from fractal_rmo.ports.audit import AuditStore
from fractal_rmo.ports.cluster import ClusterView
from fractal_rmo.ports.doorbell import Doorbell
from fractal_rmo.ports.ledger import Ledger
from fractal_rmo.ports.messages import Inbox, Outbox, Router
from fractal_rmo.ports.models import LanguageModel
from fractal_rmo.ports.protocols import ExperimentStore, ProtocolStore
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.ports.stores import (
    DeadSteps,
    LearningStore,
    LinkStore,
    StepStore,
    TaskStore,
    Upkeep,
)
from fractal_rmo.services.known import Known


@dataclass(frozen=True, slots=True)
class Tools:
    """Ports and settings of this process."""

    settings: Settings
    tasks: TaskStore
    steps: StepStore
    agents: AgentStore
    outbox: Outbox
    inbox: Inbox
    router: Router
    audit: AuditStore
    protocols: ProtocolStore
    experiments: ExperimentStore
    known: Known
    dead: DeadSteps
    upkeep: Upkeep
    learning: LearningStore
    ledger: Ledger
    models: LanguageModel
    links: LinkStore
    bell: Doorbell
    sandbox: Sandbox
    cluster: ClusterView
