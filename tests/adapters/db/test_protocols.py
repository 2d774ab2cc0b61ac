"""Candidates, replays and decisions over real tables."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import Engine, text

from fractal_rmo.adapters.db.experiments import SqlExperimentStore
from fractal_rmo.adapters.db.learning import SqlLearningStore
from fractal_rmo.adapters.db.protocols import SqlProtocolStore
from fractal_rmo.domain.experience import NOTHING, Experience, Trials
from fractal_rmo.domain.jsonvalue import JsonObject
from fractal_rmo.domain.lifecycle import Ending, TaskState
from fractal_rmo.domain.outcome import StepOutcome
from fractal_rmo.domain.priors import Shape
from fractal_rmo.domain.protocol import SHIPPED, Experiment, Phase, ProtocolVersion, Status
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.step import Stage
from fractal_rmo.domain.task import Task, TaskKind
from tests.adapters.db.desk import PROVEN, TASK, Desk

pytestmark = pytest.mark.cluster
KIND = ("comparison", Shape.RETURN)
SEARCH = Experience(tried={KIND: Trials(3, 1.5)}, mended=(KIND,))
FAILED = StepOutcome(moves=(TaskState.FAILED,), ending=Ending.NOT_PROVEN)
RULE: JsonObject = {"operator": "comparison", "weight": 0.5}
LOOK: JsonObject = {"pairs": 1, "e_value": 1.0, "mirror": 1.0, "threshold": 40.0, "decision": "x"}


@pytest.fixture
def protocols(engine: Engine) -> SqlProtocolStore:
    store = SqlProtocolStore(engine)
    store.install(SHIPPED)
    return store


@pytest.fixture
def experiments(engine: Engine) -> SqlExperimentStore:
    return SqlExperimentStore(engine)


def version(number: int) -> ProtocolVersion:
    return ProtocolVersion("default", number, {"set": [{**RULE, "weight": 1 / number}]})


def propose(experiments: SqlExperimentStore, number: int, control: int) -> Experiment:
    assert experiments.propose(version(number), control, 20)
    found = experiments.last("default")
    assert found is not None
    return found


def told(engine: Engine) -> list[int]:
    """The versions that were put in force, in order."""
    query = "SELECT payload->>'version' FROM messages WHERE type = 'protocol_update' ORDER BY id"
    with engine.connect() as db:
        return [int(found) for found in db.execute(text(query)).scalars()]


def fixed(engine: Engine, number: int, *, proven: bool = True, slices: int = 1) -> str:
    """A task whose search ended, and its id; held out where ``is_held_out`` says so."""
    task = replace(TASK, kind=TaskKind.FIX, code=SourceTree({"a.py": f"x = {number}\n"}))
    desk = Desk(engine, task=task)
    desk.analyze_all()
    (merge,), (step,), (validate,) = map(desk.of, (Stage.MERGE, Stage.EXECUTE, Stage.VALIDATE))
    to_execute = StepOutcome(moves=(TaskState.EXECUTING,), releases=Stage.EXECUTE)
    desk.steps.finish(desk.claim(merge), to_execute)
    for more in range(2, slices + 1):
        part = StepOutcome(output={"experience": SEARCH.as_json()}, more=f"slice-{more}")
        (step,) = desk.steps.finish(desk.claim(step), part) or ()
    last = StepOutcome(
        output={"experience": SEARCH.as_json()},
        moves=(TaskState.VALIDATING,),
        releases=Stage.VALIDATE,
        candidate=SourceTree({"a.py": f"x = -{number}\n"}),
    )
    desk.steps.finish(desk.claim(step), last)
    desk.steps.finish(desk.claim(validate), PROVEN if proven else FAILED)
    return desk.task


def is_held_out(number: int) -> bool:
    task: Task = replace(TASK, kind=TaskKind.FIX, code=SourceTree({"a.py": f"x = {number}\n"}))
    content = f"{task.kind}{task.code.sha256}{task.tests.sha256}".encode()
    return sha256(content).digest()[0] % 2 == 0


HELD = [number for number in range(40) if is_held_out(number)][:3]
LEARNED = [number for number in range(40) if not is_held_out(number)][:3]


def test_searches_are_learned_from_but_for_the_held_out_ones(engine: Engine) -> None:
    learning = SqlLearningStore(engine)
    for number in (*HELD, *LEARNED[:2]):
        fixed(engine, number)
    fixed(engine, LEARNED[0])  # once more, which counts once
    fixed(engine, LEARNED[2], proven=False, slices=2)
    found = learning.searches(100)
    assert len(found) == len({source for _, source in found}) == 3
    assert sorted((s.candidates, s.mended) for s, _ in found) == [
        (3, (KIND,)), (3, (KIND,)), (6, ()),
    ]  # fmt: skip


def test_whose_owner_is_known_counts_for_that_owner(engine: Engine) -> None:
    tasks = [fixed(engine, number) for number in LEARNED]
    with engine.connect() as db:
        for name, task in zip("aab", tasks, strict=True):
            made = (
                "INSERT INTO users (id, name) VALUES (gen_random_uuid(), :n) ON CONFLICT DO NOTHING"
            )
            db.execute(text(made), {"n": name})
            own = "UPDATE tasks SET owner_id = (SELECT id FROM users WHERE name = :n) WHERE id = :t"
            db.execute(text(own), {"n": name, "t": task})
    assert len({source for _, source in SqlLearningStore(engine).searches(100)}) == 2


def test_a_step_of_an_older_worker_teaches_nothing(engine: Engine) -> None:
    task = fixed(engine, LEARNED[0])
    with engine.connect() as db:
        old = "UPDATE steps SET output = '{}' WHERE task_id = :t AND stage = 'execute'"
        db.execute(text(old), {"t": task})
    assert not SqlLearningStore(engine).searches(100)
    assert NOTHING.mended == ()


def test_held_out_fixes_are_taken_once_each_and_again_where_nobody_judged_them(
    engine: Engine, protocols: SqlProtocolStore, experiments: SqlExperimentStore
) -> None:
    first, *_ = (fixed(engine, number) for number in (*HELD[:1], *LEARNED[:1]))
    fixed(engine, HELD[0])
    fixed(engine, HELD[1], proven=False)
    del protocols
    experiment = propose(experiments, 2, 1)
    taken = experiments.take(experiment)
    assert taken is not None
    assert (taken.task_id, taken.code.files["a.py"]) == (first, f"x = {HELD[0]}\n")
    assert taken.proven.files["a.py"] == f"x = -{HELD[0]}\n"
    assert experiments.take(experiment) is None
    with engine.connect() as db:
        db.execute(text("UPDATE replays SET taken_at = now() - interval '11 minutes'"))
    assert experiments.take(experiment) == taken
    experiments.judged(experiment, first, (8, 4), 0.69)
    with engine.connect() as db:
        db.execute(text("UPDATE replays SET taken_at = now() - interval '11 minutes'"))
    assert experiments.take(experiment) is None
    assert experiments.differences(experiment) == [0.69]
    assert experiments.differences(replace(experiment, phase=Phase.WATCH)) == []


def test_a_promotion_can_be_undone_and_each_change_is_told(
    engine: Engine, protocols: SqlProtocolStore, experiments: SqlExperimentStore
) -> None:
    experiment = propose(experiments, 2, 1)
    assert not experiments.propose(version(2), 1, 20)
    assert (experiment.number, experiment.learned_from, experiment.phase) == (1, 20, Phase.GATE)
    for _ in range(2):
        experiments.looked(experiment, LOOK)
    assert experiments.end(experiment, Status.ACTIVE)
    assert not experiments.end(experiment, Status.ACTIVE)
    assert protocols.current("default") == version(2)
    assert [one.version for one in protocols.lineage("default", 2)] == [1, 2]
    (watching,) = experiments.open()
    assert watching.phase is Phase.WATCH
    newer = propose(experiments, 3, 2)
    assert newer.number == 2
    assert protocols.roll_back("default") == SHIPPED
    assert protocols.roll_back("default") is None
    assert not experiments.open()
    rows = protocols.rows("default")
    assert [(row.protocol.version, row.status, row.parent, len(row.looks)) for row in rows] == [
        (3, "rejected", 2, 0), (2, "rolled_back", 1, 1), (1, "active", 0, 0),
    ]  # fmt: skip
    assert told(engine) == [1, 2, 1]


def test_a_better_version_takes_the_place_of_the_one_that_is_watched(
    engine: Engine, protocols: SqlProtocolStore, experiments: SqlExperimentStore
) -> None:
    experiments.end(propose(experiments, 2, 1), Status.ACTIVE)
    experiments.end(propose(experiments, 3, 2), Status.ACTIVE)
    (watched,) = experiments.open()
    assert (watched.candidate, watched.phase) == (3, Phase.WATCH)
    assert experiments.end(watched, Status.ROLLED_BACK)
    assert protocols.current("default") == version(2)
    assert told(engine) == [1, 2, 3, 2]


def test_a_candidate_that_is_rejected_changes_nothing(
    engine: Engine, protocols: SqlProtocolStore, experiments: SqlExperimentStore
) -> None:
    assert experiments.end(propose(experiments, 2, 1), Status.REJECTED)
    assert protocols.current("default") == SHIPPED
    assert (experiments.open(), told(engine)) == ([], [1])
