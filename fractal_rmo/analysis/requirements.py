"""What a project says it needs: the lines of its requirements files."""

from __future__ import annotations

import re
from types import MappingProxyType

from fractal_rmo.domain.source import SourceTree

_FILE = re.compile(r"(.*/)?requirements[^/]*\.txt")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([=<>!~][^#;]*)?")
_DASHES = re.compile(r"[-_.]+")
DISTRIBUTIONS = MappingProxyType(
    {
        "attr": "attrs",
        "bs4": "beautifulsoup4",
        "cv2": "opencv-python",
        "dateutil": "python-dateutil",
        "dotenv": "python-dotenv",
        "git": "gitpython",
        "jwt": "pyjwt",
        "pil": "pillow",
        "psycopg2": "psycopg2-binary",
        "serial": "pyserial",
        "skimage": "scikit-image",
        "sklearn": "scikit-learn",
        "yaml": "pyyaml",
    }
)
"""Distributions whose name is not that of the module, by lower-case module."""


def requirements(tree: SourceTree) -> dict[str, str]:
    """Version conditions by normalised name, out of every ``requirements*.txt`` of the tree."""
    lines = [
        line
        for path, text in tree.files.items()
        if _FILE.fullmatch(path)
        for line in text.splitlines()
    ]
    found = (_REQUIREMENT.match(line) for line in lines)
    return {normalised(match[1]): (match[2] or "").strip() for match in found if match}


def normalised(name: str) -> str:
    """Lower case with single dashes, as the packaging standard (PEP 503) compares names."""
    return _DASHES.sub("-", name).lower()


def required_version(module: str, required: dict[str, str]) -> str | None:
    """The condition for the distribution that holds a module; None if it is not asked for."""
    name = normalised(module)
    for candidate in (name, DISTRIBUTIONS.get(module.lower(), name)):
        if candidate in required:
            return required[candidate]
    return None
