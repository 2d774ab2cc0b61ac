"""Who gets in, and what a browser may do with what it gets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.webapp.conftest import ROOT, Web

SECRET = "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


def token_of(page: httpx2.Response) -> str:
    found = FIELD.search(page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def signed_in(web: Web) -> Iterator[httpx2.Client]:
    with web.browser() as client:
        assert client.get(web.run("open")).status_code == 302
        yield client


def test_a_stranger_is_asked_to_sign_in_and_learns_nothing(web: Web) -> None:
    with web.browser() as client:
        page = client.get("/api/v1/tasks")
        assert page.status_code == 401
        assert "Bearer" in page.headers["WWW-Authenticate"]
        assert client.post("/api/v1/tasks", json={}).status_code == 401


def test_a_link_opens_once(web: Web) -> None:
    link = web.run("open")
    with web.browser() as first, web.browser() as second:
        assert first.get(link).headers["Location"] == "/"
        assert first.get("/api/v1/tasks").status_code == 200
        refused = second.get(link)
        assert refused.status_code == 401
        assert "used before" in refused.text
        assert second.get("/api/v1/tasks").status_code == 401


@pytest.mark.parametrize("token", ["x", "a.1.b", "a.99999999999.b"])
def test_a_made_up_link_opens_nothing(web: Web, token: str) -> None:
    with web.browser() as client:
        assert client.get(f"/open/{token}").status_code in (401, 404)
        assert client.get("/api/v1/tasks").status_code == 401


def test_the_access_token_signs_in_by_the_form(web: Web) -> None:
    with web.browser() as client:
        form = {"csrf_token": token_of(client.get("/sign-in")), "next": "/tasks"}
        assert client.post("/sign-in", data={**form, "token": "wrong"}).status_code == 401
        done = client.post("/sign-in", data={**form, "token": web.token})
        assert (done.status_code, done.headers["Location"]) == (302, "/tasks")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\t/evil", "//["],
)
def test_signing_in_leads_nowhere_else(web: Web, target: str) -> None:
    with web.browser() as client:
        form = {"csrf_token": token_of(client.get("/sign-in")), "token": web.token}
        assert client.post("/sign-in", data={**form, "next": target}).headers["Location"] == "/"


def test_a_session_alone_changes_nothing(signed_in: httpx2.Client) -> None:
    given = {"code": "x = 1", "kind": "analyze"}
    assert signed_in.post("/api/v1/tasks", json=given).status_code == 403
    token = {"X-CSRF-Token": token_of(signed_in.get("/sign-in"))}
    assert signed_in.post("/api/v1/tasks", json=given, headers=token).status_code == 202


def test_a_foreign_host_name_is_refused(web: Web) -> None:
    """Else a page of another site could reach us by a name that it points here."""
    with web.client(Host="evil.example") as client:
        assert client.get("/api/v1/tasks").status_code == 400


def test_a_preview_does_not_use_a_link_up(web: Web) -> None:
    link = web.run("open")
    with web.browser() as client:
        assert client.head(link).status_code == 200
        assert client.get(link).status_code == 302


def test_signing_out_forgets_the_browser(signed_in: httpx2.Client) -> None:
    token = token_of(signed_in.get("/"))
    assert signed_in.post("/sign-out", data={"csrf_token": token}).status_code == 302
    assert signed_in.get("/api/v1/tasks").status_code == 401


def test_what_was_typed_is_shown_when_a_form_is_refused(signed_in: httpx2.Client) -> None:
    refused = signed_in.post("/", data={"csrf_token": "old", "code_text": "x = 'my work'"})
    assert refused.status_code == 403
    assert "my work" in refused.text


def test_a_second_link_leaves_open_forms_valid(web: Web, signed_in: httpx2.Client) -> None:
    token = token_of(signed_in.get("/"))
    signed_in.get(web.run("open"))
    assert token_of(signed_in.get("/")) == token


def test_a_stranger_may_send_little_and_learns_no_names(web: Web) -> None:
    with web.browser() as client:
        assert client.post("/sign-in", data={"token": "x" * 10_000}).status_code == 413
        assert set(client.get("/health", headers={"Accept": "*/*"}).json()) == {"status", "version"}


def test_the_cookie_is_kept_from_scripts_and_other_sites(web: Web) -> None:
    with web.browser() as client:
        cookie = client.get(web.run("open")).headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_every_answer_carries_the_policy(web: Web) -> None:
    with web.client() as client:
        for path in ("/health", "/api/v1/tasks", "/nowhere", "/sign-in"):
            headers = client.get(path).headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


def start(folder: Path, **ours: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FRACTAL_STATE": str(folder), **ours}
    return subprocess.run(
        [sys.executable, "-c", "import webapp; webapp.create_app()"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ({"FRACTAL_ENVIRONMENT": "production"}, "SECRET_KEY and FRACTAL_ACCESS_TOKEN"),
        ({"FRACTAL_HOST": "0.0.0.0"}, "SECRET_KEY and FRACTAL_ACCESS_TOKEN"),  # noqa: S104
        pytest.param(
            {"SECRET_KEY": SECRET, "FRACTAL_ENVIRONMENT": "production"},
            "FRACTAL_ACCESS_TOKEN",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"SECRET_KEY": "k" * 40, "FRACTAL_ACCESS_TOKEN": "k" * 40},
            "SECRET_KEY and FRACTAL",
            marks=pytest.mark.slow,
        ),
        ({"SECRET_KEY": SECRET, "FRACTAL_ACCESS_TOKEN": SECRET}, "Both are the same"),
        pytest.param(
            {"SECRET_KEY": "short", "FRACTAL_ACCESS_TOKEN": TOKEN},
            "SECRET_KEY",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_where_others_could_reach_it_nothing_starts_without_secrets(
    tmp_path: Path, ours: dict[str, str], said: str
) -> None:
    done = start(tmp_path, **ours)
    assert done.returncode != 0
    assert f"FR503 {said}" in done.stderr


def test_with_both_secrets_production_starts(tmp_path: Path) -> None:
    secrets = {"SECRET_KEY": SECRET, "FRACTAL_ACCESS_TOKEN": TOKEN}
    done = start(tmp_path, FRACTAL_ENVIRONMENT="production", **secrets)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data").exists()


def test_the_secrets_of_a_checkout_are_its_owners_alone(web: Web) -> None:
    file = Path(web.environment["FRACTAL_STATE"]) / "data" / "web-secrets.json"
    assert file.stat().st_mode & 0o777 == 0o600
