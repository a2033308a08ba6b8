"""`graph --format mermaid`: each line is one of a few plain statements, whatever things are called.

No parser of Mermaid exists in Python. The grammar below is the part of the flowchart language that is used; its
texts are quoted and have nothing that Mermaid would read as anything but text. Mermaid 11's own parser took all of
these pictures when this was written.
"""

import html
import re

import pytest

from compose_lite.cli.views.graph.mermaid import render_mermaid
from compose_lite.cli.views.text import safe
from compose_lite.planner.picture import Need, Picture, ResourceBox, ServiceBox, Use
from tests.cli.graph.drawing import HOSTILE, SHOP, drawn, running

TEXT = r'"(?:[\w .,:/\-+=@→×…()]|#\d+;|<br>)*"'  # noqa: RUF001
NODE = re.compile(rf"  ([snv]\d+)(?:\[({TEXT})\]|\[\(({TEXT})\)\]|\{{\{{({TEXT})\}}\}})(?::::\w+)?")
EDGE = re.compile(rf"  ([snv]\d+) (-->|-\.->|--o|-\.-)(?:\|({TEXT})\|)? ([snv]\d+)")
CLASS = re.compile(r"  classDef (\w+) fill:#\w{6},stroke:#\w{6},color:#\w{6}")


class Chart:
    """The statements of a flowchart; anything else is refused."""

    def __init__(self, picture: Picture) -> None:
        self.text = render_mermaid(picture)
        self.nodes: dict[str, str] = {}
        self.edges: set[tuple[str, str, str]] = set()
        first, *lines = self.text.splitlines()
        assert first == "flowchart TB"
        for line in lines:
            if node := NODE.fullmatch(line):
                self.nodes[node[1]] = shown(node[2] or node[3] or node[4])
            elif edge := EDGE.fullmatch(line):
                self.edges.add((self.name(edge[1]), shown(edge[3] or '""'), self.name(edge[4])))
            else:
                assert CLASS.fullmatch(line), line

    def name(self, node: str) -> str:
        return self.nodes[node].splitlines()[0]


def shown(quoted: str) -> str:
    """What Mermaid shows for a quoted text."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", quoted[1:-1].replace("<br>", "\n")))


def test_services_networks_and_volumes_are_nodes() -> None:
    found = Chart(drawn(SHOP)).nodes
    assert list(found.values()) == [
        "backup\nimage dumper\nnetwork none\nprofile ops (off)",
        "proxy\nimage haproxy\nport 80 → 80, 127.0.0.1:8404 → 8404",
        "web ×3\nbuild ./web",  # noqa: RUF001
        "cache\nimage redis",
        "migrate (job)\nbuild ./web",
        "db\nimage postgres",
        "network back\ninternal",
        "network front",
        "volume data",
        "volume dumps\nexternal",
    ]


def test_needs_mounts_and_memberships_are_edges() -> None:
    assert Chart(drawn(SHOP)).edges >= {
        ("proxy", "started", "web ×3"),  # noqa: RUF001
        ("web ×3", "healthy, restart", "db"),  # noqa: RUF001
        ("migrate (job)", "healthy", "db"),
        ("backup", "/source, read-only", "volume data"),
        ("proxy", "", "network front"),
    }
    assert len(Chart(drawn(SHOP)).edges) == 14


def test_how_each_service_is_is_a_word_and_a_class() -> None:
    chart = Chart(drawn(SHOP, running(web="unhealthy", db="running")))
    assert "web ×3\nunhealthy 0/3\nbuild ./web" in chart.nodes.values()  # noqa: RUF001
    used = set(re.findall(r":::(\w+)$", chart.text, flags=re.MULTILINE))
    assert used == set(re.findall(r"classDef (\w+)", chart.text)) == {"badState", "goodState", "noneState"}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_chart(name: str) -> None:
    picture = Picture(
        project=name,
        services=(ServiceBox(name=name, networks=(name,)), ServiceBox(name="other")),
        networks=(ResourceBox(name=name, notes=(name,)),),
        volumes=(ResourceBox(name=name),),
        needs=(Need(service=name, needed="other", words=("started",)),),
        uses=(Use(service="other", volume=name, target=name),),
    )
    chart = Chart(picture)
    assert chart.nodes["s0"] == safe(name)
    assert len(chart.nodes) == 4
    assert len(chart.edges) == 3
