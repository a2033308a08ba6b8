"""Finds the names that the files and the daemon have, for completion: fast, silent, and without changing anything."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

from compose_lite.errors import ComposeLiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.cli.invocation import Invocation
    from compose_lite.pipeline import Stack
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.spec.model import Service

Found = TypeVar("Found")

_TOP = re.compile(r"^(?P<key>[A-Za-z][\w.-]*)\s*:")
_KEY = re.compile(r"^(?P<indent> +)[\"']?(?P<key>[A-Za-z0-9][\w.-]*)[\"']?\s*:")


class Live:
    """The names of one project; what can't be found out is nothing, never an error."""

    def __init__(self, ctx: Invocation) -> None:
        from compose_lite.lazy_dataclasses import replace

        # Nothing is read that a person would have to type, and nothing said beside the answer.
        mute = replace(ctx.terminal, stdin=BytesIO(), stdout=BytesIO(), stderr=BytesIO())
        self._ctx = replace(ctx, terminal=mute, offline=True)
        self._stack: Stack | None = None

    def services(self) -> dict[str, str]:
        """All services, switched off ones too, each with its image."""
        stack = self._loaded()
        if stack is None:
            return dict.fromkeys(self._scanned(), "")
        if stack.project is None:
            return {container.service: container.image for container in self._containers()}
        known = {**stack.project.services, **stack.project.disabled_services}
        return {name: _made_of(service) for name, service in sorted(known.items())}

    def services_in(self, *states: str) -> dict[str, str]:
        """The services that have a container in one of these states, each with what the daemon says of it."""
        return {
            container.service: container.status
            for container in self._containers()
            if container.state in states and not container.oneoff
        }

    def ports(self, service: str) -> dict[str, str]:
        """The published ports inside a service's containers, each with where it is published."""
        return {
            str(port.target): f"{port.host_ip}:{port.published}"
            for container in self._containers()
            if container.service == service
            for port in container.ports
            if port.published
        }

    def profiles(self) -> list[str]:
        """The profiles that services are in."""
        stack = self._loaded()
        if stack is None or stack.project is None:
            return []
        every = (*stack.project.services.values(), *stack.project.disabled_services.values())
        return sorted({profile for service in every for profile in service.profiles})

    def volumes(self) -> list[str]:
        """The volumes' names in the files."""
        stack = self._loaded()
        return [] if stack is None or stack.project is None else sorted(stack.project.volumes)

    def projects(self) -> list[str]:
        """The names of the daemon's projects."""
        from compose_lite import labels

        listed = self._ask(lambda: self._ctx.connect().list_containers(filters={"label": [labels.PROJECT]}))
        return sorted({str(found["Labels"][labels.PROJECT]) for found in listed})

    def contexts(self) -> list[str]:
        """The names of the contexts of the `docker` command."""
        from compose_lite.runner.connect import context_names

        return context_names(self._ctx.environ)

    def _loaded(self) -> Stack | None:
        """The project, None if the files are wrong or missing."""
        if self._stack is None:
            from compose_lite.cli.project import find_stack

            try:
                self._stack = find_stack(self._ctx)
            except (ComposeLiteError, OSError):
                return None
        return self._stack

    def _containers(self) -> list[ObservedContainer]:
        from compose_lite import pipeline

        stack = self._loaded()
        if stack is None:
            return []
        return self._ask(lambda: list(pipeline.containers(self._ctx.connect(), stack.name)))

    def _ask(self, question: Callable[[], list[Found]]) -> list[Found]:
        try:
            return question()
        except ComposeLiteError:
            return []

    def _scanned(self) -> list[str]:
        """The names that look like services in files that can't be loaded, for they are just being written."""
        return sorted({name for text in self._texts() for name in scan_services(text)})

    def _texts(self) -> Iterable[str]:
        from pathlib import Path

        from compose_lite.cli.project import working_dir
        from compose_lite.spec.files import FILE_NAMES

        here = Path(working_dir(self._ctx.environ))
        named = self._ctx.common.file
        folders = (here, *here.parents)
        found = [folder / name for folder in folders for name in FILE_NAMES if (folder / name).is_file()][:1]
        for path in [here / name for name in named] if named else found:
            if path.is_file():
                yield path.read_text(errors="replace")


def scan_services(text: str) -> list[str]:
    """The keys one level below `services:`, by indentation alone: the text need not be right elsewhere."""
    names: list[str] = []
    inside, indent = False, ""
    for line in text.splitlines():
        if top := _TOP.match(line):
            inside, indent = top["key"] == "services", ""
        elif inside and (key := _KEY.match(line)):
            indent = indent or key["indent"]
            if key["indent"] == indent:
                names.append(key["key"])
    return names


def _made_of(service: Service) -> str:
    return service.image or ("built here" if service.build is not None else "")
