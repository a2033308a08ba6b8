"""Deletes files in a container with whatever its image has for that; no shell is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.errors import CannotDelete, DaemonError, NotFound
from compose_lite.runner.engine import frames
from compose_lite.runner.sync_tree import has_ancestor

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from compose_lite.runner.daemon import Daemon

# Each takes absolute paths behind it and does not mind those that are not there.
TOOLS: tuple[tuple[str, ...], ...] = (
    ("rm", "-rf", "--"),
    ("/bin/rm", "-rf", "--"),
    ("busybox", "rm", "-rf", "--"),
    ("toybox", "rm", "-rf", "--"),
    (
        "python3",
        "-c",
        "import os, shutil, sys\n"
        "for path in map(os.fsencode, sys.argv[1:]):\n"
        "    if os.path.isdir(path) and not os.path.islink(path): shutil.rmtree(path)\n"
        "    elif os.path.lexists(path): os.unlink(path)\n",
    ),
    (
        "perl",
        "-e",
        "use File::Path; for (@ARGV) { if (-d $_ && !-l $_) { File::Path::rmtree($_) } else { unlink $_ }"
        " exit 1 if -e $_ || -l $_ }",
    ),
    (
        "node",
        "-e",
        "for (const path of process.argv.slice(1)) fs.rmSync(path, {recursive: true, force: true})",
    ),
    (
        "ruby",
        "-e",
        "require 'fileutils'; ARGV.each { |path| FileUtils.rm_r(path, secure: false) if File.symlink?(path) || File.exist?(path) }",
    ),
)
# Bytes of arguments in one call; the kernel takes 128 KiB and more.
_CHUNK = 64 * 1024
_HINT = "rebuild instead (`action: rebuild`), or add a tool such as busybox to the image"
# What a runtime exits with where a command can't be run, or is not there.
_NOT_RUN = (126, 127)


def doomed(paths: Collection[str], *, present: Collection[str], solid: Collection[str]) -> list[str]:
    """What is left to delete one by one, where `present` is there now, and `solid` of it are no folders.

    What is in a deleted folder goes with it. What was in a folder that is a file or a link now has gone already;
    behind the link there may be something else of the same name.
    """
    wanted = set(paths).difference(present)
    return sorted(path for path in wanted if not has_ancestor(path, wanted) and not has_ancestor(path, solid))


class Deleter:
    """Deletes in one container, and remembers what was able to."""

    def __init__(self, daemon: Daemon, container: str) -> None:
        self._daemon = daemon
        self._container = container
        self._tools = TOOLS

    def delete(self, paths: Sequence[str]) -> None:
        """Delete these absolute paths, folders with all that is in them; it is no error if they are not there.

        Raises:
            CannotDelete: nothing there can.
            DaemonError: as the daemon does.
        """
        for chunk in _chunks(paths):
            self._delete(chunk)

    def _delete(self, paths: list[str]) -> None:
        for tool in self._tools:
            # As root; where that may not delete for want of capabilities, as the user that the container runs as.
            for user in ("0", ""):
                code, said = _run(self._daemon, self._container, [*tool, *paths], user)
                if code in _NOT_RUN:
                    break
                if code == 0 or not self._left(paths):
                    self._tools = (tool,)
                    return
            else:
                raise CannotDelete(
                    f"{self._left(paths)} can't be deleted in the container: {said or f'{tool[0]} failed'}",
                    hint=_HINT,
                )
        raise CannotDelete(
            "files can't be deleted in the container: it has neither rm nor another tool for it", hint=_HINT
        )

    def _left(self, paths: Sequence[str]) -> str | None:
        """The first of the paths that is still there."""
        return next((path for path in paths if self._exists(path)), None)

    def _exists(self, path: str) -> bool:
        try:
            self._daemon.get_archive(self._container, path=path)[1].close()
        except NotFound:
            return False
        except DaemonError as error:
            if "not a directory" in str(error):
                return False
            raise
        return True


def _run(daemon: Daemon, container: str, command: list[str], user: str) -> tuple[int, str]:
    """Run it to its end; the exit code (126 or 127 if it is not there) and what it said."""
    body = {"Cmd": command, "User": user, "WorkingDir": "/", "AttachStdout": True, "AttachStderr": True}
    exec_id = daemon.create_exec(container, body)
    try:
        stream = daemon.start_exec(exec_id, tty=False)
    except DaemonError as error:
        if error.status == 400:  # how Engine 20.10 says that there is no such program
            return _NOT_RUN[0], str(error)
        raise
    try:
        said = b"".join(content for _, content in frames(iter(stream.read, b"")))
    finally:
        stream.close()
    return int(daemon.inspect_exec(exec_id)["ExitCode"] or 0), said.decode(errors="replace").strip()


def _chunks(paths: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for path in paths:
        length = len(path.encode(errors="surrogateescape")) + 1
        if chunk and size + length > _CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(path)
        size += length
    if chunk:
        yield chunk
