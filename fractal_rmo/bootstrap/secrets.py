"""What is known here alone: the web server's secrets and the signing key."""

from __future__ import annotations

from dataclasses import replace as changed

from fractal_rmo.bootstrap.servers import state_paths
from fractal_rmo.config.load import settings, signing_key
from fractal_rmo.config.settings import Web
from fractal_rmo.domain.errors import ErrorCode, SettingsError
from fractal_rmo.ports.signing import Checker, Signer

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
_SHORTEST_SECRET = 32
_FEWEST_CHARACTERS = 8
"""Different ones."""


def web_secrets() -> Web:
    """The web server's settings with both secrets in them.

    They are made for a checkout whose pages only its own machine reaches.
    Raises ``SettingsError`` (NEEDS_SECRETS) where others could, and for short ones.
    """
    web = settings().web
    given = {"SECRET_KEY": web.secret_key, "FRACTAL_ACCESS_TOKEN": web.access_token}
    lacking = [name for name, value in given.items() if not _is_secret(value)]
    if not lacking and web.secret_key != web.access_token:
        return web
    private = settings().system.environment == "development" and web.host in LOOPBACK
    if not private or any(given.values()):
        words = (
            f"{' and '.join(lacking)}: missing or too simple." if lacking else "Both are the same."
        )
        raise SettingsError(ErrorCode.NEEDS_SECRETS, words)
    from fractal_rmo.adapters.embedded.secrets import web_secrets as of_checkout

    return changed(web, **of_checkout(state_paths()))


def _is_secret(value: str) -> bool:
    return len(value.strip()) >= _SHORTEST_SECRET and len(set(value)) >= _FEWEST_CHARACTERS


def make_signer() -> Signer:
    """The key of this account, made at first use; raises ``InputError`` (CANNOT_SIGN)."""
    from fractal_rmo.adapters.signing import KeyFile

    return KeyFile(signing_key())


def signature_checker() -> Checker:
    """Checks the signatures of any key."""
    from fractal_rmo.adapters.signing import check

    return check
