"""Ed25519 signatures (RFC 8032) with a key that this user's account keeps."""

from __future__ import annotations

import base64
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fractal_rmo.domain.errors import ErrorCode, InputError

ALGORITHM = "ed25519"


class KeyFile:
    """Implements ``ports.signing.Signer`` over a PEM file, which is made at first use.

    Raises ``InputError`` (CANNOT_SIGN) where it can be neither read nor made,
    or where others may read it.
    """

    algorithm = ALGORITHM

    def __init__(self, path: Path) -> None:
        try:
            self._key = _read(path) if path.exists() else _make(path)
        except OSError as error:
            raise InputError(
                ErrorCode.CANNOT_SIGN, f"{error.filename or path}: {error.strerror}."
            ) from error

    @property
    def public_key(self) -> str:
        """The raw public key in base 64."""
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return base64.b64encode(self._key.public_key().public_bytes(*raw)).decode()

    def sign(self, message: bytes) -> str:
        """The signature in base 64."""
        return base64.b64encode(self._key.sign(message)).decode()


def check(algorithm: str, public_key: str, signature: str, message: bytes) -> bool:
    """Implements ``ports.signing.Checker``."""
    if algorithm != ALGORITHM:
        return False
    with suppress(InvalidSignature, ValueError):
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
        return True
    return False


def _read(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise InputError(ErrorCode.CANNOT_SIGN, f"Others may read {path}: chmod 600 it.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(ErrorCode.CANNOT_SIGN, f"{path} holds no private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(ErrorCode.CANNOT_SIGN, f"{path} holds no {ALGORITHM} key.")
    return key


def _make(path: Path) -> Ed25519PrivateKey:
    """A new key; one that another process made meanwhile is taken instead."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # its owner's alone
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
        path.hardlink_to(draft)  # fails where there is one, which is then whole
    except FileExistsError:
        return _read(path)
    finally:
        draft.unlink()
    return key
