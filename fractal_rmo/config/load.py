"""Read the settings: YAML with ``${VAR}``, the environment over it, each key checked."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from fractal_rmo.config.check import check
from fractal_rmo.config.settings import Settings
from fractal_rmo.domain.errors import ErrorCode, SettingsError

CHECKOUT = Path(__file__).resolve().parents[2]
"""Of the cluster's files; of no use where only the package is installed."""
IS_CHECKOUT = (CHECKOUT / "celeryconfig.py").exists()
"""Else only the package is installed: it reaches a cluster, and starts none."""
SHIPPED = Path(__file__).resolve().parent
"""Where the files of settings lie."""
_VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}")
_OVERRIDES = {
    "DATABASE_URL": ("database", "url"),
    "DB_URL": ("database", "url"),
    "REDIS_URL": ("redis", "url"),
}
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once.  Raises ``SettingsError``."""
    return load(SHIPPED, os.environ)


@lru_cache(maxsize=1)
def state_root() -> Path:
    """Where everything that runs keeps its files: beside a checkout, else under XDG's folder."""
    if chosen := os.environ.get("FRACTAL_STATE"):
        return Path(chosen).absolute()  # a process may change its folder later
    if IS_CHECKOUT:
        return CHECKOUT / ".fractal"
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "fractal-rmo"


def signing_key() -> Path:
    """The file of the private key that signs proofs: as set, else under XDG's folder."""
    if chosen := settings().proofs.signing_key:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "fractal-rmo" / "signing-key.pem"


def load(folder: Path, environment: Mapping[str, str]) -> Settings:
    """Lay ``<environment>.yaml`` over ``default.yaml``, and the environment over both."""
    document = _read(folder / "default.yaml", environment)
    name = environment.get("FRACTAL_ENVIRONMENT") or "development"
    if name != "development" and not (folder / f"{name}.yaml").exists():
        raise SettingsError(
            ErrorCode.BAD_SETTING,
            f"FRACTAL_ENVIRONMENT is '{name}', without {SHIPPED.name}/{name}.yaml.",
        )
    _overlay(document, _read(folder / f"{name}.yaml", environment))
    for variable, (section, key) in reversed(_OVERRIDES.items()):
        if value := environment.get(variable):
            document.setdefault(section, {})[key] = value
    built: Settings = _build(Settings, document, "")
    check(built)
    return built


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(ErrorCode.BAD_SETTING, f"{path.name} is no YAML: {error}") from error
    if not isinstance(document, dict):
        raise SettingsError(ErrorCode.BAD_SETTING, f"{path.name} must hold sections.")
    filled: dict[str, Any] = _filled(document, path, environment)
    return filled


def _filled(value: Any, path: Path, environment: Mapping[str, str]) -> Any:
    """The document with its variables replaced: after parsing, so that no content adds keys."""
    if isinstance(value, dict):
        return {key: _filled(item, path, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, path, environment) for item in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _value(found, path, environment), value)
    return value


def _value(found: re.Match[str], path: Path, environment: Mapping[str, str]) -> str:
    name, default = found.group(1), found.group(2)
    value = environment.get(name) or default
    if value is None:
        raise SettingsError(ErrorCode.BAD_SETTING, f"{path.name} needs the variable {name}.")
    return value


def _overlay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            _overlay(under[key], value)
        else:
            under[key] = value


def _build(kind: type[Any], document: object, where: str) -> Any:
    """A dataclass from a mapping; every key known, every value of its field's type."""
    if not isinstance(document, dict):
        raise SettingsError(ErrorCode.BAD_SETTING, f"'{where}' must be a section with keys.")
    hints = get_type_hints(kind)
    for key in document:
        if key not in hints:
            near = ", ".join(difflib.get_close_matches(str(key), hints)) or ", ".join(hints)
            raise SettingsError(ErrorCode.UNKNOWN_SETTING, f"'{_join(where, key)}'; near: {near}.")
    return kind(
        **{key: _field(hints[key], value, _join(where, key)) for key, value in document.items()}
    )


def _join(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)


def _field(kind: Any, value: object, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, where)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise SettingsError(ErrorCode.BAD_SETTING, f"'{where}' must be a list.")
        one = get_args(kind)[0]
        return tuple(_field(one, item, f"{where}[{place}]") for place, item in enumerate(value))
    try:
        return _scalar(kind, value)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            ErrorCode.BAD_SETTING, f"'{where}' is {value!r}; a value of type {kind.__name__} fits."
        ) from error


def _scalar(kind: Any, value: object) -> Any:
    if kind is bool:
        word = str(value).lower()
        if word not in _TRUE | _FALSE:
            raise ValueError(word)
        return word in _TRUE
    if value is None or isinstance(value, bool | dict | list):
        raise TypeError(type(value))
    made = kind(value)
    if kind in (int, float) and not (made >= 0 and math.isfinite(made)):
        raise ValueError(made)
    return made
