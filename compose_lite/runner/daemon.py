"""The port to a Docker daemon: what the runner asks of it, free of any client library.

Objects are the Engine API's JSON (https://docs.docker.com/reference/api/engine/), as plain dicts.
Every method raises `DaemonUnavailable` when nothing answers, `NotFound` for 404, `Conflict` for 409 and
`DaemonError` for any other refusal; the daemon's own words are the message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

Json = dict[str, Any]
Filters = Mapping[str, Iterable[str]]


class Stream(Protocol):
    """A raw two-way connection to a process (attach, exec)."""

    def fileno(self) -> int: ...

    def read(self, size: int = 65536) -> bytes:
        """Next bytes, `b""` at the end."""
        ...

    def write(self, data: bytes) -> None: ...

    def receive(self, size: int = 65536) -> bytes | None:
        """Next bytes without waiting: None if nothing is there yet, `b""` at the end.

        After a result other than None, `fileno` becomes readable once there is more: nothing that has
        arrived stays behind unseen (TLS), so a `select` loop may rely on the descriptor.
        """
        ...

    def send(self, data: bytes | memoryview) -> int:
        """Send as much as can be sent without waiting (maybe nothing); return how many bytes that was."""
        ...

    def close_write(self) -> None:
        """Tell the process that its standard input ended."""
        ...

    def close(self) -> None: ...


class Feed(Protocol):
    """An endless answer of the daemon that another thread may end with `close`."""

    def __iter__(self) -> Iterator[Any]: ...

    def close(self) -> None: ...


class Daemon(Protocol):
    """One Docker daemon."""

    @property
    def address(self) -> str: ...
    @property
    def api_version(self) -> str:
        """The API version spoken, as `1.41`."""
        ...

    @property
    def is_podman(self) -> bool:
        """Whether it is a Podman that speaks the Engine API: it has no BuildKit."""
        ...

    def client_environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ`, changed so that the `docker` command and its plugins talk to this same daemon."""
        ...

    # system
    def version(self) -> Json: ...
    def info(self) -> Json: ...
    def disk_usage(self) -> Json:
        """What volumes occupy (`Volumes`, each with `UsageData`); may take the daemon seconds."""
        ...

    def events(self, *, filters: Filters, since: float | None = None, until: float | None = None) -> Feed:
        """Events as dicts; subscribed when this returns."""
        ...

    # containers
    def list_containers(
        self, *, filters: Filters, include_stopped: bool = True, size: bool = False
    ) -> list[Json]: ...
    def inspect_container(self, container: str) -> Json: ...
    def create_container(
        self,
        *,
        name: str,
        body: Json,
        platform: str | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> str:
        """Return the new container's id; `warn` is told what the daemon leaves out of the request, and why."""
        ...

    def start_container(self, container: str) -> bool:
        """True if it was not running before."""
        ...

    def stop_container(self, container: str, *, timeout: float | None = None) -> bool: ...
    def restart_container(self, container: str, *, timeout: float | None = None) -> None: ...
    def kill_container(self, container: str, *, signal: str) -> None: ...
    def pause_container(self, container: str) -> None: ...
    def unpause_container(self, container: str) -> None: ...
    def rename_container(self, container: str, *, name: str) -> None: ...
    def remove_container(self, container: str, *, volumes: bool = False, force: bool = False) -> None: ...
    def wait_container(self, container: str, *, condition: str = "not-running") -> int: ...
    def top_container(self, container: str, *, args: str | None = None) -> Json: ...
    def stats_container(self, container: str, *, stream: bool = True) -> Feed: ...
    def logs_container(
        self,
        container: str,
        *,
        follow: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        since: str | None = None,
        until: str | None = None,
        tail: str = "all",
        timestamps: bool = False,
        tty: bool = False,
    ) -> Feed:
        """Pairs `(stream, chunk)`, stream 1 or 2 (always 1 for a tty)."""
        ...

    def open_logs(
        self,
        container: str,
        *,
        follow: bool = False,
        since: str | None = None,
        until: str | None = None,
        tail: str = "all",
    ) -> Stream:
        """The logs as the daemon sends them, each message with its time stamp, to be read with `receive`.

        Framed as `runner.demux` describes (both streams) unless the container has a terminal. Asked for
        with HTTP/1.0, so that the body comes without chunks and ends with the connection.
        """
        ...

    def attach_container(
        self, container: str, *, stdin: bool, logs: bool = False, detach_keys: str | None = None
    ) -> Stream: ...
    def resize_container(self, container: str, *, height: int, width: int) -> None: ...
    def put_archive(
        self, container: str, *, path: str, archive: bytes | Iterable[bytes], replace: bool = False
    ) -> None:
        """Extract a tar in a folder; with `replace` a file may take the place of a folder, and the reverse."""
        ...

    def get_archive(self, container: str, *, path: str) -> tuple[Json, Feed]:
        """The path's stat (name, size, mode, mtime, linkTarget) and the tar's bytes."""
        ...

    # exec
    def create_exec(self, container: str, body: Json) -> str: ...
    def start_exec(self, exec_id: str, *, tty: bool) -> Stream:
        """Start it and connect; detach keys are part of the body of `create_exec` (`DetachKeys`)."""
        ...

    def start_exec_detached(self, exec_id: str) -> None: ...
    def inspect_exec(self, exec_id: str) -> Json: ...
    def resize_exec(self, exec_id: str, *, height: int, width: int) -> None: ...

    # networks and volumes
    def list_networks(self, *, filters: Filters) -> list[Json]: ...
    def inspect_network(self, network: str) -> Json: ...
    def create_network(self, body: Json) -> str: ...
    def remove_network(self, network: str) -> None: ...
    def connect_network(self, network: str, body: Json) -> None: ...
    def disconnect_network(self, network: str, *, container: str, force: bool = False) -> None: ...
    def list_volumes(self, *, filters: Filters) -> list[Json]: ...
    def inspect_volume(self, volume: str) -> Json: ...
    def create_volume(self, body: Json) -> str: ...
    def remove_volume(self, volume: str, *, force: bool = False) -> None: ...

    # images
    def list_images(self, *, filters: Filters) -> list[Json]: ...
    def inspect_image(self, ref: str, *, platform: str | None = None) -> Json:
        """The image for the platform, if the daemon can tell several under one reference apart (API 1.49)."""
        ...

    def inspect_distribution(self, ref: str, *, auth: str | None = None) -> Json:
        """What the registry says of an image: `Descriptor` with its `digest`, `Platforms`; `auth` as for a pull."""
        ...

    def pull_image(self, ref: str, *, platform: str | None = None, auth: str | None = None) -> Feed:
        """Progress messages as the daemon sends them; raises on a failed pull.

        `auth` is the value of the header `X-Registry-Auth` (see `runner.registry`).
        """
        ...

    def push_image(self, ref: str, *, auth: str | None = None) -> Feed:
        """As `pull_image`; `auth` too."""
        ...

    def tag_image(self, image: str, *, ref: str) -> None: ...
    def remove_image(self, ref: str, *, force: bool = False) -> None: ...
    def commit_container(self, container: str, *, params: Mapping[str, str]) -> str: ...
    def export_container(self, container: str) -> Feed: ...
    def build_image(
        self, *, params: Mapping[str, str], context: Iterable[bytes], auth: str | None = None
    ) -> Feed:
        """Classic builder: progress messages as dicts; raises on a failed build.

        `auth` is the value of the header `X-Registry-Config` (credentials of several registries).
        """
        ...

    def close(self) -> None: ...
