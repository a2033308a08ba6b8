"""What the daemon knows about one project, in the words of Compose."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import docker
import docker.errors

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONEOFF = "com.docker.compose.oneoff"
NETWORK = "com.docker.compose.network"
VOLUME = "com.docker.compose.volume"

# What a scenario makes through the API, outside of its project, carries this label with the project's name.
OURS = "compose-lite-e2e"


@functools.cache
def api() -> Any:
    """The daemon, spoken to directly: what the program under test does must not stand between.

    A `docker.APIClient`, whose published types miss half of its methods.
    """
    client = docker.APIClient(version="1.41", timeout=60)
    client.trust_env = False  # pytest changes the environment while threads of a test are at work
    return client


@dataclass(frozen=True, slots=True)
class Container:
    """One container as the daemon inspects it."""

    attributes: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.attributes["Id"])

    @property
    def name(self) -> str:
        return str(self.attributes["Name"]).removeprefix("/")

    @property
    def labels(self) -> dict[str, str]:
        return self.attributes["Config"]["Labels"] or {}

    @property
    def service(self) -> str:
        return self.labels.get(SERVICE, "")

    @property
    def number(self) -> int:
        return int(self.labels.get(NUMBER) or 0)

    @property
    def oneoff(self) -> bool:
        return self.labels.get(ONEOFF) == "True"

    @property
    def state(self) -> str:
        """`running`, `healthy`, `starting`, `unhealthy`, `exited 3`, `created`, `paused` …"""
        state = self.attributes["State"]
        status = str(state["Status"])
        if status == "exited":
            return f"exited {state['ExitCode']}"
        if status == "running" and "Health" in state:
            return str(state["Health"]["Status"])
        return status

    @property
    def environment(self) -> dict[str, str]:
        return dict(entry.partition("=")[::2] for entry in self.attributes["Config"]["Env"] or ())

    @property
    def networks(self) -> dict[str, dict[str, Any]]:
        """Endpoints by network name."""
        return cast(dict[str, dict[str, Any]], self.attributes["NetworkSettings"]["Networks"])

    @property
    def started(self) -> datetime:
        return moment(self.attributes["State"]["StartedAt"])

    @property
    def finished(self) -> datetime:
        return moment(self.attributes["State"]["FinishedAt"])

    @property
    def anonymous_volumes(self) -> dict[str, str]:
        """Volume names by the path where they are mounted."""
        return {
            mount["Destination"]: mount["Name"]
            for mount in self.attributes["Mounts"]
            if mount["Type"] == "volume" and len(mount["Name"]) == 64
        }

    def field(self, path: str) -> Any:
        """The attribute at a dotted path (`HostConfig.Memory`); keys that contain dots go in brackets."""
        value: Any = self.attributes
        for key in _keys(path):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value


def _keys(path: str) -> list[str]:
    """Take `Config.Labels[a.b].c` apart."""
    plain, *rest = path.split("[")
    keys = plain.split(".") if plain else []
    for part in rest:
        inner, _, after = part.partition("]")
        keys += [inner, *(key for key in after.split(".") if key)]
    return keys


def moment(stamp: str) -> datetime:
    """Parse the daemon's time stamp, whose nanoseconds Python does not keep."""
    whole, _, rest = stamp.partition(".")
    digits = rest.rstrip("Z").split("+")[0].split("-")[0]
    zone = rest[len(digits) :] if rest else stamp[19:]
    return datetime.fromisoformat(f"{whole[:19]}.{digits[:6]:0<6}{zone.replace('Z', '+00:00') or '+00:00'}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Something that happened to a container of the project; `seconds` by the daemon's clock."""

    action: str
    container: str
    service: str
    number: int
    seconds: float


class Events:
    """Listens to what happens to a project (and its siblings, whose names begin with its own).

    The daemon forgets soon when a container became healthy, and that a volume without a name belonged to it.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        self._stream = api().events(filters={"type": ["container", "volume"]}, decode=True)
        self._news = threading.Condition()
        self._seen: list[dict[str, Any]] = []
        self._own: set[str] = set()
        self._mounts: set[tuple[str, str]] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def became_healthy(self, container: Container, *, timeout: float = 5) -> datetime:
        """When the first probe since the container's last start had passed, by the daemon's clock."""

        def found() -> datetime | None:
            times = (
                datetime.fromtimestamp(event["timeNano"] / 1e9, tz=UTC)
                for event in self._seen
                if event["id"] == container.id and event["Action"] == "health_status: healthy"
            )
            return min((time for time in times if time >= container.started), default=None)

        with self._news:
            self._news.wait_for(found, timeout)
            time = found()
        assert time is not None, f"{container.name} has not become healthy"
        return time

    def first(self, accept: Callable[[Happening], bool], *, timeout: float = 5) -> Happening | None:
        """The first thing to have happened that is accepted; what is not yet known of is waited for."""

        def found() -> Happening | None:
            return next(filter(accept, map(_happening, self._seen)), None)

        with self._news:
            self._news.wait_for(found, timeout)
            return found()

    def anonymous_volumes(self) -> set[str]:
        """Every volume without a name that a container of the project has ever mounted."""
        with self._news:
            return {name for container, name in self._mounts if container in self._own and len(name) == 64}

    def close(self) -> None:
        self._stream.close()

    def _listen(self) -> None:
        for event in self._stream:
            with self._news:
                self._note(event)
                self._news.notify_all()

    def _note(self, event: dict[str, Any]) -> None:
        attributes = event["Actor"]["Attributes"]
        if event["Type"] == "volume":
            self._mounts.add((attributes.get("container", ""), event["Actor"]["ID"]))
        elif attributes.get(PROJECT, "").startswith(self._project):
            self._own.add(event["id"])
            self._seen.append(event)


def _happening(event: dict[str, Any]) -> Happening:
    attributes = event["Actor"]["Attributes"]
    return Happening(
        action=event["Action"],
        container=event["id"],
        service=attributes.get(SERVICE, ""),
        number=int(attributes.get(NUMBER) or 0),
        seconds=event["timeNano"] / 1e9,
    )


def containers(project: str) -> list[Container]:
    """Every container of the project, stopped and one-off ones too, by service and number."""
    found = []
    for entry in api().containers(all=True, filters={"label": f"{PROJECT}={project}"}):
        try:
            found.append(Container(api().inspect_container(entry["Id"])))
        except docker.errors.NotFound:
            continue  # removed between the two calls
    return sorted(found, key=lambda container: (container.service, container.number, container.name))


def networks(project: str) -> dict[str, dict[str, Any]]:
    """The project's networks by their key in the file."""
    found = api().networks(filters={"label": f"{PROJECT}={project}"})
    return {entry["Labels"][NETWORK]: api().inspect_network(entry["Id"]) for entry in found}


def volumes(project: str) -> dict[str, dict[str, Any]]:
    """The project's volumes by their key in the file."""
    found = api().volumes(filters={"label": f"{PROJECT}={project}"})["Volumes"] or ()
    return {entry["Labels"][VOLUME]: entry for entry in found if VOLUME in (entry["Labels"] or {})}


def volume_exists(name: str) -> bool:
    """True if the daemon has a volume of this name, whoever made it."""
    try:
        api().inspect_volume(name)
    except docker.errors.NotFound:
        return False
    return True


def remove_volumes(names: Iterable[str]) -> None:
    """Remove volumes, as far as they are still there."""
    for name in names:
        _quietly(api().remove_volume, name, force=True)


def remove_all(project: str) -> None:
    """Remove everything that carries the project's label or was made for it, and images tagged with its name."""
    for label in (f"{PROJECT}={project}", f"{OURS}={project}"):
        filters = {"label": label}
        with ThreadPoolExecutor(8) as pool:
            for container in api().containers(all=True, filters=filters):
                pool.submit(_quietly, api().remove_container, container["Id"], force=True, v=True)
        for network in api().networks(filters=filters):
            _remove_network(network["Id"])
        for volume in api().volumes(filters=filters)["Volumes"] or ():
            _quietly(api().remove_volume, volume["Name"], force=True)
    for image in api().images():
        for tag in image["RepoTags"] or ():
            if project in tag:
                _quietly(api().remove_image, tag, force=True)


def _remove_network(network: str) -> None:
    """Remove a network; where the engine has kept a killed container's endpoint, take that off first."""
    try:
        _quietly(api().remove_network, network)
    except docker.errors.APIError as error:
        if error.status_code != 403:
            raise
        for endpoint in (api().inspect_network(network)["Containers"] or {}).values():
            _quietly(api().disconnect_container_from_network, endpoint["Name"], network, force=True)
        # An endpoint without a container can't be taken off (Engine 20.10); it goes when the engine restarts.
        with contextlib.suppress(docker.errors.APIError):
            api().remove_network(network)


def _quietly(remove: Any, *arguments: Any, **options: Any) -> None:
    """Remove something that the program under test may be removing as well."""
    try:
        remove(*arguments, **options)
    except docker.errors.APIError as error:
        if error.status_code not in (404, 409):
            raise
