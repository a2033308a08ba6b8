"""Moments that users type become Unix seconds."""

import pytest

from compose_lite.errors import UsageError
from compose_lite.runner.timestamps import as_unix

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("1700000000", "1700000000"),
        ("1700000000.123456789", "1700000000.123456789"),
        ("10m", "1699999400.000000000"),
        ("1h30m", "1699994600.000000000"),
        ("1.5s", "1699999998.500000000"),
        ("-10s", "1700000010.000000000"),
        ("2023-11-14T22:13:20Z", "1700000000.0"),
        ("2023-11-14T22:13:20.000000001Z", "1700000000.000000001"),
        ("2023-11-14T23:13:20.5+01:00", "1700000000.5"),
    ],
)
def test_moments(moment, expected):
    assert as_unix(moment, now=NOW) == expected


def test_a_date_without_offset_is_local_time(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    try:
        assert as_unix("2023-11-15", now=NOW) == "1699999200.0"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("moment", ["yesterday", "10x", "1h 3m", "", "2024-13-01"])
def test_anything_else_names_the_option(moment):
    with pytest.raises(UsageError, match="--until"):
        as_unix(moment, now=NOW, option="--until")
