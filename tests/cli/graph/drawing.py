"""Stacks to draw, and how the drawing tests read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.planner.observed import Observed, ObservedContainer, ObservedNetwork, ObservedVolume
from compose_lite.planner.picture import picture
from compose_lite.spec.load import load
from compose_lite.spec.model import FrozenMap
from compose_lite.spec.options import LoadOptions

if TYPE_CHECKING:
    from compose_lite.planner.picture import Picture

SHOP = """
services:
  proxy: {image: haproxy, ports: ["80:80", "127.0.0.1:8404:8404"], networks: [front], depends_on: [web]}
  web:
    build: ./web
    scale: 3
    networks: [front, back]
    depends_on:
      db: {condition: service_healthy, restart: true}
      migrate: {condition: service_completed_successfully}
      cache: {condition: service_started, required: false}
  migrate: {build: ./web, networks: [back], depends_on: {db: {condition: service_healthy}}}
  db: {image: postgres, networks: [back], volumes: ["data:/var/lib/postgresql/data"]}
  cache: {image: redis, networks: [back]}
  backup: {image: dumper, profiles: [ops], network_mode: none, volumes: ["data:/source:ro", "dumps:/dumps"]}
networks: {front: , back: {internal: true}}
volumes: {data: , dumps: {external: true}, unused: }
"""

# What a service, network, volume or image may be called at worst, for whoever has to quote it.
HOSTILE = [
    'a"b',
    "a\\",
    "a\\nb",
    "<b>&amp;</b>",
    "end",
    "a]-->b",
    "`x`",
    "%%{init: {}}%%",
    "#quot;",
    "\x1b[31mred",
    "two\nlines",
    "日本語",
    "]]>",
    "a;b|c{d}(e)",
]


def drawn(text: str, observed: Observed | None = None, **wishes: Any) -> Picture:
    """The picture of a compose file."""
    options = LoadOptions(
        working_dir="/home/src", stdin=text.encode, files=("-",), project_name="demo", all_resources=True
    )
    return picture(load(options).project, observed, **wishes)


def running(**states: str) -> Observed:
    """A snapshot: each service's containers, as in `web="running, healthy, exited 1"`."""
    return Observed(
        project="demo",
        containers=tuple(
            _container(service, number, state)
            for service, text in states.items()
            for number, state in enumerate(text.split(", "), 1)
        ),
        networks=FrozenMap({"demo_back": ObservedNetwork(id="1", name="demo_back")}),
        volumes=FrozenMap({"demo_data": ObservedVolume(name="demo_data")}),
    )


def _container(service: str, number: int, state: str) -> ObservedContainer:
    word, _, code = state.partition(" ")
    healthy = word in ("healthy", "unhealthy", "starting")
    return ObservedContainer(
        id=f"{service}{number}",
        name=f"demo-{service}-{number}",
        service=service,
        number=number,
        state="running" if healthy else word,
        health=word if healthy else None,
        exit_code=int(code) if code else None,
    )
