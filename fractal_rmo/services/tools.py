"""The ports that a use case needs, wired once per process by ``bootstrap``."""

from __future__ import annotations

from dataclasses import dataclass

from fractal_rmo.config.settings import Settings
from fractal_rmo.ports.cluster import ClusterView
from fractal_rmo.ports.doorbell import Doorbell
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.ports.stores import (
    DeadSteps,
    LearningStore,
    LinkStore,
    StepStore,
    TaskStore,
    Upkeep,
)


@dataclass(frozen=True, slots=True)
class Tools:
    """Ports and settings of this process."""

    settings: Settings
    tasks: TaskStore
    steps: StepStore
    dead: DeadSteps
    upkeep: Upkeep
    learning: LearningStore
    links: LinkStore
    bell: Doorbell
    sandbox: Sandbox
    cluster: ClusterView
