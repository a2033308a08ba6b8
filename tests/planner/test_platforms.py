"""Which image is one for which platform."""

from __future__ import annotations

import pytest

from compose_lite.planner.platforms import is_for


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("amd64", "linux/amd64"),
        ("linux", "linux/riscv64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("LINUX/ARM/v6", "linux/arm/v6"),
        ("linux/amd64", ""),
    ],
)
def test_fits(wanted: str, actual: str) -> None:
    assert is_for(wanted, actual)


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        ("linux/amd64", "linux/arm64"),
        ("windows/amd64", "linux/amd64"),
        ("linux/arm/v6", "linux/arm/v7"),
        ("arm64", "linux/arm"),
        ("linux/amd64/v3", "linux/amd64"),
    ],
)
def test_does_not_fit(wanted: str, actual: str) -> None:
    assert not is_for(wanted, actual)
