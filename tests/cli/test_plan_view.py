"""A plan in a narrow window."""

import pytest

from compose_lite.cli.views.plan import folded

CHANGE = "  ± shop-web-1  replace  environment.GREETING changed from hello to goodbye"


@pytest.mark.parametrize(
    ("line", "columns", "shown"),
    [
        (CHANGE, 80, [CHANGE]),
        (
            CHANGE,
            60,
            [
                "  ± shop-web-1  replace  environment.GREETING changed from",
                "                         hello to goodbye",
            ],
        ),
        (
            CHANGE,
            40,
            ["  ± shop-web-1  replace", "      environment.GREETING changed from", "      hello to goodbye"],
        ),
        (
            "  web: shop-web-1 stops; no replica runs afterwards",
            40,
            ["  web: shop-web-1 stops; no replica runs", "      afterwards"],
        ),
        ("  - a-volume-with-a-rather-long-name", 20, ["  -", "      a-volume-with-a-rather-long-name"]),
        ("", 20, [""]),
    ],
)
def test_long_lines_are_broken_between_words(line: str, columns: int, shown: list[str]) -> None:
    assert folded(line, columns) == shown
