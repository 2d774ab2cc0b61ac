"""Where everything that runs keeps its files, computed from one folder and nothing else.

The addresses must be the same in every process of a checkout without anybody
being asked, so they depend on the root alone: not on ``HOME``, not on
``TMPDIR``, not on whether a server runs.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError

DATABASE = "fractal_rmo"
SUPERUSER = "postgres"

#: The kernel's ``sun_path`` holds 108 bytes, one of them the closing NUL.
LONGEST_SOCKET_PATH = 107
_POSTGRES_SOCKET = ".s.PGSQL.5432"
#: PostgreSQL puts its lock file beside its socket, under the longer name.
_LONGEST_NAME = _POSTGRES_SOCKET + ".lock"
#: What needs no quoting in an URL, in postgresql.conf, in valkey.conf or in a shell.
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
#: ``TMPDIR`` differs between a login, a service and a cron job; this does not.
_SHORT_ROOT = Path("/tmp")  # noqa: S108 - the folder below it is checked to be ours alone


#: Written into the data folder by ``stamp``.
STAMP = "version.json"
_OURS = {"data", "logs", "locks", "run", "backups"}


@dataclass(frozen=True, slots=True)
class StatePaths:
    """The state folder of a checkout (``.fractal``) and everything below it.

    ``root`` is made absolute and free of links, so two processes that reach it
    by different names compute the same addresses.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(os.path.realpath(self.root)))

    @property
    def data(self) -> Path:
        """The data folders of both servers and the version stamp."""
        return self.root / "data"

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's cluster."""
        return self.data / "postgres"

    @property
    def valkey_data(self) -> Path:
        """The append-only file and its configuration."""
        return self.data / "valkey"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.root / "logs"

    @property
    def locks(self) -> Path:
        """Lock files and the record of what the supervisor started."""
        return self.root / "locks"

    @property
    def backups(self) -> Path:
        """What was saved before the tables were changed; made when it is needed."""
        return self.root / "backups"

    @property
    def web_secrets(self) -> Path:
        """Made at first use, by ``secrets``."""
        return self.data / "web-secrets.json"

    @property
    def sockets(self) -> Path:
        """The folder of both unix sockets: ``root/run``, or a short one for awkward roots.

        A path that is too long for the kernel, or that would need quoting in
        one of the four notations it is written in, is replaced by a folder
        named after the root's hash and this user.
        """
        inside = self.root / "run"
        longest = len(os.fsencode(inside / _LONGEST_NAME))
        if longest <= LONGEST_SOCKET_PATH and _PLAIN.fullmatch(str(inside)):
            return inside
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return _SHORT_ROOT / f"fractal-rmo-{os.getuid()}-{digest}"

    @property
    def postgres_socket(self) -> Path:
        """PostgreSQL's socket."""
        return self.sockets / _POSTGRES_SOCKET

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket."""
        return self.sockets / "valkey.sock"

    @property
    def database_url(self) -> str:
        """For SQLAlchemy and Alembic."""
        return f"postgresql+psycopg2://{SUPERUSER}@/{DATABASE}?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        """For Celery: broker (kombu), result backend, ``inspect``, Flower."""
        return f"redis+socket://{self.valkey_socket}?virtual_host=0"

    def create(self) -> None:
        """Make the folders, readable by this user only.

        Raises ``InfrastructureError``: FOREIGN_FOLDER when the root holds
        someone's files, which a later purge must not meet, and SERVER_FAILED
        when it cannot be made or the socket folder belongs to someone else, who
        could then answer in our servers' place.
        """
        try:
            self._require_own_root()
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.data, self.logs, self.locks, self.sockets):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED, f"The state folder {self.root} cannot be used: {error}."
            ) from error
        self.require_private_sockets()

    def _require_own_root(self) -> None:
        if not self.root.exists() or (self.data / STAMP).exists():
            return
        foreign = sorted({entry.name for entry in self.root.iterdir()} - _OURS)
        if foreign:
            raise InfrastructureError(
                ErrorCode.FOREIGN_FOLDER, f"{self.root} holds '{foreign[0]}', which is not ours."
            )

    def require_private_sockets(self) -> None:
        """Raise ``InfrastructureError`` unless the socket folder is ours alone."""
        found = self.sockets.lstat()
        private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if not private or found.st_uid != os.getuid():
            raise InfrastructureError(
                ErrorCode.SERVER_FAILED,
                f"The socket folder {self.sockets} is not a folder of this user with mode 0700; "
                "whoever owns it could pose as the database. Remove it and start again.",
            )
