"""A project's state on the daemon as a text that is the same for two projects which are in the same state."""

import contextlib
import io
import json
import re
import tarfile
from typing import Any

import docker.errors

from tests.e2e import state
from tests.e2e.stack import Snapshot, Stack
from tests.e2e.state import Container

# Files in the containers that tell whether data and contents have survived.
MARKS = ("/data/mark", "/cache/mark", "/etc/note")
# Labels that may differ though nothing is wrong: by what a container was made, not how it is; salted digests.
_PASSING = re.compile(
    r"io\.compose-lite\.(hash|replaces|peers|unnamed|files)$|com\.docker\.compose\.(config-hash|replace)$"
)
_ANONYMOUS = re.compile(r"^[0-9a-f]{64}$")
_HOST = (
    "NetworkMode",
    "RestartPolicy",
    "PortBindings",
    "AutoRemove",
    "Memory",
    "VolumesFrom",
    "Links",
    "ReadonlyRootfs",
)


def picture(stack: Stack) -> str:
    """Containers, networks, volumes (anonymous ones too) and marks, each as it is and as kept or new.

    What is "kept" has been there when the stack was last told to `remember`.
    """
    found = state.containers(stack.name)
    assert stack.before is not None, "nothing was remembered"
    lines = [_container(container, stack.before) for container in found]
    lines += [_network(key, entry, stack.before) for key, entry in sorted(state.networks(stack.name).items())]
    lines += [_volume(key, entry, stack.before) for key, entry in sorted(state.volumes(stack.name).items())]
    lines.append(f"anonymous volumes: {len(_anonymous_volumes(stack))}")
    lines.append(f"images: {_images(stack)}")
    return _neutral("\n".join(lines), stack, found)


def _container(container: Container, before: Snapshot) -> str:
    config = container.field("Config")
    facts = {
        "is": "kept" if container.id in {old.id for old in before.containers} else "new",
        "number": container.number,
        "state": container.state,
        "image": [config["Image"], "as it is now" if _is_current(container) else "an old one"],
        "command": [config["Entrypoint"], config["Cmd"]],
        "environment": sorted(config["Env"] or ()),
        "labels": _labels(container),
        "host": {key: container.field(f"HostConfig.{key}") for key in _HOST},
        "networks": {name: _endpoint(container, end) for name, end in sorted(container.networks.items())},
        "mounts": sorted(map(str, _mounts(container, before))),
        "marks": {path: text for path in MARKS if (text := _file(container, path)) is not None},
    }
    told = "\n".join(f"  {name}: {json.dumps(value, sort_keys=True)}" for name, value in facts.items())
    return f"container {container.name}\n{told}"


def _labels(container: Container) -> dict[str, str]:
    """Those that tell how it is; an image that was built for the stack has an id of its own."""
    image = container.attributes["Image"]
    found = {key: value for key, value in container.labels.items() if not _PASSING.search(key)}
    return {key: "its image" if value == image else value for key, value in found.items()}


def _is_current(container: Container) -> bool:
    """Whether it runs the image that its reference stands for now."""
    reference = container.field("Config")["Image"]
    try:
        return bool(state.api().inspect_image(reference)["Id"] == container.attributes["Image"])
    except docker.errors.ImageNotFound:
        return False


def _endpoint(container: Container, end: dict[str, Any]) -> list[str]:
    """The names it answers to, without its id's."""
    return sorted(set(end["Aliases"] or ()) - {container.id[:12]})


def _mounts(container: Container, before: Snapshot) -> list[tuple[str, ...]]:
    known = {name for old in before.containers for name in old.anonymous_volumes.values()}
    found = []
    for mount in container.attributes["Mounts"]:
        name = mount.get("Name") or mount["Source"]
        if _ANONYMOUS.match(name):
            name = "anonymous, kept" if name in known else "anonymous, new"
        found.append((mount["Type"], mount["Destination"], name, "rw" if mount["RW"] else "ro"))
    return found


def _file(container: Container, path: str) -> str | None:
    """The text of a file in the container, also of a stopped one."""
    try:
        blocks, _ = state.api().get_archive(container.id, path)
    except docker.errors.NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as archive:
        member = archive.next()
        content = archive.extractfile(member) if member is not None else None
        return None if content is None else content.read().decode()


def _network(key: str, entry: dict[str, Any], before: Snapshot) -> str:
    kept = "kept" if before.networks.get(key) == entry["Id"] else "new"
    labels = {name: value for name, value in entry["Labels"].items() if not _PASSING.search(name)}
    told = {"options": entry["Options"], "internal": entry["Internal"], "labels": labels}
    return f"network {entry['Name']}: {kept} {json.dumps(told, sort_keys=True)}"


def _volume(key: str, entry: dict[str, Any], before: Snapshot) -> str:
    kept = "kept" if before.volumes.get(key) == entry["CreatedAt"] else "new"
    return f"volume {entry['Name']}: {kept}"


def _anonymous_volumes(stack: Stack) -> list[str]:
    """The nameless volumes that a container of the project has ever mounted and that are still there."""
    return [name for name in sorted(stack.events.anonymous_volumes()) if state.volume_exists(name)]


def _images(stack: Stack) -> list[str]:
    """References of the images that were made for the stack."""
    tags = (tag for image in state.api().images() for tag in image["RepoTags"] or ())
    return sorted(tag for tag in tags if stack.name in tag)


def _neutral(text: str, stack: Stack, found: list[Container]) -> str:
    """The text without what each stack has of its own: name, folder, ids."""
    for container in found:
        text = text.replace(container.id, f"<{container.name}>")
    text = text.replace(str(stack.folder), "FOLDER").replace(stack.name, "STACK")
    with contextlib.suppress(KeyError):
        text = text.replace(f'"{stack.env["PORT1"]}"', '"PORT1"')
    return text
