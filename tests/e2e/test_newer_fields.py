"""Fields that only newer engines have: with their effect where the engine has them, refused where it has not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e import peer, state
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(180)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field, the API version that brought it, what a service says, and what its container then is."""

    since: tuple[int, int]
    says: str
    shows: Callable[[Stack, dict[str, Any]], object]


def _endpoint(stack: Stack, inspected: dict[str, Any], network: str) -> dict[str, Any]:
    found: dict[str, Any] = inspected["NetworkSettings"]["Networks"][f"{stack.name}_{network}"]
    return found


def _reads(path: str, text: str) -> Callable[[Stack, dict[str, Any]], bool]:
    return lambda stack, _: stack.run(f"exec -T web cat {path}").out == text


FIELDS: Mapping[str, Field] = {
    "annotations": Field(
        since=(1, 43),
        says="annotations: {a.b: c}",
        shows=lambda _, found: found["HostConfig"]["Annotations"]["a.b"] == "c",
    ),
    "start_interval": Field(
        since=(1, 44),
        says='healthcheck: {test: "true", interval: 1h, start_period: 1h, start_interval: 100ms}',
        shows=lambda stack, _: stack.run("up -d --wait --wait-timeout 30"),
    ),
    "mac addresses": Field(
        since=(1, 44),
        says="networks: {one: {mac_address: '02:42:0a:00:00:01'}, two: {mac_address: '02:42:0a:00:00:02'}}",
        shows=lambda stack, found: (
            [_endpoint(stack, found, network)["MacAddress"][-2:] for network in ("one", "two")]
            == ["01", "02"]
        ),
    ),
    "bind.recursive": Field(
        since=(1, 44),
        says="volumes: [{type: bind, source: ., target: /t, read_only: true,"
        " bind: {recursive: readonly, propagation: rprivate}}]",
        shows=lambda _, found: found["HostConfig"]["Mounts"][0]["BindOptions"]["ReadOnlyForceRecursive"],
    ),
    "subpath": Field(
        since=(1, 45),
        says="volumes: [{type: volume, source: data, target: /t, volume: {subpath: inner}}]",
        shows=_reads("/t/file", "inside\n"),
    ),
    "image": Field(
        since=(1, 48),
        says="volumes: [{type: image, source: '${IMAGE}', target: /t}]",
        shows=lambda stack, _: stack.run("exec -T web test -x /t/bin/busybox"),
    ),
    "image subpath": Field(
        since=(1, 48),
        says="volumes: [{type: image, source: '${IMAGE}', target: /t, image: {subpath: bin}}]",
        shows=lambda stack, _: stack.run("exec -T web test -x /t/busybox"),
    ),
    "gw_priority": Field(
        since=(1, 48),
        says="networks: {one: {}, two: {gw_priority: 5}}",
        shows=lambda stack, found: _endpoint(stack, found, "two")["GwPriority"] == 5,
    ),
    "interface_name": Field(
        since=(1, 49),
        says="networks: {one: {interface_name: lan7}}",
        shows=lambda stack, _: stack.run("exec -T web ip link show lan7"),
    ),
}


FILE = """
    services:
      web: {{image: "${{IDLE}}", {says}}}
      filler:
        image: ${{IMAGE}}
        command: sh -c 'mkdir -p /data/inner; echo inside > /data/inner/file'
        volumes: ["data:/data"]
    networks: {{one: {{}}, two: {{}}}}
    volumes: {{data: {{}}}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A project without files yet."""
    made = Stack(tmp_path, {})
    yield made
    made.close()


def has(wanted: Field) -> bool:
    """Whether the engine has the field."""
    newest: str = state.api().version()["ApiVersion"]
    return tuple(map(int, newest.split("."))) >= wanted.since


@pytest.mark.parametrize("name", FIELDS)
def test_field(name: str, stack: Stack) -> None:
    """It takes effect, and a second `up` has nothing to do; or it is refused before anything is made."""
    wanted = FIELDS[name]
    stack.write("compose.yaml", FILE.format(says=wanted.says))
    if not has(wanted):
        needed = ".".join(map(str, wanted.since))
        assert f"{needed} is needed" in stack.run("up -d web", code=1).err
        assert stack.containers() == []
        return
    stack.run("run --rm -T filler")
    stack.run("up -d web")
    # The usual client speaks an API that does not tell them.
    assert wanted.shows(stack, docker.APIClient(version="auto").inspect_container(stack.container("web").id))
    assert stack.run_counted("up -d web") == ()


@pytest.mark.skipif(peer.compose() is None, reason="no docker compose here")
@pytest.mark.parametrize("name", FIELDS)
def test_field_of_docker_composes_container(name: str, stack: Stack) -> None:
    """A container that docker compose has made with the field is as the file says."""
    wanted = FIELDS[name]
    if not has(wanted):
        pytest.skip("the engine is too old for the field")
    stack.write("compose.yaml", FILE.format(says=wanted.says))
    stack.run("run --rm -T filler")
    stack.run("up -d web", who="peer")
    assert stack.run_counted("up -d web") == ()
