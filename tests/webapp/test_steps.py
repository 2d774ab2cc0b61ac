"""Dead steps over REST, on the command line and on the task's page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.domain.step import StepRef
from tests.adapters.db.test_dead import DeadDesk
from tests.webapp.conftest import Web
from tests.webapp.test_access import token_of


@pytest.fixture
def desk(web: Web) -> Iterator[DeadDesk]:
    engine = make_engine(web.environment["DATABASE_URL"])
    yield DeadDesk(engine)
    engine.dispose()


@pytest.fixture
def dead(desk: DeadDesk) -> StepRef:
    """A step that ended its task."""
    execute = desk.reach_execution()
    desk.kill(execute)
    return execute


def test_a_dead_step_is_listed_and_put_back_over_rest(web: Web, dead: StepRef) -> None:
    with web.client() as api:
        (first, *_) = api.get("/api/v1/steps", params={"state": "dead"}).json()["steps"]
        assert (first["id"], first["task"]) == (dead.step_id, dead.task_id)
        assert [entry["said"] for entry in first["evidence"]][:2] == ["error one", "error two"]
        answer = api.post(f"/api/v1/steps/{dead.step_id}/requeue")
        assert (answer.status_code, answer.json()["state"]) == (202, "executing")
        again = api.post(f"/api/v1/steps/{dead.step_id}/requeue")
        assert (again.status_code, again.json()["code"]) == (409, "FR212")
        for name in ("nonsense", "0192d0a0-0000-7000-8000-000000000000"):
            unknown = api.post(f"/api/v1/steps/{name}/requeue")
            assert (unknown.status_code, unknown.json()["code"]) == (404, "FR211")
        assert api.get("/api/v1/steps", params={"state": "odd"}).status_code == 422


def test_pages_of_steps_follow_one_another(web: Web, desk: DeadDesk) -> None:
    with web.client() as api:
        first = api.get("/api/v1/steps", params={"limit": 3}).json()
        rest = api.get("/api/v1/steps", params={"limit": 5, "before": first["before"]}).json()
    ids = [step["id"] for page in (first, rest) for step in page["steps"]]
    assert sorted(ids) == sorted(ref.step_id for ref in desk.refs)


@pytest.mark.slow
def test_a_dead_step_is_listed_and_put_back_on_the_command_line(web: Web, dead: StepRef) -> None:
    (first, *_) = json.loads(web.run("steps", "--dead", "--json"))
    assert first["id"] == dead.step_id
    assert web.run("requeue", dead.step_id) == f"put back; task {dead.task_id} goes on"


def test_a_dead_step_is_put_back_by_a_button(web: Web, dead: StepRef) -> None:
    with web.browser() as browser:
        browser.get(web.run("open"))
        page = browser.get(f"/tasks/{dead.task_id}")
        assert "error two" in page.text
        action = f"/tasks/{dead.task_id}/steps/{dead.step_id}/requeue"
        assert f'action="{action}"' in page.text
        assert browser.post(action).status_code == 403  # without the form's token
        answer = browser.post(action, data={"csrf_token": token_of(page)})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/tasks/{dead.task_id}")
        assert action not in browser.get(f"/tasks/{dead.task_id}").text


def test_the_page_says_why_a_step_stays_dead(web: Web, desk: DeadDesk, dead: StepRef) -> None:
    desk.tasks.retry(dead.task_id)
    with web.client(Accept="text/html") as reader:
        text = reader.get(f"/tasks/{dead.task_id}").text
    assert "It cannot be put back: Its task was begun anew" in text


def test_a_live_desk_is_a_page_without_dead_steps(web: Web, desk: DeadDesk) -> None:
    with web.client(Accept="text/html") as reader:
        assert "Given up" not in reader.get(f"/tasks/{desk.task}").text
