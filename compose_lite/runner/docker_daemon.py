"""The `Daemon` port on the Docker Engine API: one short method a request."""

from __future__ import annotations

from compose_lite.errors import DaemonError
from compose_lite.runner import podman
from compose_lite.runner.engine import quoted, version_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from compose_lite.runner.daemon import Feed, Filters, Json, Stream
    from compose_lite.runner.engine import Engine


# Since when an image can be inspected for a platform.
_IMAGE_PLATFORM = (1, 49)


class DockerDaemon:
    """A Docker daemon; may be used by any number of threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.address = engine.endpoint.address
        self.endpoint = engine.endpoint

    @property
    def api_version(self) -> str:
        """The API version in use; asks the daemon if it has not answered anything yet."""
        return self._engine.version

    @property
    def is_podman(self) -> bool:
        return self._engine.is_podman

    def client_environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        from compose_lite.runner.connect import client_environment

        return client_environment(self.endpoint, environ)

    # system

    def version(self) -> Json:
        return self._object("/version")

    def info(self) -> Json:
        return self._object("/info")

    def disk_usage(self) -> Json:
        # Older daemons don't know `type` and measure everything.
        return self._object("/system/df", {"type": "volume"})

    def events(self, *, filters: Filters, since: float | None = None, until: float | None = None) -> Feed:
        if self.is_podman:
            filters = podman.event_filters(filters)
        params = {"filters": filters, "since": _time(since), "until": _time(until)}
        feed = self._engine.json_feed(self._engine.open("GET", "/events", params))
        return podman.Events(feed) if self.is_podman else feed

    # containers

    def list_containers(
        self, *, filters: Filters, include_stopped: bool = True, size: bool = False
    ) -> list[Json]:
        params = {"all": include_stopped or None, "size": size or None, "filters": filters}
        found = self._list("/containers/json", params)
        return [podman.listed(container) for container in found] if self.is_podman else found

    def inspect_container(self, container: str) -> Json:
        found = self._object(f"/containers/{quoted(container)}/json")
        return podman.inspected(found) if self.is_podman else found

    def create_container(
        self,
        *,
        name: str,
        body: Json,
        platform: str | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> str:
        params = {"name": name, "platform": platform}
        body = podman.create_body(body) if self.is_podman else body
        created = self._engine.call("POST", "/containers/create", params, body=body)
        for warning in created.get("Warnings") or ():
            if warn is not None:
                warn(warning)
        return str(created["Id"])

    def start_container(self, container: str) -> bool:
        return self._engine.changed("POST", f"/containers/{quoted(container)}/start")

    def stop_container(self, container: str, *, timeout: float | None = None) -> bool:
        params = {"t": _seconds(timeout)}
        return self._engine.changed("POST", f"/containers/{quoted(container)}/stop", params)

    def restart_container(self, container: str, *, timeout: float | None = None) -> None:
        self._engine.call("POST", f"/containers/{quoted(container)}/restart", {"t": _seconds(timeout)})

    def kill_container(self, container: str, *, signal: str) -> None:
        self._engine.call("POST", f"/containers/{quoted(container)}/kill", {"signal": signal})

    def pause_container(self, container: str) -> None:
        self._engine.call("POST", f"/containers/{quoted(container)}/pause")

    def unpause_container(self, container: str) -> None:
        self._engine.call("POST", f"/containers/{quoted(container)}/unpause")

    def rename_container(self, container: str, *, name: str) -> None:
        self._engine.call("POST", f"/containers/{quoted(container)}/rename", {"name": name})

    def remove_container(self, container: str, *, volumes: bool = False, force: bool = False) -> None:
        params = {"v": volumes or None, "force": force or None}
        self._engine.call("DELETE", f"/containers/{quoted(container)}", params)

    def wait_container(self, container: str, *, condition: str = "not-running") -> int:
        path = f"/containers/{quoted(container)}/wait"
        answer = self._engine.call("POST", path, {"condition": condition})
        if answer.get("Error"):
            raise DaemonError(str(answer["Error"].get("Message", "the wait failed")))
        return int(answer["StatusCode"])

    def top_container(self, container: str, *, args: str | None = None) -> Json:
        return self._object(f"/containers/{quoted(container)}/top", {"ps_args": args})

    def stats_container(self, container: str, *, stream: bool = True) -> Feed:
        answer = self._engine.open("GET", f"/containers/{quoted(container)}/stats", {"stream": stream})
        return self._engine.json_feed(answer)

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
        params = {
            "follow": follow or None,
            "stdout": stdout,
            "stderr": stderr,
            "since": since,
            "until": until,
            "tail": tail,
            "timestamps": timestamps or None,
        }
        answer = self._engine.open("GET", f"/containers/{quoted(container)}/logs", params)
        return self._engine.log_feed(answer, tty=tty)

    def open_logs(
        self,
        container: str,
        *,
        follow: bool = False,
        since: str | None = None,
        until: str | None = None,
        tail: str = "all",
    ) -> Stream:
        params = {
            "follow": follow or None,
            "stdout": True,
            "stderr": True,
            "since": since,
            "until": until,
            "tail": tail,
            "timestamps": True,
        }
        path = f"/containers/{quoted(container)}/logs"
        return self._engine.take_over("GET", path, params, upgrade=False)

    def attach_container(
        self, container: str, *, stdin: bool, logs: bool = False, detach_keys: str | None = None
    ) -> Stream:
        params = {
            "stream": True,
            "stdin": stdin or None,
            "stdout": True,
            "stderr": True,
            "logs": logs or None,
            "detachKeys": detach_keys,
        }
        return self._engine.take_over("POST", f"/containers/{quoted(container)}/attach", params)

    def resize_container(self, container: str, *, height: int, width: int) -> None:
        self._engine.call("POST", f"/containers/{quoted(container)}/resize", {"h": height, "w": width})

    def put_archive(
        self, container: str, *, path: str, archive: bytes | Iterable[bytes], replace: bool = False
    ) -> None:
        answer = self._engine.open(
            "PUT",
            f"/containers/{quoted(container)}/archive",
            {"path": path, "noOverwriteDirNonDir": not replace},
            data=archive,
            headers={"Content-Type": "application/x-tar"},
        )
        self._engine.read(answer)

    def get_archive(self, container: str, *, path: str) -> tuple[Json, Feed]:
        import json
        from base64 import b64decode

        answer = self._engine.open("GET", f"/containers/{quoted(container)}/archive", {"path": path})
        stat = json.loads(b64decode(answer.headers["x-docker-container-path-stat"]))
        return stat, self._engine.raw_feed(answer)

    # exec

    def create_exec(self, container: str, body: Json) -> str:
        return str(self._engine.call("POST", f"/containers/{quoted(container)}/exec", body=body)["Id"])

    def start_exec(self, exec_id: str, *, tty: bool) -> Stream:
        body = {"Detach": False, "Tty": tty}
        return self._engine.take_over("POST", f"/exec/{quoted(exec_id)}/start", body=body)

    def start_exec_detached(self, exec_id: str) -> None:
        self._engine.call("POST", f"/exec/{quoted(exec_id)}/start", body={"Detach": True})

    def inspect_exec(self, exec_id: str) -> Json:
        return self._object(f"/exec/{quoted(exec_id)}/json")

    def resize_exec(self, exec_id: str, *, height: int, width: int) -> None:
        self._engine.call("POST", f"/exec/{quoted(exec_id)}/resize", {"h": height, "w": width})

    # networks

    def list_networks(self, *, filters: Filters) -> list[Json]:
        return self._list("/networks", {"filters": filters})

    def inspect_network(self, network: str) -> Json:
        return self._object(f"/networks/{quoted(network)}")

    def create_network(self, body: Json) -> str:
        return str(self._engine.call("POST", "/networks/create", body=body)["Id"])

    def remove_network(self, network: str) -> None:
        self._engine.call("DELETE", f"/networks/{quoted(network)}")

    def connect_network(self, network: str, body: Json) -> None:
        self._engine.call("POST", f"/networks/{quoted(network)}/connect", body=body)

    def disconnect_network(self, network: str, *, container: str, force: bool = False) -> None:
        body = {"Container": container, "Force": force}
        self._engine.call("POST", f"/networks/{quoted(network)}/disconnect", body=body)

    # volumes

    def list_volumes(self, *, filters: Filters) -> list[Json]:
        return list(self._object("/volumes", {"filters": filters}).get("Volumes") or ())

    def inspect_volume(self, volume: str) -> Json:
        return self._object(f"/volumes/{quoted(volume)}")

    def create_volume(self, body: Json) -> str:
        return str(self._engine.call("POST", "/volumes/create", body=body)["Name"])

    def remove_volume(self, volume: str, *, force: bool = False) -> None:
        self._engine.call("DELETE", f"/volumes/{quoted(volume)}", {"force": force or None})

    # images

    def list_images(self, *, filters: Filters) -> list[Json]:
        return self._list("/images/json", {"filters": filters})

    def inspect_image(self, ref: str, *, platform: str | None = None) -> Json:
        params = None
        if platform and version_tuple(self.api_version) >= _IMAGE_PLATFORM:
            params = {"platform": _platform(platform)}
        return self._object(f"/images/{quoted(ref)}/json", params)

    def inspect_distribution(self, ref: str, *, auth: str | None = None) -> Json:
        path = f"/distribution/{quoted(ref)}/json"
        found: Json = self._engine.call("GET", path, headers=_auth_header(auth))
        return found

    def pull_image(self, ref: str, *, platform: str | None = None, auth: str | None = None) -> Feed:
        name, tag = split_reference(ref)
        params = {"fromImage": name, "tag": tag, "platform": platform}
        return self._progress("/images/create", params, headers=_auth_header(auth))

    def push_image(self, ref: str, *, auth: str | None = None) -> Feed:
        name, tag = split_reference(ref)
        # A push without the header is refused, even where the registry asks for no password.
        headers = _auth_header(auth or "e30=")
        return self._progress(f"/images/{quoted(name)}/push", {"tag": tag}, headers=headers)

    def tag_image(self, image: str, *, ref: str) -> None:
        name, tag = split_reference(ref)
        self._engine.call("POST", f"/images/{quoted(image)}/tag", {"repo": name, "tag": tag})

    def remove_image(self, ref: str, *, force: bool = False) -> None:
        self._engine.call("DELETE", f"/images/{quoted(ref)}", {"force": force or None})

    def commit_container(self, container: str, *, params: Mapping[str, str]) -> str:
        query = {"container": container, **params}
        return str(self._engine.call("POST", "/commit", query, body={})["Id"])

    def export_container(self, container: str) -> Feed:
        return self._engine.raw_feed(self._engine.open("GET", f"/containers/{quoted(container)}/export"))

    def build_image(
        self, *, params: Mapping[str, str], context: Iterable[bytes], auth: str | None = None
    ) -> Feed:
        headers = {"Content-Type": "application/x-tar"}
        if auth:
            headers["X-Registry-Config"] = auth
        return self._progress("/build", params, data=context, headers=headers)

    def close(self) -> None:
        self._engine.close()

    def _object(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        found: Json = self._engine.call("GET", path, params)
        return found

    def _list(self, path: str, params: Mapping[str, Any]) -> list[Json]:
        return list(self._engine.call("GET", path, params) or ())

    def _progress(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        data: Iterable[bytes] | None = None,
    ) -> Feed:
        return self._engine.progress_feed(self._engine.open("POST", path, params, data=data, headers=headers))


def split_reference(ref: str) -> tuple[str, str | None]:
    """`repo:tag` or `repo@digest` in the two halves that the API takes; `latest` where neither is given."""
    name, at, digest = ref.partition("@")
    if at:
        return _without_tag(name), digest
    bare = _without_tag(name)
    return bare, name[len(bare) + 1 :] or "latest"


def _without_tag(name: str) -> str:
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _auth_header(auth: str | None) -> dict[str, str]:
    return {} if auth is None else {"X-Registry-Auth": auth}


def _platform(text: str) -> str:
    """`linux/arm64/v8` as the object that an inspection wants, in JSON."""
    from json import dumps

    return dumps(dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False)))


def _time(seconds: float | None) -> str | None:
    """Seconds since the epoch as the API reads them, with nanoseconds behind the point."""
    return None if seconds is None else f"{seconds:.9f}"


def _seconds(timeout: float | None) -> int | None:
    """Whole seconds, rounded up: a grace period is never cut short."""
    return None if timeout is None else -int(-timeout // 1)
