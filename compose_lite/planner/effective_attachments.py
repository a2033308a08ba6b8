"""What a container of a service would be attached to, in the same vocabulary: namespaces, networks, ports, mounts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from compose_lite.planner.files import ServiceFiles
    from compose_lite.spec.model import Mount, NetworkAttachment, Port, Project, Service

_CONTAINER_MODE = "container:"
_SERVICE_MODE = "service:"


def namespaces(service: Service, peers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield host name and the namespaces that may be shared with the host or with a container."""
    network = _mode(service.network_mode, peers)
    if network != "host" and not network.startswith(_CONTAINER_MODE):
        yield "hostname", service.hostname
        yield "domainname", service.domainname
    if network:
        yield "network_mode", "bridge" if network == "default" else network
    ipc = _mode(service.ipc, peers)
    yield "ipc", "" if ipc == "private" else ipc
    yield "pid", _mode(service.pid, peers)


def _mode(mode: str | None, peers: Mapping[str, str]) -> str:
    """The mode as an inspected container has it; `*` stands for an id that is not known here."""
    if mode is None:
        return ""
    if mode.startswith(_SERVICE_MODE):
        return _CONTAINER_MODE + peers.get(mode.removeprefix(_SERVICE_MODE), "*")
    return _CONTAINER_MODE + "*" if mode.startswith(_CONTAINER_MODE) else mode


def volumes_from(service: Service, peers: Mapping[str, str]) -> tuple[str, ...]:
    """The containers whose mounts it has, too."""
    return tuple(_volumes_of(source, peers) for source in service.volumes_from)


def _volumes_of(source: str, peers: Mapping[str, str]) -> str:
    if source.startswith(_CONTAINER_MODE):
        return "*"
    name, _, access = source.partition(":")
    return peers.get(name, "*") + (":ro" if access == "ro" else "")


def networks(project: Project, service: Service) -> Iterator[tuple[str, Any]]:
    """Yield the networks that it is on, and what it is there."""
    if service.network_mode is not None:
        return
    for attachment in service.networks:
        network = project.networks.get(attachment.network)
        at = f"networks.{network.name if network else attachment.network}"
        yield at, True
        yield from ((f"{at}.{name}", value) for name, value in _attachment(service, attachment))


def _attachment(service: Service, attachment: NetworkAttachment) -> Iterator[tuple[str, Any]]:
    known = {service.name, service.container_name, service.hostname}
    yield "aliases", tuple(sorted(set(attachment.aliases) - known))
    yield "ipv4_address", attachment.ipv4_address
    yield "ipv6_address", attachment.ipv6_address
    yield "link_local_ips", tuple(sorted(attachment.link_local_ips))
    for option, value in attachment.driver_opts.items():
        yield f"driver_opts.{option}", value


def ports(service: Service, image: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the ports that it publishes and exposes, those that its image exposes included."""
    bindings: dict[str, list[str]] = {}
    for port in service.ports:
        bindings.setdefault(f"{port.target}/{port.protocol}", []).append(_binding(port))
    for target, published in bindings.items():
        yield f"ports.{target}", tuple(sorted(published))
    exposed = {*bindings, *image.get("expose", ())}
    for given in service.expose:
        exposed.update(_exposed_ports(given))
    yield "expose", tuple(sorted(exposed))


def _binding(port: Port) -> str:
    published = "any" if port.published in (None, "", "0") else str(port.published)
    return f"{port.host_ip}:{published}" if port.host_ip else published


def _exposed_ports(text: str) -> tuple[str, ...]:
    """`8000-8001/udp` as `8000/udp`, `8001/udp`."""
    numbers, _, protocol = text.partition("/")
    first, _, last = numbers.partition("-")
    return tuple(f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last or first) + 1))


def mounts(
    project: Project, service: Service, files: ServiceFiles, image: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what is mounted where: the image's volumes, files, tmpfs and volumes; a later one wins."""
    yield from ((key, value) for key, value in image.items() if key.startswith("mounts."))
    yield from ((f"mounts.{folder}", "volume") for folder in files.holders)
    yield from ((f"mounts.{file.target}", f"bind {file.path} ro") for file in files.bound)
    for entry in service.tmpfs:
        target, _, options = entry.partition(":")
        yield f"mounts.{target}", " ".join(["tmpfs", *sorted(filter(None, options.split(",")))])
    for mount in service.volumes:
        target = mount.target.rstrip("/") or "/"
        yield f"mounts.{target}", _mount(project, mount)
    if service.use_api_socket:
        yield "mounts./var/run/docker.sock", "bind /var/run/docker.sock"


def _mount(project: Project, mount: Mount) -> str:
    source = mount.source
    if mount.type == "volume" and source is not None and source in project.volumes:
        source = project.volumes[source].name
    options = [
        "ro" if mount.read_only else "",
        "nocopy" if mount.nocopy else "",
        mount.selinux or "",
        f"subpath={mount.subpath}" if mount.subpath else "",
        mount.propagation if mount.propagation not in (None, "rprivate") else "",
        f"size={mount.tmpfs_size}" if mount.tmpfs_size else "",
        f"mode={mount.tmpfs_mode:o}" if mount.tmpfs_mode else "",
    ]
    return " ".join(word for word in (mount.type, source, *sorted(filter(None, options))) if word)
