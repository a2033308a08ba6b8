"""The command `images`: the images that the project's containers were made from."""

from __future__ import annotations

import time

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, words
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon

HEADERS = ("CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED")
_LEAST = 20
_SHORT_ID = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagesOptions:
    """Options of `images`."""

    services: tuple[str, ...] = words("SERVICE")
    format: str | None = text("Output format (table)", choices=("table", "json"))
    quiet: bool = flag("Image ids only", short="-q")


def run_images(ctx: Invocation, options: ImagesOptions) -> int:
    """List the images of the project's containers."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack

    stack = find_stack(ctx, options.services)
    daemon = ctx.connect()
    containers = [
        container
        for container in pipeline.containers(daemon, stack.name)
        if not container.oneoff and (not options.services or container.service in options.services)
    ]
    _show(ctx, options, _rows(daemon, containers))
    return 0


def _rows(daemon: Daemon, containers: Sequence[ObservedContainer]) -> list[dict[str, Any]]:
    """What is known of each container's image, one inspection an image."""
    inspected = {image: daemon.inspect_image(image) for image in {c.image_id for c in containers}}
    return [_row(container, inspected[container.image_id]) for container in containers]


def _row(container: ObservedContainer, image: dict[str, Any]) -> dict[str, Any]:
    repository, _, tag = _named(container.image, image).rpartition(":")
    return {
        "ID": image["Id"],
        "ContainerName": container.name,
        "Repository": repository or "<none>",
        "Tag": tag if repository else "<none>",
        "Platform": "/".join(
            filter(None, (image.get("Os"), image.get("Architecture"), image.get("Variant")))
        ),
        "Size": image.get("Size", 0),
        "LastTagTime": (image.get("Metadata") or {}).get("LastTagTime", image.get("Created", "")),
    }


def _named(reference: str, image: dict[str, Any]) -> str:
    """The image's name: that which the container was made with if it still has it, else any that it has."""
    tags: list[str] = image.get("RepoTags") or []
    full = reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
    return full if full in tags else next(iter(tags), "")


def _show(ctx: Invocation, options: ImagesOptions, rows: Sequence[dict[str, Any]]) -> None:
    from compose_lite.cli.views.table import table
    from compose_lite.cli.views.text import json_text, size

    terminal = ctx.terminal
    if options.quiet:
        for image in dict.fromkeys(row["ID"] for row in rows):
            terminal.print(image.removeprefix("sha256:"))
    elif options.format == "json":
        terminal.print(json_text(rows, compact=True))
    else:
        cells = [
            (
                row["ContainerName"],
                row["Repository"],
                row["Tag"],
                row["Platform"],
                row["ID"].removeprefix("sha256:")[:_SHORT_ID],
                size(row["Size"]),
                _age(row["LastTagTime"]),
            )
            for row in rows
        ]
        columns = terminal.columns()
        shrink = ("PLATFORM", "CREATED", "IMAGE ID", "SIZE")
        terminal.print(table(HEADERS, cells, least=_LEAST, columns=columns, shrink=shrink))


def _age(tagged: str) -> str:
    """How long ago an image was tagged; `N/A` where that is not known."""
    if not tagged or tagged.startswith("0001-"):
        return "N/A"
    import re
    from datetime import datetime

    from compose_lite.cli.views.text import ago

    moment = datetime.fromisoformat(re.sub(r"\.\d+", "", tagged))
    return f"{ago(time.time() - moment.timestamp())} ago"


COMMANDS = {"images": Command(options=ImagesOptions, run=run_images, example="images --format json")}
