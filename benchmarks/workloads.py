"""The stacks that are brought up and down: small graphs of containers that sleep and stop at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One container; `healthy` gives it a check whose first probe comes after a second and passes."""

    name: str
    depends_on: Mapping[str, Condition] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    healthy: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """A stack; `first` is a service to run commands in."""

    title: str
    services: tuple[Service, ...]

    @property
    def first(self) -> str:
        return self.services[0].name

    def compose_file(self, image: str) -> str:
        """The stack as docker compose and compose-lite read it."""
        lines = ["services:"]
        for service in self.services:
            lines += [f"  {service.name}:", f"    image: {image}"]
            if service.command:
                lines.append(f"    command: {list(service.command)!r}")
            if service.healthy:
                lines.append('    healthcheck: {test: ["CMD", "true"], interval: 1s}')
            if service.depends_on:
                lines.append("    depends_on:")
                lines += [f"      {name}: {{condition: {how}}}" for name, how in service.depends_on.items()]
        return "\n".join(lines) + "\n"


def chain(
    length: int, *, condition: Condition = "service_started", healthy: bool = False
) -> tuple[Service, ...]:
    """Services s1 … sN, each of which depends on the one before."""
    return tuple(
        Service(
            name=f"s{number}",
            depends_on={f"s{number - 1}": condition} if number > 1 else {},
            healthy=healthy,
        )
        for number in range(1, length + 1)
    )


WORKLOADS: Mapping[str, Workload] = {
    "chain": Workload(title="chain of 5", services=chain(5)),
    "independent": Workload(
        title="20 independent", services=tuple(Service(name=f"s{n}") for n in range(1, 21))
    ),
    "healthy": Workload(
        title="4 health-checked in a chain",
        services=chain(4, condition="service_healthy", healthy=True),
    ),
    "job": Workload(
        title="db → job → web → proxy",
        services=(
            Service(name="db", healthy=True),
            Service(name="job", command=("true",), depends_on={"db": "service_healthy"}),
            Service(name="web", healthy=True, depends_on={"job": "service_completed_successfully"}),
            Service(name="proxy", depends_on={"web": "service_healthy"}),
        ),
    ),
}


def large_file(services: int) -> str:
    """A file of many ordinary services, for what costs time without a daemon."""
    lines = ["services:"]
    for number in range(services):
        lines += [
            f"  service{number}:",
            f"    image: registry.invalid/team/service{number}:${{TAG:-1.0}}",
            f"    command: [serve, --port, '{8000 + number % 1000}']",
            "    environment:",
            f"      NAME: service{number}",
            "      LEVEL: ${LEVEL:-info}",
            "    labels: [team=core]",
            f"    ports: ['{20000 + number}:80']",
            f"    volumes: [data{number % 10}:/data]",
            "    networks: [back]",
            "    restart: unless-stopped",
            "    healthcheck: {test: ['CMD', 'true'], interval: 10s}",
        ]
        if number:
            lines.append(f"    depends_on: [service{number - 1 if number % 10 else 0}]")
    lines += ["networks: {back: {}}", "volumes:", *(f"  data{number}: {{}}" for number in range(10))]
    return "\n".join(lines) + "\n"
