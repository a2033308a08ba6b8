"""Volumes, bind mounts, tmpfs and the like of a container, in the Engine API's three forms for them.

`Binds` is the form that makes a missing host folder and knows SELinux labels, `Mounts` the one with all other
options, `Tmpfs` the short one. docker compose chooses alike, so that its containers compare equal.
"""

from __future__ import annotations

from compose_lite.errors import UsageError
from compose_lite.runner import features

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.actions import CreateContainer
    from compose_lite.runner.container_config import Surroundings
    from compose_lite.runner.daemon import Json
    from compose_lite.spec.model import Mount, Project, Service

REGISTRY_CONFIG_FOLDER = "/run/secrets/docker"
_API_SOCKET = "/var/run/docker.sock"


def mounts(project: Project, service: Service, action: CreateContainer, around: Surroundings) -> Json:
    """Return `Binds`, `Mounts` and `Tmpfs` of the host configuration, those that are not empty."""
    binds: list[str] = []
    entries: list[Json] = []
    targets = set()
    for mount in service.volumes:
        targets.add(normal(mount.target))
        inherited = around.inherited.get(normal(mount.target)) if mount.source is None else None
        if bind := _as_bind(project, service, mount):
            binds.append(bind)
        else:
            entries.append(_as_mount(project, mount, around.api_version, inherited))
    # What the image declares as volumes is no entry of the service, but is taken over all the same.
    entries += [
        {"Type": "volume", "Source": name, "Target": target}
        for target, name in around.inherited.items()
        if target not in targets and target not in action.holders
    ]
    entries += [{"Type": "volume", "Target": folder} for folder in action.holders]
    # As a bind mount a missing file would become a folder; as a mount it is an error.
    entries += [
        {"Type": "bind", "Source": file.path, "Target": file.target, "ReadOnly": True}
        for file in action.bound
    ]
    if service.use_api_socket:
        binds.append(f"{_API_SOCKET}:{_API_SOCKET}")
        if around.registry_config:
            binds.append(f"{around.registry_config}:{REGISTRY_CONFIG_FOLDER}/config.json:ro")
    tmpfs = dict(_tmpfs(entry) for entry in service.tmpfs)
    forms = {"Binds": binds, "Mounts": entries, "Tmpfs": tmpfs}
    return {name: form for name, form in forms.items() if form}


def normal(target: str) -> str:
    """A mount's target without a slash at its end."""
    return target.rstrip("/") or "/"


def _as_bind(project: Project, service: Service, mount: Mount) -> str | None:
    """The mount in the form `SOURCE:TARGET:OPTIONS`, `None` if that can't say it."""
    if mount.source is None or mount.subpath or mount.recursive or mount.labels:
        return None
    options = ["ro" if mount.read_only else "rw"]
    options += [word for word in (mount.selinux, mount.consistency, mount.propagation) if word]
    if mount.type == "bind" and ":" not in mount.source + mount.target:
        # Only this form has SELinux labels, so it is taken for them even if the folder was not to be made.
        if mount.create_host_path or mount.selinux:
            return f"{mount.source}:{mount.target}:{','.join(options)}"
    elif mount.selinux and mount.type == "bind":
        raise UsageError(
            f"service {service.name!r}: the bind mount on {mount.target!r} can't have an SELinux label, because"
            " there is a colon in its path",
            hint="drop `selinux`, or use a path without colons",
        )
    if mount.type == "volume" and not mount.nocopy and ":" not in mount.target:
        return f"{volume_name(project, mount.source)}:{mount.target}:{','.join(options)}"
    return None


def _as_mount(project: Project, mount: Mount, api_version: tuple[int, ...], inherited: str | None) -> Json:
    source = inherited or mount.source
    if mount.type == "volume" and mount.source is not None:
        source = volume_name(project, mount.source)
    entry: Json = {"Type": mount.type, "Target": mount.target}
    if source is not None:
        entry["Source"] = source
    if mount.read_only:
        entry["ReadOnly"] = True
    if mount.consistency:
        entry["Consistency"] = mount.consistency
    return entry | _options(mount, api_version)


def _options(mount: Mount, api_version: tuple[int, ...]) -> Json:
    options: Json
    if mount.type == "bind":
        create = mount.create_host_path and api_version >= features.CREATE_MOUNTPOINT
        options = {
            "Propagation": mount.propagation,
            "NonRecursive": mount.recursive == "disabled" or None,
            "ReadOnlyNonRecursive": mount.recursive == "writable" or None,
            "ReadOnlyForceRecursive": mount.recursive == "readonly" or None,
            "CreateMountpoint": create or None,
        }
        name = "BindOptions"
    elif mount.type == "tmpfs":
        options = {"SizeBytes": mount.tmpfs_size, "Mode": mount.tmpfs_mode}
        name = "TmpfsOptions"
    elif mount.type == "image":
        options = {"Subpath": mount.subpath}
        name = "ImageOptions"
    elif mount.type == "volume":
        options = {
            "NoCopy": mount.nocopy or None,
            "Subpath": mount.subpath,
            "Labels": dict(mount.labels) or None,
        }
        name = "VolumeOptions"
    else:
        return {}
    given = {option: value for option, value in options.items() if value is not None}
    return {name: given} if given else {}


def volume_name(project: Project, source: str) -> str:
    """The daemon's name of the volume with this key."""
    return project.volumes[source].name if source in project.volumes else source


def _tmpfs(entry: str) -> tuple[str, str]:
    target, _, options = entry.partition(":")
    return target, options
