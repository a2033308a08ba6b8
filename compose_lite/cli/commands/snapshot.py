"""The commands `commit` and `export`: a container's file system as an image or as a tar."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, number, text, texts, word
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from compose_lite.cli.invocation import Invocation
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.daemon import Daemon


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitOptions:
    """Options of `commit`."""

    service: str = word("SERVICE")
    image: str = word("REPOSITORY[:TAG]", required=False)
    author: str | None = text("Author, as NAME <ADDRESS>", short="-a", metavar="AUTHOR")
    change: tuple[str, ...] = texts(
        "Dockerfile instruction to apply to the image", short="-c", metavar="INSTRUCTION"
    )
    index: int = number("Number of the container, if the service has several", default=0)
    message: str | None = text("What the image's history says", short="-m", metavar="MESSAGE")
    pause: bool = flag("Freeze the container meanwhile (--pause=false lets it run)", short="-p", default=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportOptions:
    """Options of `export`."""

    service: str = word("SERVICE")
    index: int = number("Number of the container, if the service has several", default=0)
    output: str | None = text("Write to a file instead of standard output", short="-o", metavar="FILE")


def run_commit(ctx: Invocation, options: CommitOptions) -> int:
    """Make an image of what a container has changed; print the image's id."""
    daemon, container = _container(ctx, options.service, options.index)
    named = f" as {options.image}" if options.image else ""
    if ctx.common.dry_run:
        ctx.terminal.print(f"would commit {container.name}{named}")
        return 0
    params = {
        "author": options.author or "",
        "comment": options.message or "",
        "pause": "1" if options.pause else "0",
    }
    if options.change:  # the engine refuses an empty list (20.10)
        params["changes"] = "\n".join(options.change)
    if options.image:
        params["repo"], params["tag"] = _split_image(options.image)
    image = daemon.commit_container(container.id, params=params)
    ctx.terminal.note(f" Container {container.name}  Committed{named}")
    ctx.terminal.print(image)
    return 0


def run_export(ctx: Invocation, options: ExportOptions) -> int:
    """Write a container's whole file system as a tar."""
    from pathlib import Path

    if options.output is None and ctx.terminal.stdout.isatty():
        raise UsageError(
            "a tar is not written to a terminal", hint="name a file with --output, or use a pipe"
        )
    target = Path(options.output) if options.output else None
    if target is not None and not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}")
    if target is not None and target.is_dir():
        raise UsageError(f"{target} is a folder", hint="name the file to write")
    daemon, container = _container(ctx, options.service, options.index)
    if ctx.common.dry_run:
        ctx.terminal.print(f"would export {container.name} to {options.output or 'standard output'}")
        return 0
    tar = daemon.export_container(container.id)
    try:
        if target is None:
            ctx.terminal.stdout.writelines(tar)
        else:
            _write_whole(target, tar)
            ctx.terminal.note(f" Container {container.name}  Exported to {target}")
    finally:
        tar.close()
    return 0


def _container(ctx: Invocation, service: str, index: int) -> tuple[Daemon, ObservedContainer]:
    """The container that is meant, running or not."""
    from compose_lite import pipeline
    from compose_lite.cli.project import find_stack

    stack = find_stack(ctx, (service,))
    daemon = ctx.connect()
    return daemon, pipeline.service_container(daemon, stack.name, service, index=index, running=False)


def _split_image(image: str) -> tuple[str, str]:
    """`REPOSITORY[:TAG]` in its two parts; the colon of a registry's port is not the tag's."""
    if "@" in image:
        raise UsageError(f"{image!r} names a digest, which only the engine can give an image")
    repository, colon, tag = image.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (image, "")


def _write_whole(target: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that is there whole or not at all.

    Raises:
        UsageError: it can't be written.
    """
    import os
    import tempfile
    from pathlib import Path

    if target.exists() and not target.is_file():  # a device or a pipe takes the bytes as they come
        with target.open("wb") as file:
            file.writelines(chunks)
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise UsageError(f"can't write {target}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(chunks)
        Path(name).replace(target)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UsageError(f"can't write {target}: {error.strerror}") from error
        raise


COMMANDS = {
    "commit": Command(options=CommitOptions, run=run_commit, example="commit web shop/web:patched"),
    "export": Command(options=ExportOptions, run=run_export, example="export web --output web.tar"),
}
