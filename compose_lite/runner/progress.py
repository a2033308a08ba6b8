"""How far long work on an image has come, summed up from the daemon's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from compose_lite.runner.daemon import Json


class Report(Protocol):
    """Receives what goes on now; `current` of `total` are bytes or steps when known. From any thread.

    `output` marks a line that a build's step wrote.
    """

    def __call__(
        self, text: str, current: int | None = None, total: int | None = None, *, output: bool = False
    ) -> None: ...


def silent(
    text: str,
    current: int | None = None,
    total: int | None = None,
    *,
    output: bool = False,
) -> None:
    """A `Report` that drops everything."""


class LayerProgress:
    """Sums up a pull's or push's messages, which come layer by layer, to one figure for the image."""

    def __init__(self) -> None:
        self._layers: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._moved: dict[str, int] = {}

    def update(self, message: Json) -> tuple[str, int | None, int | None] | None:
        """Take a message; return text, bytes moved and bytes in all, None if it says nothing new."""
        layer, status = message.get("id"), str(message.get("status", ""))
        if not layer or not status or status.startswith(("Pulling from", "Digest:", "Status:")):
            return None
        if status.startswith("Retrying"):
            return f"{layer}: {status.lower()}", None, None
        self._layers[layer] = status
        self._measure(layer, status, message.get("progressDetail") or {})
        return self._text(), sum(self._moved.values()) or None, sum(self._sizes.values()) or None

    def _measure(self, layer: str, status: str, detail: Json) -> None:
        if status in ("Downloading", "Pushing"):
            self._moved[layer] = int(detail.get("current", 0))
            # A push's layer can turn out larger than announced.
            self._sizes[layer] = max(int(detail.get("total", 0)), self._moved[layer])
        elif status in ("Download complete", "Pull complete", "Pushed") and layer in self._sizes:
            self._moved[layer] = self._sizes[layer]

    def _text(self) -> str:
        done = sum(status in _DONE for status in self._layers.values())
        for status in ("Downloading", "Pushing", "Extracting"):
            if status in self._layers.values():
                return f"{status}, {done} of {len(self._layers)} layers done"
        return f"{done} of {len(self._layers)} layers done"


_DONE = ("Pull complete", "Already exists", "Pushed", "Layer already exists")
