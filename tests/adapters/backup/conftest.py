"""Databases to restore into, and files as a hostile person would make them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from fractal_rmo.adapters.backup.archive import MANIFEST
from fractal_rmo.adapters.backup.load import Place
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.embedded.paths import StatePaths
from tests.conftest import ROOT

MIGRATIONS = ROOT / "migrations"


@pytest.fixture
def plain(servers: StatePaths) -> str:
    """The name of a user without any power."""
    server = make_engine(servers.database_url)
    with server.connect() as db:
        if not db.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'plain'")).first():
            db.execute(text("CREATE ROLE plain LOGIN"))
    server.dispose()
    return "plain"


@pytest.fixture
def elsewhere(servers: StatePaths, request: pytest.FixtureRequest, plain: str) -> Iterator[Place]:
    """A database without any table, of a user without any power elsewhere."""
    name = f"empty_{abs(hash(request.node.nodeid))}"
    server = make_engine(servers.database_url.replace("/fractal_rmo?", "/postgres?"))
    with server.connect() as db:
        db.execute(text(f"CREATE DATABASE {name} OWNER {plain}"))
    url = servers.database_url.replace("/fractal_rmo?", f"/{name}?")
    url = url.replace("://postgres@", f"://{plain}@")
    yield Place(url, MIGRATIONS, {}, servers.data)
    with server.connect() as db:
        db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def silent(_member: str, _done: int) -> None:
    """Report to nobody."""


def rewritten(
    file: Path,
    members: Mapping[str, bytes] | None = None,
    change: Callable[[dict[str, Any]], object] = lambda _: None,
    *,
    honest: bool = True,
) -> Path:
    """The backup with members replaced and its manifest changed; ``honest`` mends the sums."""
    members = dict(members or {})
    with zipfile.ZipFile(file) as old:
        content = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(content.pop(MANIFEST))
    content |= members
    for name in members if honest else ():
        digest = hashlib.sha256(content[name]).hexdigest()
        manifest["members"][name] = {"size": len(content[name]), "sha256": digest}
    change(manifest)
    made = file.with_name("rewritten.zip")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in content.items():
            new.writestr(name, data)
        new.writestr(MANIFEST, json.dumps(manifest))
    return made
