"""What a project occupies is told as far as the daemon and the file system let us see it."""

from pathlib import Path
from typing import Any

from compose_lite.runner.usage import Occupied, usage

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"


class Daemon:
    """A daemon with two images, a container of the service web, and some volumes."""

    def __init__(
        self, log: str, *, address: str = "unix:///var/run/docker.sock", driver: str = "json-file"
    ) -> None:
        self.address = address
        self.log = log
        self.driver = driver

    def list_containers(self, *, filters: Any, size: bool) -> list[dict[str, Any]]:
        assert filters == {"label": [f"{PROJECT}=shop"]}
        assert size
        mounts = [{"Type": "volume", "Name": "anonymous"}, {"Type": "bind", "Source": "/src"}]
        labels = {PROJECT: "shop", SERVICE: "web"}
        return [
            {
                "Id": "c1",
                "Names": ["/shop-web-1"],
                "ImageID": "sha256:aaaaaaaaaaaaaaaaaaaaaaaa",
                "Labels": labels,
                "Mounts": mounts,
                "SizeRw": 70,
            }
        ]

    def list_images(self, *, filters: Any) -> list[dict[str, Any]]:
        return [
            {"Id": "sha256:aaaaaaaaaaaaaaaaaaaaaaaa", "RepoTags": None, "Size": 1000},
            {"Id": "sha256:bbbb", "RepoTags": ["db:latest"], "Size": 2000},
            {"Id": "sha256:cccc", "RepoTags": ["other:1"], "Size": 4000},
        ]

    def inspect_container(self, container: str) -> dict[str, Any]:
        return {"LogPath": self.log, "HostConfig": {"LogConfig": {"Type": self.driver}}}

    def disk_usage(self) -> dict[str, Any]:
        def volume(name: str, size: int, project: str | None = None) -> dict[str, Any]:
            marks = None if project is None else {PROJECT: project}
            return {"Name": name, "Driver": "local", "Labels": marks, "UsageData": {"Size": size}}

        return {
            "Volumes": [
                volume("shop_data", 500, "shop"),
                volume("anonymous", -1),
                volume("theirs", 9000, "theirs"),
            ]
        }


def measured(daemon: Daemon, **images: str) -> list[Occupied]:
    named = {reference: {service} for service, reference in images.items()}
    return usage(daemon, "shop", named)  # type: ignore[arg-type]  # a fake


def of_kind(found: list[Occupied], kind: str) -> list[tuple[str, tuple[str, ...], int | None]]:
    return [(one.name, one.services, one.size) for one in found if one.kind == kind]


def test_images_containers_and_volumes_of_the_project_alone(tmp_path: Path) -> None:
    found = measured(Daemon(str(tmp_path / "log")), db="db")
    assert of_kind(found, "image") == [("aaaaaaaaaaaa", ("web",), 1000), ("db:latest", ("db",), 2000)]
    assert of_kind(found, "container") == [("shop-web-1", ("web",), 70)]
    assert of_kind(found, "volume") == [("anonymous", ("web",), None), ("shop_data", (), 500)]


def test_rotated_logs_count(tmp_path: Path) -> None:
    for name, size in (("x-json.log", 10), ("x-json.log.1", 20), ("x-json.log.2.gz", 5), ("config.json", 99)):
        (tmp_path / name).write_bytes(b"x" * size)
    assert of_kind(measured(Daemon(str(tmp_path / "x-json.log"))), "log") == [("shop-web-1", ("web",), 35)]


def unknown_log(daemon: Daemon) -> str:
    (log,) = (one for one in measured(daemon) if one.kind == "log")
    assert log.size is None
    return log.note


def test_why_a_log_can_not_be_measured_is_said(tmp_path: Path) -> None:
    assert "log driver journald" in unknown_log(Daemon("", driver="journald"))
    assert "daemon's machine" in unknown_log(Daemon("/x/log", address="tcp://build:2376"))
    assert "No such file" in unknown_log(Daemon(str(tmp_path / "gone" / "log")))


def test_without_a_log_nothing_is_occupied() -> None:
    assert of_kind(measured(Daemon("", driver="none")), "log") == [("shop-web-1", ("web",), 0)]
