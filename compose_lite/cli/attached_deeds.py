"""What the menu of an attached `up` can do to its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.cli.attached import Attached
    from compose_lite.planner.observed import ObservedContainer

# Seconds that a restart waits for what else changes the stack.
_PATIENCE = 60.0


class Deeds:
    """The menu's way to the `up` that it belongs to; a failure is told, not raised."""

    def __init__(self, attached: Attached) -> None:
        self._attached = attached

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose logs are shown."""
        return tuple(sorted(self._attached.shown()))

    @property
    def watching(self) -> bool:
        """Whether changed files take effect."""
        return self._attached.watch.on

    def say(self, text: str) -> None:
        """Tell the user something between the log lines."""
        self._attached.say(text)

    def containers(self) -> Sequence[ObservedContainer]:
        """What may have published ports."""
        from compose_lite import pipeline

        attached = self._attached
        return pipeline.containers(attached.ctx.connect(), attached.project.name)

    def switch_watch(self) -> None:
        """Begin or end to watch."""
        watch = self._attached.watch
        if watch.on:
            watch.switch_off()
            self.say("Watch disabled")
        else:
            self._attached.guarded(watch.switch_on)

    def restart(self, service: str) -> None:
        """Restart one service."""
        self._attached.guarded(lambda: self._restart(service))

    def open_page(self, url: str) -> None:
        """Show a page in the browser."""
        from compose_lite.cli.browser import open_page

        if open_page(url, self._attached.ctx.environ):
            self.say(f"Opening {url}")
        else:
            self.say(f"There is no browser to open {url} with; BROWSER can name one")

    def _restart(self, service: str) -> None:
        from compose_lite import pipeline
        from compose_lite.planner.requests import RestartRequest

        attached = self._attached
        request = RestartRequest(services=(service,), timeout=attached.options.timeout)
        with attached.showing_progress("restart") as run:
            # A rebuild by the watch may be under way: that ends.
            patience = max(run.means.lock_timeout, _PATIENCE)
            means = replace(run.means, daemon=attached.follower.daemon, lock_timeout=patience)
            pipeline.restart(attached.stack, request, means)
