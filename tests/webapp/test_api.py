"""REST as a program meets it: a real server, a real database, HTTP over loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import jsonschema
import pytest

from tests.webapp.conftest import Web

pytestmark = pytest.mark.thorough

CODE = "def half(n):\n    return n // 2\n"
TESTS = "from solution import half\ndef test_half():\n    assert half(3) == 1.5\n"


@pytest.fixture
def api(web: Web) -> Iterator[httpx2.Client]:
    with web.client() as client:
        yield client


def submit(api: httpx2.Client, **changed: Any) -> httpx2.Response:
    headers = {"Idempotency-Key": changed.pop("key", "")}
    given = {"code": CODE, "tests": TESTS, **changed}
    return api.post("/api/v1/tasks", json=given, headers=headers)


def new(api: httpx2.Client, **changed: Any) -> str:
    answer = submit(api, **changed)
    assert answer.status_code == 202, answer.text
    url: str = answer.json()["url"]
    assert answer.headers["Location"] == url
    return url


def test_a_task_is_taken_and_read(api: httpx2.Client) -> None:
    found = api.get(new(api, description="halves", level=2)).json()
    assert (found["kind"], found["level"], found["ending"]) == ("fix", 2, None)
    assert (found["steps"][0]["stage"], found["steps"][0]["action"]) == ("analyze", "syntax")


def test_a_report_gives_back_what_was_submitted(api: httpx2.Client) -> None:
    url = new(api, code={"a/b.py": "x = 1\n"}, tests={"test_b.py": TESTS}, budget={"seconds": 7})
    report = api.get(f"{url}/report").json()
    assert report["code"] == {"a/b.py": "x = 1\n"}
    assert report["budget"]["seconds"] == 7
    assert report["log"][0]["type"] == "task_assignment"


def test_a_report_fits_the_schema_that_anybody_can_fetch(api: httpx2.Client, web: Web) -> None:
    answer = httpx2.get(f"{web.url}/api/v1/report.schema.json")
    assert answer.headers["Content-Type"] == "application/schema+json"
    assert answer.json() == json.loads(web.run("schema"))
    report = api.get(f"{new(api)}/report").json()
    jsonschema.validate(report, answer.json())
    assert report["schema_version"] == 1


def test_the_same_key_is_the_same_task(api: httpx2.Client) -> None:
    assert new(api, key="one") == new(api, key="one")
    other = submit(api, key="one", code="x = 2\n")
    assert (other.status_code, other.json()["code"]) == (409, "FR118")


def test_only_new_code_begins_without_any(api: httpx2.Client) -> None:
    missing = api.post("/api/v1/tasks", json={"kind": "validate", "tests": "x = 1\n"})
    assert (missing.status_code, "code" in missing.json()["errors"]["json"]) == (422, True)
    new_code = api.post("/api/v1/tasks", json={"kind": "generate", "description": "Add."})
    assert (new_code.status_code, new_code.json()["code"]) == (422, "FR110")


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"code": ""}, 422, "FR102"),
        ({"code": "#" * 1_048_577}, 413, "FR103"),
        ({"code": "\0"}, 422, "FR104"),
        ({"code": {"../a.py": "x"}}, 422, "FR105"),
        ({"kind": "dance"}, 422, "kind"),
        ({"kind": "generate"}, 422, "FR110"),
        ({"level": 7}, 422, "level"),
        ({"tests": "def test(:\n"}, 422, "FR101"),
        ({"budget": {"seconds": 301}}, 422, "FR117"),
        ({"budget": {"seconds": 0}}, 422, "seconds"),
        ({"provider": "psychic"}, 422, "provider"),
        ({"python": "python3"}, 422, "FR402"),
        ({"python": "/bin/python\n"}, 422, "FR402"),
        ({"more": 1}, 422, "more"),
        ({"code": 5}, 422, "code"),
    ],
)
def test_what_cannot_be_used_is_a_problem_that_names_it(
    api: httpx2.Client, changed: dict[str, Any], status: int, said: str
) -> None:
    answer = submit(api, **changed)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:fractal-rmo:error:")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"code=1", "application/x-www-form-urlencoded", 415),
        (b'{"code": "' + b"x" * 9_000_000 + b'"}', "application/json", 413),
        (b'{"code": "x", "budget": {"seconds": NaN}}', "application/json", 422),
        (b'{"code": "x", "level": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
    ],
)
def test_what_is_no_document_is_refused(
    api: httpx2.Client, content: bytes, kind: str, status: int
) -> None:
    answer = api.post("/api/v1/tasks", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("what", ["", "/report", "/events", "/artifact"])
@pytest.mark.parametrize("name", ["0192d0a0-0000-7000-8000-000000000000", "nonsense", "%00"])
def test_an_unknown_task_is_not_found(api: httpx2.Client, what: str, name: str) -> None:
    answer = api.get(f"/api/v1/tasks/{name}{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "FR201")


def test_cancel_then_retry_then_cancel(api: httpx2.Client) -> None:
    url = new(api)
    assert api.post(f"{url}/cancel").json()["ending"] == "cancelled"
    assert (again := api.post(f"{url}/cancel")).status_code == 409
    assert again.json()["code"] == "FR203"
    retried = api.post(f"{url}/retry").json()
    assert (retried["state"], retried["ending"], retried["round"]) == ("idle", None, 2)
    assert api.post(f"{url}/retry").status_code == 409
    assert api.post(f"{url}/cancel").json()["ending"] == "cancelled"


def test_without_a_proof_there_is_no_artifact(api: httpx2.Client) -> None:
    answer = api.get(f"{new(api)}/artifact")
    assert (answer.status_code, answer.json()["code"]) == (409, "FR205")


def test_pages_of_tasks_follow_one_another(api: httpx2.Client) -> None:
    made = [new(api, kind="analyze", tests="", description=f"page {n}") for n in range(3)]
    query: dict[str, str | int] = {"kind": "analyze", "words": "PAGE", "limit": 2}
    first = api.get("/api/v1/tasks", params=query).json()
    rest = api.get("/api/v1/tasks", params={**query, "before": first["before"]}).json()
    ids = [task["id"] for page in (first, rest) for task in page["tasks"]]
    assert ids == [url.rpartition("/")[2] for url in reversed(made)]
    assert rest["before"] is None


def test_unchanged_is_said_without_a_body(api: httpx2.Client) -> None:
    url = new(api)
    tag = api.get(url).headers["ETag"]
    unchanged = api.get(url, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    api.post(f"{url}/cancel")
    assert api.get(url, headers={"If-None-Match": tag}).status_code == 200


def events(answer: httpx2.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, id, data) of each event."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif not line and "data" in fields:
            yield fields["event"], fields["id"], json.loads(fields["data"])
            fields = {}


def test_a_stream_tells_changes_to_the_end_and_resumes(api: httpx2.Client) -> None:
    url = new(api)
    with api.stream("GET", f"{url}/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        told = events(answer)
        name, first_id, data = next(told)
        assert (name, data["state"]) == ("status", "idle")
        api.post(f"{url}/cancel")
        name, last_id, data = next(told)
        assert (name, data["ending"]) == ("status", "cancelled")
        assert next(told)[0] == "end"
        assert next(told, None) is None
    with api.stream("GET", f"{url}/events", headers={"Last-Event-ID": first_id}) as answer:
        assert [name for name, _, _ in events(answer)] == ["status", "end"]
    seen = api.get(f"{url}/events", headers={"Last-Event-ID": last_id})
    assert seen.status_code == 204


def test_streams_beyond_the_limit_are_sent_away_and_pages_still_answer(web: Web) -> None:
    with web.client() as api:
        url = new(api)
    limits = httpx2.Limits(max_connections=200)
    client = httpx2.Client(
        base_url=web.url, headers={"Authorization": f"Bearer {web.token}"}, limits=limits
    )
    opened = []
    with client as api:
        for _ in range(110):
            request = api.build_request("GET", f"{url}/events")
            opened.append(api.send(request, stream=True))
        codes = [answer.status_code for answer in opened]
        assert codes == [200] * 96 + [503] * 14
        assert opened[-1].headers["Retry-After"] == "5"
        assert api.get(url).status_code == 200
        api.post(f"{url}/cancel")
        for answer in opened:
            answer.read()
            answer.close()
    with web.client() as api, api.stream("GET", f"{url}/events") as again:
        assert again.status_code == 200  # the closed streams have made room


def test_a_key_covers_all_that_was_asked(api: httpx2.Client) -> None:
    new(api, key="whole", level=1, description="one")
    for changed in ({"level": 2}, {"description": "two"}, {"budget": {"retries": 0}}):
        again = submit(api, key="whole", **{"level": 1, "description": "one", **changed})
        assert (again.status_code, again.json()["code"]) == (409, "FR118")


def test_a_retry_has_a_clock_of_its_own(api: httpx2.Client) -> None:
    url = new(api)
    ended = api.post(f"{url}/cancel").json()
    assert {step["state"] for step in ended["steps"]} == {"dropped"}
    time.sleep(0.2)
    assert api.get(url).json()["elapsed_s"] == ended["elapsed_s"]
    assert api.post(f"{url}/retry").json()["elapsed_s"] < 0.2


def test_the_document_describes_itself_as_openapi_3_1(api: httpx2.Client) -> None:
    document = api.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/tasks/{task_id}/events" in document["paths"]


def test_figures_of_the_process_are_served(api: httpx2.Client) -> None:
    api.get("/health")
    text = api.get("/metrics").text
    assert 'http_requests_total{endpoint="system.health",method="GET",status="200"}' in text
    assert "process_resident_memory_bytes" in text
