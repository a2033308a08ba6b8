"""requirements-dev.lock has what pyproject.toml asks for; `scripts/lock` writes it anew."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements-dev.lock").read_text()
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def wanted() -> Iterator[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    yield from pyproject["project"]["dependencies"]
    yield from pyproject["dependency-groups"]["dev"]


@pytest.mark.parametrize("text", sorted(wanted()))
def test_every_requirement_is_locked_at_a_version_that_it_allows(text: str) -> None:
    requirement = Requirement(text)
    versions = [
        version
        for name, version in PINNED.findall(LOCK)
        if canonicalize_name(name) == canonicalize_name(requirement.name)
    ]
    assert versions
    assert all(requirement.specifier.contains(version) for version in versions)


def test_it_names_no_place_to_get_the_packages_from() -> None:
    assert "://" not in LOCK
    assert "index" not in LOCK
