"""Check rules for what others can reach or read: databases, the engine's socket, full rights, secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite.spec.check_facts import Remark
from compose_lite.spec.tree import path_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compose_lite.spec.check_facts import Facts
    from compose_lite.spec.model import Port
    from compose_lite.spec.tree import Path

EVERY_ADDRESS = frozenset({None, "", "0.0.0.0", "::", "[::]"})

_DATABASES = {
    1433: "SQL Server",
    1521: "Oracle",
    2379: "etcd",
    3306: "MySQL",
    5432: "PostgreSQL",
    5984: "CouchDB",
    6379: "Redis",
    7474: "Neo4j",
    7687: "Neo4j",
    8086: "InfluxDB",
    8123: "ClickHouse",
    9042: "Cassandra",
    9200: "Elasticsearch",
    9300: "Elasticsearch",
    11211: "memcached",
    26257: "CockroachDB",
    27017: "MongoDB",
    28015: "RethinkDB",
    33060: "MySQL",
}
_SOCKETS = frozenset({"/var/run/docker.sock", "/run/docker.sock"})

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRET_KEY(?:_BASE)?|TOKEN|API_?KEY|ACCESS_KEY"
    r"|PRIVATE_KEY|ENCRYPTION_KEY|CREDENTIALS?)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10}"
    r"|://[^/\s:@]+:[^/\s:@]+@"
)
_SWITCHES = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off"})


def public_databases(facts: Facts) -> Iterator[Remark]:
    """Find well-known database ports that are published on every address of the host."""
    for name, service in facts.project.services.items():
        for index, port in enumerate(service.ports):
            database = _DATABASES.get(port.target)
            if database and port.host_ip in EVERY_ADDRESS and port.protocol == "tcp":
                path: Path = ("services", name, "ports", index)
                yield Remark(
                    path=path,
                    message=f"{path_text(path)}: {database}'s port {port.target} is published on every address "
                    "of this host, so that anybody who reaches the host reaches it",
                    hint=f'publish it on this host only: "127.0.0.1:{_short(port)}"; '
                    "services of the same network reach it without publishing",
                )


def _short(port: Port) -> str:
    return f"{port.published}:{port.target}" if port.published else f":{port.target}"


def engine_sockets(facts: Facts) -> Iterator[Remark]:
    """Find containers that can give orders to the Docker engine."""
    for name, service in facts.project.services.items():
        places: list[Path] = [
            ("services", name, "volumes", index)
            for index, mount in enumerate(service.volumes)
            if mount.type in ("bind", "npipe") and mount.source in _SOCKETS
        ]
        if service.use_api_socket:
            places.append(("services", name, "use_api_socket"))
        for path in places:
            yield Remark(
                path=path,
                message=f"{path_text(path)}: whoever controls this container controls the Docker engine, "
                "and with it the whole host; mounting the socket read-only doesn't change that",
                hint="put a proxy between that allows only the calls that are needed",
            )


def full_rights(facts: Facts) -> Iterator[Remark]:
    """Find containers that run with all rights on the host."""
    for name, service in facts.project.services.items():
        if service.privileged:
            path: Path = ("services", name, "privileged")
            yield Remark(
                path=path,
                message=f"{path_text(path)}: a privileged container can do to the host what root can",
                hint="give it what it needs with cap_add and devices instead",
            )


def written_secrets(facts: Facts) -> Iterator[Remark]:
    """Find passwords, keys and tokens that are written in a compose file; their values are never shown."""
    for name, service in facts.project.services.items():
        variables: list[tuple[Path, Mapping[str, str | None]]] = [
            (("services", name, "environment"), service.environment)
        ]
        if service.build is not None:
            variables.append((("services", name, "build", "args"), service.build.args))
        for where, values in variables:
            for variable, value in values.items():
                path = (*where, variable)
                if _is_secret(variable, value) and facts.literal(path):
                    yield Remark(
                        path=path,
                        message=f"{path_text(path)}: this looks like a secret, and everybody who can read the "
                        "file or inspect the container can read it",
                        hint="use a secret (secrets:, and the image's *_FILE variable), "
                        f"or take it from outside: {variable}: ${{{variable}:?}}",
                    )


def _is_secret(name: str, value: str | None) -> bool:
    if value is None or value.lower() in _SWITCHES:
        return False
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))
