"""Opens a page in the user's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OPENERS = ("xdg-open", "wslview", "open")


def open_page(url: str, environ: Mapping[str, str]) -> bool:
    """Start the browser that `BROWSER` names, or the desktop's; `False` if there is none.

    It gets no terminal: one that would draw itself there is not what was meant.
    """
    import subprocess

    for command in _commands(url, environ):
        try:
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            continue
        return True
    return False


def _commands(url: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    """The command lines to try: those of `BROWSER` may have `%s` where the address goes."""
    import shlex

    for given in filter(None, environ.get("BROWSER", "").split(":")):
        words = shlex.split(given)
        if any("%s" in word for word in words):
            yield [word.replace("%s", url) for word in words]
        elif words:
            yield [*words, url]
    for opener in _OPENERS:
        yield [opener, url]
