"""Secrets of a checkout that is only reached from its own machine: made once, for its owner."""

from __future__ import annotations

import json
import os
import secrets

from fractal_rmo.adapters.embedded.paths import StatePaths

_NAMES = ("secret_key", "access_token")


def web_secrets(paths: StatePaths) -> dict[str, str]:
    """``secret_key`` and ``access_token``, the same for every process of this state folder."""
    file = paths.web_secrets
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump({name: secrets.token_urlsafe(32) for name in _NAMES}, opened)
    try:
        os.link(draft, file)  # whoever is first decides, and nobody reads half a file
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    known = json.loads(file.read_text())
    return {name: str(known[name]) for name in _NAMES}
