"""The command `networks`: the project's networks, as `volumes` lists its volumes."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, words
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.spec.model import Project

_COLUMNS = {"ID": "NETWORK ID", "Name": "NAME", "Driver": "DRIVER", "Scope": "SCOPE", "Subnets": "SUBNETS"}
_SHORT_ID = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworksOptions:
    """Options of `networks`."""

    services: tuple[str, ...] = words("SERVICE")
    format: str | None = text("table, table TEMPLATE, json or a Go template", metavar="FORMAT")
    quiet: bool = flag("Names only", short="-q")


def run_networks(ctx: Invocation, options: NetworksOptions) -> int:
    """List the project's networks, or those that some of its services are on."""
    from compose_lite import labels
    from compose_lite.cli.project import find_stack
    from compose_lite.cli.views.listing import show_listing
    from compose_lite.cli.views.text import safe

    stack = find_stack(ctx, options.services)
    listed = ctx.connect().list_networks(filters={"label": [f"{labels.PROJECT}={stack.name}"]})
    if options.services and stack.project is not None:
        joined = _joined(stack.project, options.services)
        listed = [item for item in listed if (item.get("Labels") or {}).get(labels.NETWORK) in joined]
    rows = [network_row(item) for item in sorted(listed, key=lambda item: str(item["Name"]))]
    if options.quiet:
        for row in rows:
            ctx.terminal.print(safe(row["Name"]))
    else:
        show_listing(ctx.terminal, rows, options.format, _COLUMNS, shrink=("SUBNETS", "SCOPE", "NETWORK ID"))
    return 0


def _joined(project: Project, services: Iterable[str]) -> set[str]:
    """The networks, by their keys in the files, that the services are on."""
    return {attachment.network for name in services for attachment in project.services[name].networks}


def network_row(listed: dict[str, Any]) -> dict[str, Any]:
    """What `networks` knows of a network, under the field names of `docker network ls`; and its subnets."""
    pools = (listed.get("IPAM") or {}).get("Config") or ()
    marks = sorted((listed.get("Labels") or {}).items())
    return {
        "CreatedAt": listed["Created"],
        "Driver": listed["Driver"],
        "ID": listed["Id"][:_SHORT_ID],
        "IPv6": str(bool(listed.get("EnableIPv6"))).lower(),
        "Internal": str(bool(listed.get("Internal"))).lower(),
        "Labels": ",".join(f"{name}={value}" for name, value in marks),
        "Name": listed["Name"],
        "Scope": listed["Scope"],
        "Subnets": ",".join(pool["Subnet"] for pool in pools if pool.get("Subnet")),
    }


COMMANDS = {
    "networks": Command(options=NetworksOptions, run=run_networks, example="networks --format json web")
}
