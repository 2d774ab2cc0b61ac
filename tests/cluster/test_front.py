"""The web server of a working cluster: what comes out of it, and that it stays quick."""

from __future__ import annotations

import io
import json
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cluster.conftest import ROOT, ClusterAtWork

pytestmark = pytest.mark.cluster
EXAMPLE = ROOT / "examples" / "off_by_one"
SIMULATED = {
    "code": "x = 1\n", "tests": "def test(): pass\n", "provider": "simulated", "level": 1,
    "kind": "validate",
}  # fmt: skip


@pytest.fixture
def api(cluster: ClusterAtWork) -> Iterator[httpx2.Client]:
    token = cluster.run("token").stdout.strip()
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{cluster.environment['PORT']}",
        headers={"Authorization": f"Bearer {token}"},
        limits=httpx2.Limits(max_connections=200),
        timeout=60,
    ) as client:
        yield client


def follow(api: httpx2.Client, url: str) -> list[str]:
    """The states that a stream tells, to the end."""
    states = []
    with api.stream("GET", f"{url}/events") as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line.startswith("data: "):
                document = json.loads(line.removeprefix("data: "))
                states.append(document.get("state") or document["ending"])
    return states


def test_a_proof_is_followed_and_fetched_as_a_patch_that_git_applies(
    api: httpx2.Client, tmp_path: Path
) -> None:
    files = [(EXAMPLE / name).read_text() for name in ("solution.py", "test_solution.py")]
    url = api.post("/api/v1/tasks", json={"code": files[0], "tests": files[1]}).json()["url"]
    assert follow(api, url)[-2:] == ["complete", "proven"]
    report = api.get(f"{url}/report").json()
    assert report["proven_level"] == 3
    (tmp_path / "solution.py").write_text(files[0])
    patch = api.get(f"{url}/artifact")
    assert patch.headers["Content-Type"].startswith("text/x-diff")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.content, check=True)
    mended = (tmp_path / "solution.py").read_text()
    with zipfile.ZipFile(io.BytesIO(api.get(f"{url}/artifact?form=zip").content)) as archive:
        assert archive.read("solution.py").decode() == mended == report["result"]["solution.py"]


@pytest.mark.slow
def test_fifty_open_pages_stall_nothing_while_a_hundred_tasks_run(
    api: httpx2.Client,
) -> None:
    urls = [api.post("/api/v1/tasks", json=SIMULATED).json()["url"] for _ in range(100)]
    told: dict[str, list[str]] = {}
    pages = [
        threading.Thread(target=lambda u=url: told.update({u: follow(api, u)})) for url in urls[:50]
    ]
    for page in pages:
        page.start()
    waits = []
    while any(page.is_alive() for page in pages):
        begun = time.monotonic()
        assert api.get("/").status_code == 200
        waits.append(time.monotonic() - begun)
        time.sleep(0.05)
    print(f"the form answered {len(waits)} times, at worst after {max(waits):.2f} s")
    assert [told[url][-1] for url in urls[:50]] == ["proven"] * 50
    for url in urls[50:]:
        assert follow(api, url)[-1] == "proven"
