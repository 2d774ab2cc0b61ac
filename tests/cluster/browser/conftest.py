"""A real browser at the real cluster; every page must keep its console clean."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from tests.cluster.conftest import ROOT, ClusterAtWork

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_QUIETLY = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update"
)
PATIENCE_MS = 40_000
expect.set_options(timeout=PATIENCE_MS)  # a busy machine is no fault of the page
ENDLESS = ("def f(a, b, c):\n" + "    a = a + b * c - 1\n" * 60 + "    return a\n", "endless")
NEVER = "from solution import f\n\n\ndef test_it():\n    assert f(1, 2, 3) == 'never'\n"


@dataclass
class Site:
    """The pages, as one person's browser sees them."""

    url: str
    browser: Browser
    signed_in: StorageState
    cluster: ClusterAtWork
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def context(self, **wishes: Any) -> BrowserContext:
        """A signed-in window; what its pages complain of is collected."""
        wishes = {"storage_state": self.signed_in, "base_url": self.url, **wishes}
        context = self.browser.new_context(**wishes)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("dialog", self._refuse)
        self.contexts.append(context)
        return context

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def page(self, path: str = "/", **wishes: Any) -> Page:
        """A page in a window of its own."""
        page = self.context(**wishes).new_page()
        page.goto(path)
        return page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no browser: install the system package 'chromium'")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIETLY.split())


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, cluster: ClusterAtWork) -> StorageState:
    context = chromium.new_context()
    context.new_page().goto(cluster.run("open").stdout.strip())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def site(chromium: Browser, signed_in: StorageState, cluster: ClusterAtWork) -> Iterator[Site]:
    url = f"http://127.0.0.1:{cluster.environment['PORT']}"
    found = Site(url, chromium, signed_in, cluster)
    yield found
    for context in found.contexts:
        context.close()
    assert found.complaints == []


@pytest.fixture(scope="session")
def proven(cluster: ClusterAtWork) -> str:
    """A task that has been proven."""
    folder = ROOT / "examples" / "off_by_one"
    task = cluster.submit(folder, "--tests", folder)
    assert cluster.until_ended(task)["ending"] == "proven"
    return task


@pytest.fixture
def endless(site: Site, tmp_path: Any) -> Iterator[str]:
    """A task whose search does not end by itself."""
    (tmp_path / "solution.py").write_text(ENDLESS[0])
    (tmp_path / "test_solution.py").write_text(NEVER)
    task = site.cluster.submit(tmp_path, "--tests", tmp_path, "--description", ENDLESS[1])
    yield task
    site.cluster.run("cancel", task)


def id_of(page: Page) -> str:
    """The task that a page shows."""
    page.wait_for_url(re.compile(r"/tasks/[0-9a-f-]{36}$"))
    return page.url.rpartition("/")[2]


def fill(page: Page, group: str, text: str) -> None:
    """Type over what the first editor of a group holds."""
    page.locator(f".cm-content[aria-label='Text of {group} file 1']").fill(text)


def evaluated(page: Page, script: str) -> Any:
    """What a script says in the page."""
    return cast("Any", page.evaluate(script))
