"""Pulls and pushes images: with stored credentials, progress, and patience where patience can help."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, TypeVar

from compose_lite.errors import DaemonError, DaemonUnavailable, DiskFull, NotFound
from compose_lite.runner.progress import LayerProgress, silent
from compose_lite.runner.registry import credentials_for_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compose_lite.runner.daemon import Daemon, Feed
    from compose_lite.runner.progress import Report

Answer = TypeVar("Answer")

# Seconds before each further attempt.
_BACK_OFF = (0.5, 1.5, 4.0)

# The registry's own answers reach us as words only: the daemon wraps them.
_REFUSED = re.compile(
    r"denied|unauthorized|no basic auth credentials|authentication required|incorrect username", re.IGNORECASE
)
_ABSENT = re.compile(
    r"not found|manifest unknown|name unknown|no matching manifest|no such image|does not exist|invalid reference",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"toomanyrequests|too many requests|rate limit|\b(429|500|502|503|504)\b|service unavailable|bad gateway"
    r"|internal server error|time(d )?out|connection (refused|reset)|broken pipe|unexpected EOF|\bEOF$"
    r"|no such host|server misbehaving|temporary failure|network is unreachable|no route to host",
    re.IGNORECASE,
)


def pull_image(
    daemon: Daemon,
    ref: str,
    *,
    platform: str | None = None,
    report: Report = silent,
    environ: Mapping[str, str] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Pull `ref` and return its image id.

    Network trouble and an overloaded registry are met with further attempts; layers that have arrived stay.
    Raises NotFound if the registry has no such image, DaemonError for anything else, with its words.
    """
    _transfer("pull", daemon.pull_image, ref, {"platform": platform}, report, environ, pause)
    image = str(daemon.inspect_image(ref)["Id"])
    if "@" not in ref:
        # A pull alone leaves the time of the tag as it was (seen on 20.10), and `daily` pulls again each time.
        daemon.tag_image(image, ref=ref)
    return image


def push_image(
    daemon: Daemon,
    ref: str,
    *,
    report: Report = silent,
    environ: Mapping[str, str] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Push `ref` to its registry; attempts and errors as in `pull_image`."""
    _transfer("push", daemon.push_image, ref, {}, report, environ, pause)


def _transfer(
    verb: str,
    begin: Callable[..., Feed],
    ref: str,
    options: Mapping[str, str | None],
    report: Report,
    environ: Mapping[str, str] | None,
    pause: Callable[[float], None],
) -> None:
    patiently(
        verb,
        ref,
        lambda auth: _follow(begin(ref, auth=auth, **options), report),
        report=report,
        environ=environ,
        pause=pause,
    )


def patiently(
    verb: str,
    ref: str,
    ask: Callable[[str | None], Answer],
    *,
    report: Report = silent,
    environ: Mapping[str, str] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Answer:
    """Return what `ask` does, given the credentials for `ref`'s registry; `verb` is for messages.

    Attempts and errors are those of `pull_image`.
    """
    credentials = credentials_for_image(ref, environ)
    left = list(_BACK_OFF)
    while True:
        try:
            return ask(credentials.header)
        except DaemonUnavailable:
            raise
        except DaemonError as error:
            if not left or not _may_pass(str(error)):
                raise _explained(verb, ref, error, credentials.problem) from error
            report(f"trying again in {left[0]:g} s: {error}")
            pause(left.pop(0))


def _follow(feed: Feed, report: Report) -> None:
    progress = LayerProgress()
    try:
        for message in feed:
            if news := progress.update(message):
                report(*news)
    finally:
        feed.close()


def _may_pass(message: str) -> bool:
    """Tell whether the same request may succeed later."""
    return bool(_PASSING.search(message)) and not (_REFUSED.search(message) or _ABSENT.search(message))


def _explained(verb: str, ref: str, error: DaemonError, problem: str | None) -> DaemonError:
    said = str(error)
    message = f"can't {verb} {ref}: {said}"
    if isinstance(error, DiskFull):
        return DiskFull(message, hint=error.hint, status=error.status)
    if _REFUSED.search(said):
        hint = problem or f"log in with `docker login{_host_of(ref)}`; check the name for typing mistakes too"
        return DaemonError(message, hint=hint, status=error.status)
    if isinstance(error, NotFound) or _ABSENT.search(said):
        hint = (
            "build or tag it first"
            if verb == "push"
            else "check the name and the tag; the registry may have it for other platforms only"
        )
        return NotFound(message, hint=hint, status=error.status)
    if _may_pass(said):
        return DaemonError(
            message,
            hint="several attempts failed: check the network and the registry, then try again",
            status=error.status,
        )
    return DaemonError(message, hint=error.hint, status=error.status)


def _host_of(ref: str) -> str:
    """Return the registry's host in `ref` with a leading space; nothing for the default registry."""
    host, slash, _ = ref.partition("/")
    return f" {host}" if slash and ("." in host or ":" in host or host == "localhost") else ""
