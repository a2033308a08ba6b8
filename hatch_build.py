"""Puts the manual pages into the wheel, made from the sources that are packed: `man compose-lite up`."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPages(BuildHookInterface[Any]):
    """Writes the pages beside the build, and has them installed below `share/man`."""

    PLUGIN_NAME = "custom"
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is put together; an editable install has no use for pages."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from compose_lite.cli.manual import manual_pages

        self._folder = tempfile.TemporaryDirectory()
        for name, text in manual_pages():
            Path(self._folder.name, name).write_text(text)
        build_data["shared_data"][self._folder.name] = "share/man/man1"

    def finalize(self, *_: Any) -> None:
        """Called when the wheel is there."""
        if self._folder is not None:
            self._folder.cleanup()
