"""What `run` changes about a service on the command line, read into the model's types."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from compose_lite.errors import UsageError
from compose_lite.spec.model import FrozenMap, Mount, Port

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def ports(items: Iterable[str]) -> tuple[Port, ...]:
    """Read `-p` items in the short syntax of `ports`; raises `UsageError`."""
    from compose_lite.spec.ports import BadPort, parse_port

    found: list[Port] = []
    for item in items:
        try:
            found += [Port(**entry) for entry in parse_port(item)]
        except BadPort as error:
            raise UsageError(f"--publish: {item!r} is not a port: {error}") from error
    return tuple(found)


def mounts(items: Iterable[str], *, folder: str, home: str | None) -> tuple[Mount, ...]:
    """Read `-v` items in the short syntax of `volumes`; relative paths start at `folder`."""
    return tuple(_mount(item, folder, home) for item in items)


def _mount(item: str, folder: str, home: str | None) -> Mount:
    from compose_lite.spec.volumes import BadVolume, parse_volume

    try:
        entry = parse_volume(item)
    except BadVolume as error:
        raise UsageError(f"--volume: {item!r} is not a volume: {error}") from error
    bind, volume = entry.get("bind", {}), entry.get("volume", {})
    source: str | None = entry.get("source")
    if entry["type"] == "bind" and source is not None:
        if source.startswith("~") and home:
            source = home + source[1:]
        source = os.path.normpath(source if source.startswith("/") else f"{folder}/{source}")
    return Mount(
        type=entry["type"],
        target=entry["target"],
        source=source,
        read_only=entry.get("read_only", False),
        propagation=bind.get("propagation"),
        selinux=bind.get("selinux"),
        create_host_path=bind.get("create_host_path", False),
        nocopy=volume.get("nocopy", False),
    )


def labels(items: Iterable[str]) -> FrozenMap[str, str]:
    """Read `-l` items, `NAME=value` or a bare name."""
    return FrozenMap((name, value) for name, _, value in (item.partition("=") for item in items))


def environment(
    items: Iterable[str], files: Iterable[str], environ: Mapping[str, str]
) -> FrozenMap[str, str | None]:
    """Read `--env-from-file` files, then `-e` items, which win; a bare name is taken from `environ`."""
    found: dict[str, str | None] = {}
    for path in files:
        found.update(_env_file(path, environ))
    for item in items:
        name, equals, value = item.partition("=")
        found[name] = value if equals else environ.get(name)
    return FrozenMap(found)


def _env_file(path: str, environ: Mapping[str, str]) -> dict[str, str]:
    from compose_lite.spec.dotenv import EnvFileError, parse_env

    try:
        with open(path, encoding="utf-8") as file:
            return parse_env(file.read(), environ.get).values
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--env-from-file: can't read {path}: {error}") from error
    except EnvFileError as error:
        raise UsageError(f"{path}:{error.line}: {error}") from error
