"""Whether budgets hold: randomised runs against a provider that keeps its own bill.

Each run is a task with a budget, whose calls go through the product's client,
purse and ledger (a real PostgreSQL), several at once.  The provider answers
well, in broken JSON, not at all, late, after its bill, or refuses for a while;
callers cancel, and some processes die in the middle of a call.  What counts is
the provider's bill, written down where a death cannot take it along.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

# pylint: disable=wrong-import-position
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import Engine, text

from fractal_rmo.adapters.cache.two_level import TwoLevelCache
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.ledger import SqlLedger
from fractal_rmo.adapters.db.tasks import SqlTaskStore
from fractal_rmo.adapters.llm.asking import Models
from fractal_rmo.adapters.llm.attempt import Attempts
from fractal_rmo.adapters.llm.board import LocalBoard
from fractal_rmo.adapters.llm.openai_chat import OpenAIChat
from fractal_rmo.adapters.llm.prices import PriceBook
from fractal_rmo.adapters.llm.routes import Routes
from fractal_rmo.domain.ledger import Limit, OverBudgetError, Scope
from fractal_rmo.domain.model import (
    Endpoint,
    ModelCancelledError,
    ModelError,
    ModelProvider,
    ModelRequest,
)
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.task import Task
from fractal_rmo.services.purse import NOBODY, TaskPurse
from scripts.benchmarks._provider import PRICE, TIMEOUT_S, Provider

GRACE_S = 1.0
KILLED = 9
RUNS_AT_ONCE = 16
DEATHS = 0.02
"""Share of runs whose process dies."""
SCHEMA = {
    "type": "object",
    "properties": {"code": {"type": "string"}},
    "required": ["code"],
    "additionalProperties": False,
}


def arguments(argv: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="scripts/bench budget", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="tasks with a budget")
    parser.add_argument("--seed", type=int, default=0, help="of budgets, answers and failures")
    parser.add_argument("--die", nargs=4, metavar="WORD", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


@dataclass(frozen=True)
class Plan:
    """One run: its budget, and the questions of each of its children."""

    task: str
    seed: int
    tokens: int
    dollars: float
    children: tuple[tuple[int, ...], ...]
    """For each child the sizes of its questions in characters."""


def plan(task: str, seed: int) -> Plan:
    """A run, drawn from its seed."""
    chance = random.Random(seed)  # noqa: S311 - a schedule
    sizes = [
        tuple(chance.randrange(200, 6000) for _ in range(chance.randrange(1, 6)))
        for _ in range(chance.randrange(1, 5))
    ]
    tokens = chance.choice((1500, 4000, 12_000, 50_000))
    return Plan(task, seed, tokens, chance.choice((0.005, 0.02, 0.1, 5.0)), tuple(sizes))


class Bench:
    """The product's parts around a provider of our own."""

    def __init__(self, engine: Engine, address: str) -> None:
        endpoint = Endpoint(
            "here", ModelProvider.OPENAI, address, "some-model", timeout_s=TIMEOUT_S
        )
        self._routes = Routes([endpoint], {}, [], PriceBook({"some-model": PRICE}))
        self._speaker = OpenAIChat(endpoint, "a key")
        self.ledger = SqlLedger(engine, grace_s=GRACE_S)
        self.seen: Counter[str] = Counter()

    def run(self, at: Plan) -> None:
        """All children of one task at once."""
        # a board for each: that a breaker opens for all of them is measured elsewhere
        attempts = Attempts(lambda _: self._speaker, LocalBoard(), self._routes)
        models = Models(self._routes, attempts, TwoLevelCache(None))
        with ThreadPoolExecutor(len(at.children)) as threads:
            list(threads.map(lambda n: self._child(models, at, n), range(len(at.children))))

    def _child(self, models: Models, at: Plan, number: int) -> None:
        chance = random.Random(f"{at.seed} {number}")  # noqa: S311 - a schedule
        limits = [
            Limit(f"task:{at.task}/0", Scope.TASK, at.tokens, at.dollars),
            Limit(f"task:{at.task}/child-{number}", Scope.TASK, at.tokens // 2, at.dollars),
            Limit(NOBODY, Scope.DAY),
        ]
        purse = TaskPurse(self.ledger, at.task, limits)
        for size in at.children[number]:
            request = ModelRequest(
                "executor", f"{at.task} You write code.", "y" * size, SCHEMA, "answer",
                max_tokens=chance.randrange(50, 800), temperature=0.5, purpose=at.task,
            )  # fmt: skip
            self.seen[_asked(models, request, purse, chance)] += 1


def _asked(models: Models, request: ModelRequest, purse: TaskPurse, chance: random.Random) -> str:
    """What became of one question."""
    ends = time.monotonic() + chance.uniform(0.0, 0.5) if chance.random() < 0.1 else None
    given_up: Callable[[], bool] = lambda: ends is not None and time.monotonic() > ends  # noqa: E731
    try:
        models.ask(request, seconds=10.0, cancelled=given_up, purse=purse)
    except OverBudgetError:
        return "refused"
    except ModelCancelledError:
        return "cancelled"
    except ModelError as error:
        return error.trouble.value
    return "answered"


def judge(engine: Engine, bill: Path, plans: list[Plan]) -> dict[str, object]:
    """The provider's bill against budgets and ledger, run by run."""
    billed: dict[str, list[dict[str, float]]] = defaultdict(list)
    for line in bill.read_text().splitlines():
        entry = json.loads(line)
        billed[entry["run"]].append(entry)
    with engine.connect() as db:
        rows = db.execute(
            text("""
            SELECT task_id, count(*) FILTER (WHERE state IN ('settled', 'lost')) AS calls,
                   sum(tokens_in + tokens_out) AS tokens, sum(dollars) AS dollars
            FROM model_calls GROUP BY task_id
        """)
        ).all()
        charged = {str(row.task_id): row for row in rows}
        left = db.execute(
            text("""
            SELECT count(*) FROM ledger WHERE tokens_reserved <> 0 OR dollars_reserved <> 0
        """)
        ).scalar_one()
        totals = db.execute(
            text("""
            SELECT (SELECT tokens_spent FROM ledger WHERE account LIKE 'submitter:%')
                   = (SELECT sum(tokens_in + tokens_out) FROM model_calls)
        """)
        ).scalar_one()
        lost = db.execute(
            text("SELECT count(*) FROM model_calls WHERE state = 'lost'")
        ).scalar_one()
    overspent, unrecorded = [], []
    for at in plans:
        truth = billed.get(at.task, [])
        tokens, dollars = sum(t["tokens"] for t in truth), sum(t["dollars"] for t in truth)
        row = charged.get(at.task)
        said = (row.calls, row.tokens, float(row.dollars)) if row else (0, 0, 0.0)
        if max(tokens, said[1]) > at.tokens or max(dollars, said[2]) > at.dollars + 1e-9:
            overspent.append(at.task)
        if len(truth) > said[0] or tokens > said[1] or dollars > said[2] + 1e-9:
            unrecorded.append(at.task)
            print(f"seed {at.seed}: billed {truth}, recorded {said}", file=sys.stderr)
    return {
        "runs": len(plans),
        "overspent": len(overspent),
        "unrecorded": len(unrecorded),
        "still_reserved": left,
        "accounts_agree_with_calls": bool(totals),
        "billed_calls": sum(map(len, billed.values())),
        "lost_calls": lost,
    }


def die(url: str, address: str, task: str, seed: str) -> None:
    """A run whose process ends in the middle of a call."""
    bench = Bench(make_engine(url), address)
    after = random.Random(seed).uniform(0.05, 0.6)  # noqa: S311 - a schedule
    threading.Timer(after, os._exit, [KILLED]).start()
    bench.run(plan(task, int(seed)))


def perform(url: str, folder: Path, chosen: argparse.Namespace) -> dict[str, object]:
    """All runs, some at once, with the maintenance that runs beside them."""
    engine = make_engine(url, 4 * RUNS_AT_ONCE)
    tasks, bill = SqlTaskStore(engine), folder / "bill"
    bill.touch()
    host, port = Provider(bill, chosen.seed).server_address[:2]
    address = f"http://{host}:{port}/v1"
    bench = Bench(engine, address)
    empty = Task("spend", SourceTree({"solution.py": "x = 1\n"}))
    over = threading.Event()

    def maintain() -> None:
        while not over.wait(0.5):
            bench.ledger.close_lost()

    def one(number: int) -> Plan:
        seed = chosen.seed * 1_000_003 + number
        at = plan(tasks.submit(empty)[0], seed)
        if random.Random(seed).random() < DEATHS:  # noqa: S311 - a schedule
            words = [sys.executable, __file__, "--die", url, address, at.task, str(seed)]
            bench.seen[
                "died" if subprocess.run(words, check=False).returncode == 9 else "spared"
            ] += 1
        else:
            bench.run(at)
        if number % 50 == 0:
            print(f"{number}/{chosen.runs} runs", file=sys.stderr, flush=True)
        return at

    threading.Thread(target=maintain, daemon=True).start()
    with ThreadPoolExecutor(RUNS_AT_ONCE) as threads:
        plans = list(threads.map(one, range(chosen.runs)))
    time.sleep(TIMEOUT_S + GRACE_S + 1.0)
    bench.ledger.close_lost()
    over.set()
    return {**judge(engine, bill, plans), "questions": dict(bench.seen)}


def main(argv: list[str]) -> int:
    """Run the benchmark in a state folder of its own."""
    chosen = arguments(argv)
    if chosen.die:
        die(*chosen.die)
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["FRACTAL_STATE"] = str(folder / "state")
        from fractal_rmo.bootstrap.data import migrate
        from fractal_rmo.bootstrap.servers import addresses, ensure_servers, stop_everything

        stack.callback(stop_everything, purge=True)
        ensure_servers()
        migrate()
        began = time.monotonic()
        result = perform(addresses().database, folder, chosen)
    print(json.dumps({**result, "seconds": round(time.monotonic() - began, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
