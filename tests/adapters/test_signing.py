"""The key of an account, and signatures with it."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fractal_rmo.adapters.signing import KeyFile, check
from fractal_rmo.domain.errors import ErrorCode, InputError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "key.pem"


def test_a_signature_fits_its_message_and_key_alone(path: Path, tmp_path: Path) -> None:
    key, other = KeyFile(path), KeyFile(tmp_path / "other.pem")
    signed = key.sign(b"text")
    assert check(key.algorithm, key.public_key, signed, b"text")
    assert not check(key.algorithm, key.public_key, signed, b"texts")
    assert not check(key.algorithm, other.public_key, signed, b"text")
    assert not check("rsa", key.public_key, signed, b"text")
    assert not check(key.algorithm, "no key", signed, b"text")
    assert not check(key.algorithm, key.public_key, "no signature", b"text")
    assert not check(key.algorithm, key.public_key, base64.b64encode(b"short").decode(), b"text")


def test_the_key_is_made_once_and_for_its_owner_alone(path: Path) -> None:
    first = KeyFile(path).public_key
    assert KeyFile(path).public_key == first
    assert (path.stat().st_mode & 0o777, [p.name for p in path.parent.iterdir()]) == (
        0o600,
        ["key.pem"],
    )


def test_many_that_make_it_at_once_have_one_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: KeyFile(path).public_key, range(8)))
    assert keys == {KeyFile(path).public_key}


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [("", 0o600, "holds no private key"), ("", 0o644, "chmod 600"), ("-----", 0o600, "no private")],
)  # fmt: skip
def test_what_is_no_key_of_ones_own_is_refused(
    path: Path, text: str, mode: int, words: str
) -> None:
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(InputError, match=words) as raised:
        KeyFile(path)
    assert raised.value.code is ErrorCode.CANNOT_SIGN


def test_a_place_that_cannot_hold_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: File exists"):
        KeyFile(tmp_path / "file" / "key.pem")
