"""`graph --format text`: compose file in, picture out; it fits any window and hides nothing."""

import re

import pytest

from compose_lite.cli.views.graph.text import render_text
from compose_lite.cli.views.text import width
from compose_lite.planner.picture import Picture, ResourceBox, ServiceBox
from tests.cli.graph.drawing import HOSTILE, SHOP, drawn, running

WHOLE = """\
demo

backup
├─ image     dumper
├─ network   none
├─ profile   ops (off)
├─ volume    data → /source (read-only)
└─ volume    dumps → /dumps

proxy
├─ image     haproxy
├─ port      80 → 80, 127.0.0.1:8404 → 8404
├─ network   front
└─ needs     web (started)

web ×3
├─ build     ./web
├─ network   back, front
├─ needs     cache (started, optional)
├─ needs     db (healthy, restart)
└─ needs     migrate (completed)

cache
├─ image     redis
└─ network   back

migrate (job)
├─ build     ./web
├─ network   back
└─ needs     db (healthy)

db
├─ image     postgres
├─ network   back
└─ volume    data → /var/lib/postgresql/data

Networks
  back (internal)
  front

Volumes
  data
  dumps (external)"""  # noqa: RUF001

LONG = """
services:
  a-service-with-quite-a-long-name-for-a-narrow-window:
    image: registry.example.com/a/rather/deep/path/to/an/image:2026.11.21-with-a-long-tag
    ports: ["127.0.0.1:8001:80", "127.0.0.1:8002:81", "127.0.0.1:8003:82", "127.0.0.1:8004:83"]
"""


def test_the_whole_picture() -> None:
    assert render_text(drawn(SHOP), columns=80, coloured=False) == WHOLE


def test_how_each_service_is() -> None:
    text = render_text(drawn(SHOP, running(web="healthy, healthy", db="running")), columns=80, coloured=False)
    assert "web ×3  ● healthy 2/3\n" in text  # noqa: RUF001
    assert "db  ● running\n" in text
    assert "backup  ● off\n" in text
    assert "  front (missing)\n" in text
    assert "  dumps (external, missing)" in text


def test_colours_only_repeat_what_the_words_say() -> None:
    found = drawn(SHOP, running(web="unhealthy", db="running", migrate="exited 0", proxy="starting"))
    painted = render_text(found, columns=80, coloured=True)
    assert len(set(re.findall(r"\x1b\[([\d;]+)m●", painted))) == 5
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == render_text(found, columns=80, coloured=False)


@pytest.mark.parametrize("columns", [30, 60, 80])
@pytest.mark.parametrize("text", [SHOP, LONG])
def test_it_fits_the_window_and_leaves_nothing_out(text: str, columns: int) -> None:
    found = drawn(text, running())
    shown = render_text(found, columns=columns, coloured=False)
    assert max(map(width, shown.splitlines())) <= columns
    everything = re.sub(r"[\s│├└─]", "", shown)
    for service in found.services:
        for word in (service.name, service.image or "", *service.ports):
            assert word.replace(" ", "") in everything


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_steers_the_terminal_or_breaks_the_lines(name: str) -> None:
    picture = Picture(
        project=name, services=(ServiceBox(name=name, image=name),), volumes=(ResourceBox(name=name),)
    )
    shown = render_text(picture, columns=80, coloured=False)
    assert all(line.isprintable() for line in shown.splitlines())
    assert len(shown.splitlines()) == 7
