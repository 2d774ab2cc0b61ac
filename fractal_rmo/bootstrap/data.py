"""Tables and what is in them: made, brought up to date, saved and put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fractal_rmo.bootstrap.servers import addresses, state_paths
from fractal_rmo.config.load import CHECKOUT, signing_key

if TYPE_CHECKING:
    from fractal_rmo.adapters.backup.load import Restored
    from fractal_rmo.domain.backup import Manifest

MIGRATIONS = CHECKOUT / "migrations"


def migrate() -> None:
    """Bring the tables to this version; those of the embedded server are backed up before."""
    from fractal_rmo.adapters.db.migrate import upgrade

    where = addresses()

    def before(revision: str) -> None:
        if where.embedded_database:  # another's database has another's backups
            from fractal_rmo.adapters.backup.before import keep_before

            keep_before(where.database, state_paths(), _secret_files(), revision)

    upgrade(where.database, MIGRATIONS, before)


def _secret_files() -> dict[str, Path]:
    """What proofs and sessions need beside the database; secrets that are set are settings."""
    return {"signing-key.pem": signing_key(), "web-secrets.json": state_paths().web_secrets}


def backup(file: Path, report: Callable[[str, int], None]) -> Manifest:
    """Write everything into one file, whoever works meanwhile; nothing is migrated for it."""
    from fractal_rmo.adapters.backup.save import save

    return save(addresses().database, file, _secret_files(), report)


def restore(file: Path, report: Callable[[str, int], None], *, replace: bool) -> Restored:
    """Put what a backup holds in the place of what is there."""
    from fractal_rmo.adapters.backup.load import Place, load
    from fractal_rmo.adapters.backup.secrets import Secret

    where = addresses()
    secrets = {
        name: Secret(path, precious=path == signing_key()) for name, path in _secret_files().items()
    }
    data = state_paths().data if where.embedded_database else None
    place = Place(where.database, MIGRATIONS, secrets, data)
    return load(file, place, report, replace=replace)


def install_protocol() -> None:
    """Put the shipped protocol in force, and tell of it, where there is none yet."""
    from fractal_rmo.adapters.db.engine import make_engine
    from fractal_rmo.adapters.db.protocols import SqlProtocolStore
    from fractal_rmo.domain.protocol import SHIPPED

    engine = make_engine(addresses().database, 1)
    try:
        SqlProtocolStore(engine).install(SHIPPED)
    finally:
        engine.dispose()
