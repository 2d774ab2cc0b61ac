from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fractal_rmo.adapters.backup.secrets import Secret
from fractal_rmo.domain.errors import InputError


def test_a_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    secret = Secret(tmp_path / "new" / "key.pem", precious=True)
    assert secret.write(b"mine", replace=False)
    assert secret.path.read_bytes() == b"mine"
    assert stat.S_IMODE(secret.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.path.parent.stat().st_mode) == 0o700
    assert not secret.write(b"mine", replace=False)  # it is there


def test_another_key_is_refused_or_set_aside_and_never_lost(tmp_path: Path) -> None:
    secret = Secret(tmp_path / "key.pem", precious=True)
    secret.path.write_bytes(b"another")
    with pytest.raises(InputError, match=r"FR604 .*another key"):
        secret.write(b"mine", replace=False)
    assert secret.path.read_bytes() == b"another"
    assert secret.write(b"mine", replace=True)
    (aside,) = tmp_path.glob("key.pem.before-*")
    assert (secret.path.read_bytes(), aside.read_bytes()) == (b"mine", b"another")


def test_what_is_not_precious_is_replaced(tmp_path: Path) -> None:
    secret = Secret(tmp_path / "web.json")
    secret.path.write_bytes(b"another")
    assert secret.write(b"mine", replace=False)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine"]
