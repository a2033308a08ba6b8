"""Orders and closures of the service graph, also of very long ones."""

from __future__ import annotations

import time

import pytest

from compose_lite.errors import PlanError
from compose_lite.planner.graph import closure, dependents, ordered, service_graph
from tests.planner.stacks import project, service


def graph_of(*services):
    return service_graph(project(*services).services)


DIAMOND = graph_of(
    service("a"), service("b", needs=["a"]), service("c", needs=["a"]), service("d", needs=["b", "c"])
)


def test_each_is_behind_what_it_needs():
    assert ordered(DIAMOND, DIAMOND) == ("a", "b", "c", "d")


def test_the_order_is_of_the_wanted_ones_only():
    assert ordered(DIAMOND, ["d", "b"]) == ("b", "d")


def test_closure_and_dependents():
    assert closure(DIAMOND, ["b"]) == {"a", "b"}
    assert dependents(DIAMOND)["a"] == ("b", "c")


def test_namespaces_and_volumes_are_needs():
    graph = graph_of(
        service("a"),
        service("b"),
        service("c"),
        service("x", network_mode="service:a", pid="service:b", volumes_from=("c:ro",)),
    )
    assert graph["x"] == ("a", "b", "c")


def test_services_that_are_not_there_are_left_out():
    assert graph_of(service("a", needs=["missing"])) == {"a": ()}


def test_a_circle_is_spelled_out():
    graph = {"a": ("b",), "b": ("c",), "c": ("b",)}
    with pytest.raises(PlanError, match=r"in a circle: b → c → b"):
        ordered(graph, graph)


def test_a_long_chain_is_no_problem():
    count = 20_000
    graph = {f"s{i:05}": (f"s{i - 1:05}",) if i else () for i in range(count)}
    began = time.perf_counter()
    assert len(ordered(graph, graph)) == len(closure(graph, [f"s{count - 1:05}"])) == count
    assert time.perf_counter() - began < 5
