"""`graph --format dot`: what a parser of DOT reads is the picture, whatever things are called."""

import pydot
import pytest

from compose_lite.cli.views.graph.dot import render_dot
from compose_lite.planner.picture import Need, Picture, ResourceBox, ServiceBox, Use
from tests.cli.graph.drawing import HOSTILE, SHOP, drawn, running

# pydot still calls pyparsing by names of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def parsed(picture: Picture) -> pydot.Dot:
    graphs = pydot.graph_from_dot_data(render_dot(picture))
    assert graphs is not None
    [graph] = graphs
    return graph


def edges(graph: pydot.Dot) -> set[tuple[str, str, str]]:
    return {
        (edge.get_source().strip('"'), edge.get_destination().strip('"'), (edge.get_label() or "").strip('"'))
        for edge in graph.get_edges()
    }


def labels(graph: pydot.Dot) -> dict[str, str]:
    return {
        node.get_name().strip('"'): node.get_label().strip('"')
        for node in graph.get_nodes()
        if node.get_name() not in ("node", "edge")
    }


def test_services_networks_and_volumes_are_nodes() -> None:
    assert labels(parsed(drawn(SHOP))) == {
        "service backup": r"backup\nimage dumper\nnetwork none\nprofile ops (off)",
        "service proxy": r"proxy\nimage haproxy\nport 80 → 80, 127.0.0.1:8404 → 8404",
        "service web": r"web ×3\nbuild ./web",  # noqa: RUF001
        "service cache": r"cache\nimage redis",
        "service migrate": r"migrate (job)\nbuild ./web",
        "service db": r"db\nimage postgres",
        "network back": r"network back\ninternal",
        "network front": "network front",
        "volume data": "volume data",
        "volume dumps": r"volume dumps\nexternal",
    }


def test_needs_mounts_and_memberships_are_edges() -> None:
    assert edges(parsed(drawn(SHOP))) == {
        ("service proxy", "service web", "started"),
        ("service web", "service cache", "started, optional"),
        ("service web", "service db", "healthy, restart"),
        ("service web", "service migrate", "completed"),
        ("service migrate", "service db", "healthy"),
        ("service backup", "volume data", "/source, read-only"),
        ("service backup", "volume dumps", "/dumps"),
        ("service db", "volume data", "/var/lib/postgresql/data"),
        ("service proxy", "network front", ""),
        ("service web", "network front", ""),
        *((f"service {name}", "network back", "") for name in ("web", "cache", "migrate", "db")),
    }


def test_how_each_service_is_is_a_word_in_its_label() -> None:
    found = labels(parsed(drawn(SHOP, running(web="unhealthy", db="running"))))
    assert found["service web"].startswith(r"web ×3\nunhealthy 0/3\n")  # noqa: RUF001
    assert found["service db"].startswith(r"db\nrunning\n")
    assert found["network front"] == r"network front\nmissing"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_graph(name: str) -> None:
    picture = Picture(
        project=name,
        services=(ServiceBox(name=name, image=name, networks=(name,)), ServiceBox(name="other")),
        networks=(ResourceBox(name=name, notes=(name,)),),
        volumes=(ResourceBox(name=name),),
        needs=(Need(service=name, needed="other", words=("started",)),),
        uses=(Use(service="other", volume=name, target=name),),
    )
    graph = parsed(picture)
    assert len(labels(graph)) == 4
    ends = {end for source, target, _ in edges(graph) for end in (source, target)}
    assert ends == labels(graph).keys()
