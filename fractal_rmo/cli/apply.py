"""Writing a proven patch into a person's files: all of it or nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

from fractal_rmo.adapters.source_files import base_of, encoded
from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.source import SourceTree

_SUFFIX = ".fractal-rmo-new"


def apply(path: Path, before: SourceTree, after: SourceTree) -> list[Path]:
    """Write the files that changed and return them.

    Raises ``InputError``: STALE_VERSION when a file is no longer what was
    repaired, CANNOT_WRITE when one cannot be written.  Nothing has changed then.
    """
    changed = [name for name, text in after.files.items() if before.files.get(name) != text]
    base = base_of(path)
    targets = {name: (base / name).resolve() for name in changed}  # a link stays one
    drafts: dict[str, Path] = {}
    try:
        for name, target in targets.items():
            content = target.read_bytes()
            if not _is(content, before.files.get(name, "")):
                raise InputError(ErrorCode.STALE_VERSION, f"{target} changed meanwhile.")
            drafts[name] = _draft(target, encoded(after.files[name], content))
        for name, target in targets.items():
            drafts[name].replace(target)
    except OSError as error:
        raise InputError(ErrorCode.CANNOT_WRITE, f"{error.filename}: {error.strerror}.") from error
    except UnicodeEncodeError as error:
        detail = f"The patch cannot be written in {error.encoding}."
        raise InputError(ErrorCode.CANNOT_WRITE, detail) from error
    finally:
        for draft in drafts.values():
            with contextlib.suppress(OSError):
                draft.unlink()
    return list(targets.values())


def _is(content: bytes, text: str) -> bool:
    try:
        return encoded(text, content) == content
    except (SyntaxError, UnicodeError):
        return False


def _draft(target: Path, content: bytes) -> Path:
    """The new content beside its target, with the target's permissions."""
    with target.open("r+b"):
        pass  # a file that may not be written is not to be replaced either
    draft = target.with_name(target.name + _SUFFIX)
    draft.write_bytes(content)
    draft.chmod(target.stat().st_mode)
    return draft
