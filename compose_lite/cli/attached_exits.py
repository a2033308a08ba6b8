"""How the containers of an attached `up` have ended, and which of their ends is that of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose_lite.cli.commands.up import UpOptions
    from compose_lite.events import ContainerExited


class Exits:
    """The exit codes so far, by service."""

    def __init__(self, options: UpOptions) -> None:
        self._options = options
        self._codes: dict[str, int] = {}

    def note(self, event: ContainerExited) -> None:
        """Remember how a container has ended; the last one of a service counts."""
        self._codes[event.service] = event.exit_code

    def code_of(self, service: str) -> int | None:
        """Return how the service has ended, None if it has not as far as is known here."""
        return self._codes.get(service)

    def ends_all(self, event: ContainerExited) -> bool:
        """Tell whether the options want everything to end with this container."""
        if event.restarting or not self._options.aborting:
            return False
        return event.exit_code != 0 or not self._options.abort_on_container_failure
