"""Kinds of values that only services have: commands, file modes, devices, health checks, limits, hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.commands import split_command
from compose_lite.spec.kinds import BadValue, Struct, integer, list_of, printed, text
from compose_lite.spec.tree import Path, Seq

if TYPE_CHECKING:
    from compose_lite.spec.kinds import Report

texts = list_of(text)
_ULIMIT = Struct({"single": integer, "soft": integer, "hard": integer})


def command(value: Any, path: Path, report: Report) -> Any:
    """A command: text is split into words, null stays null."""
    if value is None:
        return None
    if isinstance(value, str):
        return Seq(split_command(value))
    return texts(value, path, report)


def file_mode(value: Any, _path: Path, _report: Report) -> str:
    """A file mode, printed in octal."""
    if isinstance(value, str):
        try:
            value = int(value, 8)
        except ValueError:
            raise BadValue("a file mode such as 0440") from None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadValue("a file mode such as 0440")
    return f"0{value:o}"


def device_count(value: Any, _path: Path, _report: Report) -> int:
    """A number of devices; `all` is -1."""
    if isinstance(value, str):
        if value.lower() == "all":
            return -1
        try:
            return int(value)
        except ValueError:
            raise BadValue("a number of devices, or `all`") from None
    if isinstance(value, int):
        return value
    raise BadValue("a number of devices, or `all`")


def health_test(value: Any, path: Path, report: Report) -> Any:
    """What a health check runs: text is for a shell."""
    if isinstance(value, str):
        return Seq(["CMD-SHELL", value])
    return texts(value, path, report)


def ulimit(value: Any, path: Path, report: Report) -> Any:
    """A limit: one number, or a soft and a hard one."""
    shaped = _ULIMIT(value if isinstance(value, dict) else {"single": value}, path, report)
    single = shaped.pop("single", 0)
    return single if single else shaped


def host_addresses(value: Any, path: Path, report: Report) -> Any:
    """Host names to addresses, printed as a sorted list of `NAME=ADDRESS`."""
    entries: list[str] = []
    if isinstance(value, dict):
        for name, addresses in value.items():
            listed = addresses if isinstance(addresses, list) else [addresses]
            entries.extend(f"{name}={_address(printed(address, path, report))}" for address in listed)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            entry = printed(item, path, report)
            name, found, addresses = entry.partition("=" if "=" in entry else ":")
            if not found or not name or ":" in name:
                report((*path, index), "NAME=ADDRESS")
                continue
            entries.extend(f"{name}={_address(address)}" for address in addresses.split(","))
    return Seq(sorted(entries))


def _address(address: str) -> str:
    return address[1:-1] if address.startswith("[") and address.endswith("]") else address


def ssh_keys(value: Any, path: Path, report: Report) -> Any:
    """The SSH keys of a build, printed as a sorted list of `NAME` and `NAME=PATH`."""
    if isinstance(value, dict):
        return Seq(
            sorted(
                name if item is None else f"{name}={printed(item, path, report)}"
                for name, item in value.items()
            )
        )
    return texts(value, path, report)
