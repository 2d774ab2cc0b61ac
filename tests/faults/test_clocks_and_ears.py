"""Two beats whose clocks disagree; a worker that hears nothing of its work."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from fractal_rmo.config.load import CHECKOUT
from tests.faults.rig import Rig
from tests.faults.work import QUICK

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(300)]
BEAT = """
import sys
from datetime import timedelta
from workers.app import app
right = type(app).now
type(app).now = lambda self: right(self) + timedelta(hours=int(sys.argv[1]))
app.start(["beat", "--schedule", sys.argv[2], "--loglevel", "INFO"])
"""
WEDGED = """
import sys, time
from celery.signals import worker_ready
from workers.app import app

def loop(consumer):
    time.sleep(3600)

def ears(consumer):
    consumer.connection.default_channel.qos.can_consume = lambda: False

@worker_ready.connect
def wedge(sender, **_):
    sender.hub.call_later(1, globals()[sys.argv[1]], sender)

app.worker_main(["worker", "--queues", "execute.llm", "--concurrency", "1", "--loglevel", "INFO",
                 "--hostname", "wedged@%h", "--without-gossip", "--without-mingle"])
"""


def test_11_two_beats_two_hours_apart_run_an_hourly_job_once(rig: Rig, tmp_path: Path) -> None:
    rig.ask("DELETE FROM jobs RETURNING name")
    beats = []
    try:
        for hours in ("-2", "2", "0"):
            command = [sys.executable, "-c", BEAT, hours, str(tmp_path / f"beat{hours}")]
            with (tmp_path / "log").open("ab") as log:
                beats.append(
                    subprocess.Popen(
                        command, cwd=CHECKOUT, env=rig.environment, stdout=log, stderr=log
                    )
                )
        # the right beat asks after ten minutes; this one is asked for by hand, twice
        rig.until(lambda: "maintain" in (tmp_path / "log").read_text(), 60)
        for _ in range(2):
            rig.app.send_task("hourly", queue="learn")
        rig.until(lambda: rig.ask("SELECT name FROM jobs"), 60)
        time.sleep(5)
    finally:
        for beat in beats:
            beat.terminate()
            beat.wait(30)
    query = "SELECT name, hour, date_trunc('hour', started_at, 'UTC') AS began FROM jobs"
    found = rig.ask(query)
    assert len({(job.name, job.hour) for job in found}) == len(found) in (1, 2)  # the hour may end
    assert all(job.hour == job.began for job in found)  # by the database's clock, nobody else's


@pytest.mark.parametrize("how", ["loop", "ears"])
def test_a_deaf_worker_ends_itself_and_a_healthy_one_does_not(
    rig: Rig, tmp_path: Path, how: str
) -> None:
    healthy = {role: rig.pid(role) for role in ("analyzer", "executor", "validator", "learner")}
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-c", WEDGED, how],
            cwd=CHECKOUT, env=rig.environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        rig.until(lambda: "ready" in (tmp_path / "log").read_text(), 60)
        time.sleep(3)
        rig.app.send_task("merge", queue="execute.llm")
        assert worker.wait(90) == 70
    finally:
        worker.kill()
        rig.broker.delete("fractal:execute.llm")
    assert "FR310" in (tmp_path / "log").read_text()
    assert rig.until_ended(rig.submit(QUICK)) == "proven"
    assert {role: rig.pid(role) for role in healthy} == healthy
