"""Host ports of an instance: its own, stable, and nobody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compose_lite import labels
from compose_lite.planner.instances import ALLOCATED, allocated, parse
from compose_lite.planner.observed import ForeignContainer, Observed, ObservedContainer, ObservedPort
from compose_lite.spec.model import FrozenMap, Port, Project
from tests.planner.stacks import project, service


def stack(*ports: Port, instance: str = "two", scale: int | None = None) -> Project:
    web = replace(service("web"), ports=ports, scale=scale)
    return project(web, name=f"shop-{instance}", instance=instance)


def nobody(_port: int, _protocol: str) -> bool:
    return False


def empty(found: Project, **fields: tuple[ForeignContainer, ...]) -> Observed:
    return Observed(project=found.name, **fields)


def numbers(found: Project) -> list[int]:
    return [int(port.published or 0) for port in found.services["web"].ports]


def container(found: Project, *, running: bool = True) -> ObservedContainer:
    """The container that an `up` of the allocated project leaves."""
    web = found.services["web"]
    ports = tuple(
        ObservedPort(target=port.target, published=int(port.published or 0), protocol=port.protocol)
        for port in web.ports
    )
    return ObservedContainer(
        id="1",
        name=f"{found.name}-web-1",
        service="web",
        number=1,
        labels=web.labels,
        state="running" if running else "exited",
        ports=ports if running else (),
    )


HTTP = Port(target=80, published="8080")
DNS = Port(target=53, published="8080", protocol="udp", host_ip="127.0.0.1")


def test_each_fixed_port_gets_its_own_number_and_all_else_stays() -> None:
    free = Port(target=90)
    found = allocated(stack(HTTP, DNS, free), empty(stack()), nobody)
    http, dns, other = found.services["web"].ports
    assert http == replace(HTTP, published=http.published)
    assert dns == replace(DNS, published=dns.published)
    assert other == free
    assert all(number in ALLOCATED for number in numbers(found)[:2])
    assert dict(parse(found.services["web"].labels[labels.PORTS])) == {
        "8080/tcp": numbers(found)[0],
        "8080/udp": numbers(found)[1],
    }
    assert found.services["web"].labels[labels.INSTANCE] == "two"


def test_without_an_instance_the_planner_is_not_even_asked() -> None:
    from compose_lite.pipeline.observation import settled

    plain = project(service("web", port=8080))
    assert settled(plain, empty(plain), None) is plain  # type: ignore[arg-type]  # nothing looks at the daemon


def test_the_same_names_lead_to_the_same_number_and_others_to_others() -> None:
    first, again = (numbers(allocated(stack(HTTP), empty(stack()), nobody)) for _ in "12")
    other = numbers(allocated(stack(HTTP, instance="three"), empty(stack()), nobody))
    assert first == again != other


def test_the_next_number_is_taken_where_somebody_listens_or_holds_it() -> None:
    wanted = stack(HTTP)
    [number] = numbers(allocated(wanted, empty(wanted), nobody))
    assert numbers(allocated(wanted, empty(wanted), lambda port, _: port == number)) == [number + 1]
    held = ForeignContainer(id="x", name="x", ports=(ObservedPort(target=1, published=number),))
    assert numbers(allocated(wanted, empty(wanted, foreign=(held,)), nobody)) == [number + 1]
    udp = ForeignContainer(
        id="x", name="x", ports=(ObservedPort(target=1, published=number, protocol="udp"),)
    )
    assert numbers(allocated(wanted, empty(wanted, foreign=(udp,)), nobody)) == [number]


def test_a_stopped_container_of_another_instance_keeps_its_number() -> None:
    wanted = stack(HTTP)
    [number] = numbers(allocated(wanted, empty(wanted), nobody))
    stopped = ForeignContainer(id="x", name="x", allocated=f"9090/tcp={number}")
    assert numbers(allocated(wanted, empty(wanted, foreign=(stopped,)), nobody)) == [number + 1]


@pytest.mark.parametrize("running", [True, False])
def test_what_a_container_has_got_is_kept(running: bool) -> None:
    wanted = stack(HTTP)
    [hashed] = numbers(allocated(wanted, empty(wanted), nobody))
    moved = allocated(wanted, empty(wanted), lambda port, _: port == hashed)
    observed = replace(empty(wanted), containers=(container(moved, running=running),))
    # while it runs, it is itself who listens there
    assert numbers(allocated(wanted, observed, lambda _port, _: running)) == [hashed + 1]


def test_a_stopped_instance_moves_where_its_number_was_taken() -> None:
    wanted = stack(HTTP)
    before = allocated(wanted, empty(wanted), nobody)
    observed = replace(empty(wanted), containers=(container(before, running=False),))
    taken = numbers(before)[0]
    assert numbers(allocated(wanted, observed, lambda port, _: port == taken)) == [taken + 1]


def test_a_port_that_is_new_in_the_files_takes_no_number_that_another_has() -> None:
    one = stack(HTTP)
    before = allocated(one, empty(one), nobody)
    more = stack(*(Port(target=n, published=str(n)) for n in range(1, 200)), HTTP)
    observed = replace(empty(more), containers=(container(before),))
    found = numbers(allocated(more, observed, nobody))
    assert found[-1] == numbers(before)[0]
    assert len(set(found)) == len(found)


def test_of_a_range_one_number_is_taken_but_with_replicas_it_is_left() -> None:
    span = Port(target=80, published="8000-8003")
    found = numbers(allocated(stack(span), empty(stack()), nobody))
    assert found[0] in range(8000, 8004)
    other = numbers(allocated(stack(span), empty(stack()), lambda port, _: port == found[0]))
    assert other[0] in range(8000, 8004)
    assert other != found
    [left] = allocated(stack(span, scale=2), empty(stack()), nobody).services["web"].ports
    assert left == span


def test_labels_of_the_files_stay() -> None:
    wanted = project(
        replace(service("web", port=80), labels=FrozenMap({"a": "b"})), name="shop-two", instance="two"
    )
    assert allocated(wanted, empty(wanted), nobody).services["web"].labels["a"] == "b"
