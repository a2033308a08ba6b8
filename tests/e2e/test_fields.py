"""Every field of a service reaches its container: each in a service of its own, inspected on a real daemon."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e import state
from tests.e2e.checks import environment
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack, subnets
from tests.e2e.state import Container
from tests.e2e.steps import do, run


@dataclass(frozen=True, slots=True)
class Field:
    """What a service says, in YAML's flow style, and what inspecting its container must give."""

    yaml: str
    path: str
    expected: Any


HOST = "HostConfig."
FIELDS = (
    Field("command: [echo, 'a b']", "Config.Cmd", ["echo", "a b"]),
    Field("command: echo 'a b' c", "Config.Cmd", ["echo", "a b", "c"]),
    Field("entrypoint: [sh, -c]", "Config.Entrypoint", ["sh", "-c"]),
    Field("entrypoint: sh -c 'x y'", "Config.Entrypoint", ["sh", "-c", "x y"]),
    Field("environment: {A: 1, B: 'x y'}", "Config.Env", lambda env: {"A=1", "B=x y"} <= set(env)),
    Field("environment: [A=1, HOME]", "Config.Env", lambda env: any(e.startswith("HOME=/") for e in env)),
    Field("labels: {a.b: c}", "Config.Labels[a.b]", "c"),
    Field(
        "expose: ['81', 82/udp]",
        "Config.ExposedPorts",
        lambda ports: {p.split("/")[0] for p in ports} == {"81", "82"},
    ),
    Field(
        "ports: ['127.0.0.1:${PORT1}:80']",
        HOST + "PortBindings",
        lambda found: found["80/tcp"][0]["HostIp"] == "127.0.0.1",
    ),
    Field("hostname: webby", "Config.Hostname", "webby"),
    Field("domainname: example.invalid", "Config.Domainname", "example.invalid"),
    Field("user: '1000:1000'", "Config.User", "1000:1000"),
    Field("group_add: ['1000', audio]", HOST + "GroupAdd", ["1000", "audio"]),
    Field("working_dir: /srv", "Config.WorkingDir", "/srv"),
    Field("tty: true", "Config.Tty", True),
    Field("stdin_open: true", "Config.OpenStdin", True),
    Field("init: true", HOST + "Init", True),
    Field("privileged: true", HOST + "Privileged", True),
    Field("read_only: true", HOST + "ReadonlyRootfs", True),
    Field(
        "cap_add: [NET_ADMIN]",
        HOST + "CapAdd",
        lambda caps: [c.removeprefix("CAP_") for c in caps] == ["NET_ADMIN"],
    ),
    Field("cap_drop: [ALL]", HOST + "CapDrop", ["ALL"]),
    Field("security_opt: ['no-new-privileges:true']", HOST + "SecurityOpt", lambda found: len(found) == 1),
    Field("userns_mode: host", HOST + "UsernsMode", "host"),
    Field("ipc: shareable", HOST + "IpcMode", "shareable"),
    Field("pid: host", HOST + "PidMode", "host"),
    Field("uts: host", HOST + "UTSMode", "host"),
    Field("cgroup: host", HOST + "CgroupnsMode", "host"),
    Field("cgroup_parent: /some", HOST + "CgroupParent", "/some"),
    Field("runtime: runc", HOST + "Runtime", "runc"),
    Field("dns: 10.1.2.3", HOST + "Dns", ["10.1.2.3"]),
    Field("dns_opt: [use-vc]", HOST + "DnsOptions", ["use-vc"]),
    Field("dns_search: [a.invalid, b.invalid]", HOST + "DnsSearch", ["a.invalid", "b.invalid"]),
    Field(
        "extra_hosts: ['a:10.0.0.1', 'b=10.0.0.2']",
        HOST + "ExtraHosts",
        lambda found: {"a:10.0.0.1", "b:10.0.0.2"} == set(found),
    ),
    Field("mac_address: '02:42:ac:11:00:99'", "Config.MacAddress", "02:42:ac:11:00:99"),
    Field("network_mode: none", HOST + "NetworkMode", "none"),
    Field("network_mode: host", HOST + "NetworkMode", "host"),
    Field("tmpfs: ['/run:size=64k']", HOST + "Tmpfs", {"/run": "size=64k"}),
    Field("tmpfs: /run", HOST + "Tmpfs", {"/run": ""}),
    Field(
        "devices: ['/dev/null:/dev/nothing:r']",
        HOST + "Devices",
        [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing", "CgroupPermissions": "r"}],
    ),
    Field("device_cgroup_rules: ['c 1:3 mr']", HOST + "DeviceCgroupRules", ["c 1:3 mr"]),
    Field(
        "ulimits: {nproc: 100, nofile: {soft: 10, hard: 20}}",
        HOST + "Ulimits",
        lambda found: (
            sorted((u["Name"], u["Soft"], u["Hard"]) for u in found)
            == [("nofile", 10, 20), ("nproc", 100, 100)]
        ),
    ),
    Field("sysctls: {net.core.somaxconn: 1024}", HOST + "Sysctls", {"net.core.somaxconn": "1024"}),
    Field("sysctls: [net.core.somaxconn=1024]", HOST + "Sysctls", {"net.core.somaxconn": "1024"}),
    Field("shm_size: 32m", HOST + "ShmSize", 32 << 20),
    Field("stop_signal: USR1", "Config.StopSignal", "USR1"),
    Field("stop_grace_period: 1m30s", "Config.StopTimeout", 90),
    Field(
        "logging: {driver: json-file, options: {max-size: 1m}}",
        HOST + "LogConfig",
        {"Type": "json-file", "Config": {"max-size": "1m"}},
    ),
    Field("restart: always", HOST + "RestartPolicy", {"Name": "always", "MaximumRetryCount": 0}),
    Field("restart: 'on-failure:3'", HOST + "RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 3}),
    Field("restart: unless-stopped", HOST + "RestartPolicy.Name", "unless-stopped"),
    Field(
        "deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}",
        HOST + "RestartPolicy",
        {"Name": "on-failure", "MaximumRetryCount": 2},
    ),
    Field("mem_limit: 64m", HOST + "Memory", 64 << 20),
    Field("mem_reservation: 32m", HOST + "MemoryReservation", 32 << 20),
    Field("mem_limit: 64m\nmemswap_limit: 128m", HOST + "MemorySwap", 128 << 20),
    Field("mem_swappiness: 10", HOST + "MemorySwappiness", lambda found: found in (10, None)),
    Field("oom_kill_disable: true", HOST + "OomKillDisable", lambda found: found in (True, None, False)),
    Field("oom_score_adj: 100", HOST + "OomScoreAdj", 100),
    Field("cpus: 0.5", HOST + "NanoCpus", 500_000_000),
    Field("cpu_shares: 512", HOST + "CpuShares", 512),
    Field("cpu_period: 50000", HOST + "CpuPeriod", 50000),
    Field("cpu_quota: 25000", HOST + "CpuQuota", 25000),
    Field("cpuset: '0'", HOST + "CpusetCpus", "0"),
    Field("pids_limit: 50", HOST + "PidsLimit", 50),
    Field("blkio_config: {weight: 300}", HOST + "BlkioWeight", lambda found: found in (300, 0)),
    Field(
        "deploy: {resources: {limits: {cpus: '0.25', memory: 32M, pids: 9}, reservations: {memory: 16M}}}",
        "HostConfig",
        lambda host: (
            [host[key] for key in ("NanoCpus", "Memory", "PidsLimit", "MemoryReservation")]
            == [250_000_000, 32 << 20, 9, 16 << 20]
        ),
    ),
    Field("deploy: {labels: {only: services}}", "Config.Labels", lambda labels: "only" not in labels),
    Field(
        "healthcheck: {test: ['CMD', 'true'], interval: 5s, timeout: 2s, retries: 4, start_period: 1m}",
        "Config.Healthcheck",
        {
            "Test": ["CMD", "true"],
            "Interval": 5 * 10**9,
            "Timeout": 2 * 10**9,
            "Retries": 4,
            "StartPeriod": 60 * 10**9,
        },
    ),
    Field("healthcheck: {test: curl x}", "Config.Healthcheck.Test", ["CMD-SHELL", "curl x"]),
    Field("healthcheck: {disable: true}", "Config.Healthcheck.Test", ["NONE"]),
    Field("container_name: '${STACK}-special'", "Name", "/{STACK}-special"),
    Field("volumes: ['data:/data:ro']", "Mounts.0.RW", False),
    Field("volumes: ['./x:/data']", "Mounts.0.Source", lambda source: source.endswith("/project/x")),
    Field(
        "volumes: [{type: bind, source: ., target: /data, bind: {propagation: rslave}}]",
        "Mounts.0.Propagation",
        "rslave",
    ),
    Field(
        "volumes: [{type: volume, source: data, target: /data, volume: {nocopy: true}}]",
        "Mounts.0.Name",
        "{STACK}_data",
    ),
    Field(
        "volumes: [{type: tmpfs, target: /data, tmpfs: {size: 65536}}]",
        HOST + "Mounts",
        lambda found: found[0]["TmpfsOptions"]["SizeBytes"] == 65536,
    ),
    Field(
        "networks: {default: {aliases: [alias]}}",
        "NetworkSettings.Networks[{STACK}_default].Aliases",
        lambda aliases: "alias" in aliases,
    ),
    Field(
        "networks: {fixed: {ipv4_address: '${NET1}.9'}}",
        "NetworkSettings.Networks[{STACK}_fixed].IPAMConfig.IPv4Address",
        "{NET1}.9",
    ),
    Field(
        "links: ['plain:other']",
        "NetworkSettings.Networks[{STACK}_default].Links",
        lambda links: any(link.endswith(":other") for link in links),
    ),
    Field("platform: linux/amd64", "Platform", "linux"),
    Field("isolation: default", HOST + "Isolation", lambda found: found in ("", "default")),
)


def _file() -> str:
    """One service for each of FIELDS, named f00, f01 …, and one without any field."""
    lines = ["services:", '  plain: {image: "${IDLE}"}']
    for number, item in enumerate(FIELDS):
        lines += [
            f"  f{number:02}:",
            "    image: ${IDLE}",
            *(f"    {line}" for line in item.yaml.splitlines()),
        ]
    lines += ["volumes: {data: {}}", "networks: {fixed: {ipam: {config: [{subnet: '${NET1}.0/24'}]}}}"]
    return "\n".join(lines)


def _all_arrive(stack: Stack) -> None:
    found = {container.service: container for container in stack.containers()}
    wrong = []
    for number, item in enumerate(FIELDS):
        value: Any = None
        wanted = stack.expand(item.expected) if isinstance(item.expected, str) else item.expected
        try:
            value = found[f"f{number:02}"].field(stack.expand(item.path))
            arrived = wanted(value) if callable(wanted) else value == wanted
        except (KeyError, IndexError, TypeError, AttributeError):
            arrived = False
        if not arrived:
            wrong.append(f"{item.yaml}: {item.path} is {value!r}")
    assert not wrong, "\n".join(wrong)


def _as_docker_compose(stack: Stack) -> None:
    theirs = stack.sibling("peer")
    stack.run(f"-p {theirs} create", who="peer", env={"STACK": theirs, **subnets()})
    ours = {container.service: _comparable(container, stack.name) for container in stack.containers()}
    wrong = []
    for container in state.containers(theirs):
        mine, other = ours[container.service], _comparable(container, theirs)
        yaml = "plain" if container.service == "plain" else FIELDS[int(container.service[1:])].yaml
        wrong += [
            f"{yaml}: {key} is {mine.get(key)!r}, docker compose has {other.get(key)!r}"
            for key in sorted({*mine, *other})
            if mine.get(key) != other.get(key)
        ]
    assert not wrong, "\n".join(wrong)


# How a volume was asked for (Binds, Mounts, Volumes) may differ; what is mounted may not.
_LEFT_OUT = {"Config.Labels", "Config.Volumes", "HostConfig.Binds", "HostConfig.Mounts"}


def _comparable(container: Container, project: str) -> dict[str, Any]:
    """What makes up the container's configuration, one entry a field, without what is its own by nature."""
    text = json.dumps(container.attributes).replace(container.id, "ID").replace(container.id[:12], "ID")
    attributes = json.loads(re.sub(r"\b10\.2\d\d\.\d+\.", "NET.", text.replace(project, "P")))
    flat = {
        f"{part}.{key}": _sorted(value)
        for part in ("Config", "HostConfig")
        for key, value in attributes[part].items()
        if f"{part}.{key}" not in _LEFT_OUT
    }
    # The same to the engine: NET_ADMIN and CAP_NET_ADMIN, 80 and 80/tcp.
    flat["HostConfig.CapAdd"] = [name.removeprefix("CAP_") for name in flat["HostConfig.CapAdd"] or ()]
    flat["Config.ExposedPorts"] = {
        port if "/" in port else f"{port}/tcp" for port in attributes["Config"].get("ExposedPorts") or ()
    }
    for name, endpoint in attributes["NetworkSettings"]["Networks"].items():
        for key in ("IPAMConfig", "Links", "Aliases", "DriverOpts"):
            flat[f"network {name}.{key}"] = _sorted(endpoint[key])
    flat["Mounts"] = sorted(json.dumps(mount, sort_keys=True) for mount in attributes["Mounts"])
    return flat


def _sorted(value: Any) -> Any:
    """None for everything empty; lists in order (the daemon keeps the order that it was given)."""
    if isinstance(value, list):
        return sorted(value, key=str) or None
    return value or None


def _log_in(stack: Stack) -> None:
    folder = Path(stack.env["HOME"], ".docker")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text('{"auths": {}}')


test_fields = scenarios(
    Scenario(
        name="arrive",
        intent="Every field that a service may have reaches its container.",
        files={"compose.yaml": _file()},
        steps=(run("create", timeout=100), do("every field is there", _all_arrive)),
    ),
    Scenario(
        name="as-docker-compose",
        intent="The containers are configured as docker compose configures them, field by field.",
        needs_peer=True,
        files={"compose.yaml": _file()},
        steps=(run("create", timeout=100), do("compare with docker compose's", _as_docker_compose)),
    ),
    Scenario(
        name="api-socket-again",
        intent="A service with `use_api_socket` is as it should be after `up`: the next one changes nothing.",
        only="compose-lite",
        files={
            "compose.yaml": "services: {web: {image: '${IDLE}', use_api_socket: true}}",
        },
        steps=(
            do("the user logs in somewhere", _log_in),
            run("up -d"),
            environment("web", DOCKER_CONFIG="/run/secrets/docker"),
            run("up -d", changes=0),
            do("and out again", lambda stack: Path(stack.env["HOME"], ".docker", "config.json").unlink()),
            run("up -d", changes=0),
        ),
    ),
)
