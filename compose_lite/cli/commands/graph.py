"""The command `graph`: the stack as a picture."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, words
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.picture import Picture

FORMATS = ("text", "svg", "png", "dot", "mermaid")
_SUFFIXES = {
    "txt": "text",
    "svg": "svg",
    "png": "png",
    "dot": "dot",
    "gv": "dot",
    "mmd": "mermaid",
    "mermaid": "mermaid",
}
# Of the text format, where no terminal says otherwise.
_COLUMNS = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphOptions:
    """Options of `graph`."""

    services: tuple[str, ...] = words("SERVICE")
    format: str | None = text("Output format (that of FILE's suffix, else text)", choices=FORMATS)
    live: bool = flag("Ask the daemon how each service is, and show it")
    open: bool = flag("Show the picture in the browser, as SVG")
    output: str | None = text("Write to FILE instead of standard output", short="-o", metavar="FILE")


def run_graph(ctx: Invocation, options: GraphOptions) -> int:
    """Draw the stack: on standard output, into a file, or in the browser."""
    wanted = _format(options)
    to_stdout = options.output in (None, "-") and not options.open
    if wanted == "png" and to_stdout and ctx.terminal.out_tty:
        raise UsageError("a PNG can't be shown on a terminal", hint="name a file with --output")
    content = _drawn(ctx, _picture(ctx, options), wanted, for_terminal=to_stdout)
    if to_stdout:
        ctx.terminal.stdout.write(content)
        return 0
    path = options.output
    if ctx.common.dry_run:
        ctx.terminal.note(f"Would write {path or 'a temporary file'}")
        return 0
    if path is None:
        path = _temporary(content)
    else:
        _write(path, content)
    if options.open:
        _show(ctx, path)
    return 0


def _format(options: GraphOptions) -> str:
    """The format that the options come down to; raises `UsageError` where they contradict each other."""
    if options.open and options.output == "-":
        raise UsageError("--open needs a file, and - is standard output", hint="leave --output out")
    wanted = options.format or _of_suffix(options.output)
    if options.open and wanted not in (None, "svg"):
        raise UsageError(f"--open shows SVG, not {wanted}", hint="leave --open out, or draw SVG")
    return wanted or ("svg" if options.open else "text")


def _of_suffix(path: str | None) -> str | None:
    """The format that a file's name tells, `None` for standard output; raises `UsageError` if it tells none."""
    if path in (None, "-"):
        return None
    _, dot, suffix = path.rpartition(".")
    if not dot or suffix.lower() not in _SUFFIXES:
        known = ", ".join(f".{known}" for known in _SUFFIXES)
        raise UsageError(
            f"the name {path} does not tell the format", hint=f"end it in {known}, or give --format"
        )
    return _SUFFIXES[suffix.lower()]


def _picture(ctx: Invocation, options: GraphOptions) -> Picture:
    """The picture of the whole stack, or of the named services with what they need."""
    from compose_lite.cli.project import load_project
    from compose_lite.planner.picture import picture

    project = load_project(ctx, options.services, all_resources=True)
    observed = None
    if options.live:
        from compose_lite.pipeline import Stack
        from compose_lite.pipeline.observation import observe_stack

        observed = observe_stack(ctx.connect(), Stack(name=project.name, project=project))
    return picture(project, observed, disabled=not options.services, unused=ctx.common.all_resources)


def _drawn(ctx: Invocation, picture: Picture, wanted: str, *, for_terminal: bool) -> bytes:
    if wanted == "text":
        from compose_lite.cli.views.graph.text import render_text

        on_terminal = for_terminal and ctx.terminal.out_tty
        columns = ctx.terminal.size()[0] if on_terminal else _COLUMNS
        coloured = for_terminal and ctx.terminal.out_colour
        return (render_text(picture, columns=columns, coloured=coloured) + "\n").encode()
    if wanted == "dot":
        from compose_lite.cli.views.graph.dot import render_dot

        return render_dot(picture).encode()
    if wanted == "mermaid":
        from compose_lite.cli.views.graph.mermaid import render_mermaid

        return render_mermaid(picture).encode()
    from compose_lite.cli.views.graph.svg import render_svg

    svg = render_svg(picture)
    if wanted == "svg":
        return svg.encode()
    from compose_lite.cli.views.graph.png import render_png

    return render_png(svg)


def _write(path: str, content: bytes) -> None:
    from pathlib import Path

    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}", code="cannot-write") from error


def _temporary(content: bytes) -> str:
    """Write a file that only this user can read; it stays, for the browser reads it when it likes."""
    import os
    import tempfile

    try:
        descriptor, path = tempfile.mkstemp(prefix="compose-lite-", suffix=".svg")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"can't write a temporary file: {error.strerror}", code="cannot-write") from error
    return path


def _show(ctx: Invocation, path: str) -> None:
    from pathlib import Path

    from compose_lite.cli.browser import open_page

    ctx.terminal.note(f"The picture is in {path}")
    if not open_page(Path(path).absolute().as_uri(), ctx.environ):
        ctx.terminal.note("There is no browser to show it with; BROWSER can name one")


COMMANDS = {
    "graph": Command(options=GraphOptions, run=run_graph, example="graph --live --open"),
}
