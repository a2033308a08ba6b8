"""Bindings that several parts of the model share: durations, modes, limits, devices, hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import replace
from compose_lite.spec import model as m
from compose_lite.spec.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def texts(value: Iterable[str] | None) -> tuple[str, ...]:
    """Return a list as a tuple; nothing as an empty one."""
    return () if value is None else tuple(value)


def integer(value: Any) -> int | None:
    """Return digits as a number."""
    return None if value is None else int(value)


def seconds(value: str | None) -> float | None:
    """Return a duration as seconds."""
    return None if value is None else parse_duration(value) / 1_000_000_000


def file_mode(value: str | None) -> int | None:
    """Return an octal file mode as a number."""
    return None if value is None else int(value, 8)


def extensions(written: Mapping[str, Any]) -> m.FrozenMap[str, Any]:
    """Return the `x-` entries of a mapping, immutable."""
    return m.FrozenMap((key, _frozen(value)) for key, value in written.items() if key.startswith("x-"))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return m.FrozenMap((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value


def hosts(entries: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return `NAME=ADDRESS` entries as pairs."""
    pairs = (entry.partition("=") for entry in entries)
    return tuple((name, address) for name, _, address in pairs)


def ulimits(entries: Mapping[str, Any]) -> m.FrozenMap[str, m.Ulimit]:
    """Return limits by name; one number stands for both."""
    return m.FrozenMap((name, _ulimit(entries[name])) for name in sorted(entries))


def _ulimit(entry: Any) -> m.Ulimit:
    if isinstance(entry, int):
        return m.Ulimit(soft=entry, hard=entry)
    return m.Ulimit(soft=entry.get("soft", 0), hard=entry.get("hard", 0))


def device_requests(entries: Iterable[Mapping[str, Any]]) -> tuple[m.DeviceRequest, ...]:
    """Return requests for accelerators."""
    return tuple(
        m.DeviceRequest(
            capabilities=texts(entry.get("capabilities")),
            driver=entry.get("driver"),
            count=entry.get("count"),
            device_ids=texts(entry.get("device_ids")),
            options=m.FrozenMap(entry.get("options", ())),
        )
        for entry in entries
    )


def gpu_requests(entries: Iterable[Mapping[str, Any]]) -> tuple[m.DeviceRequest, ...]:
    """Return the requests of `gpus`: what they ask for is a GPU, whatever else."""
    return tuple(
        request
        if "gpu" in request.capabilities
        else replace(request, capabilities=(*request.capabilities, "gpu"))
        for request in device_requests(entries)
    )


def supervision(entry: Mapping[str, Any] | bool) -> m.Supervision | None:
    """Return how a service is supervised: as usual where nothing else is said, not at all for false."""
    if isinstance(entry, bool):
        return m.Supervision() if entry else None
    usual = m.Supervision()

    def time(key: str, default: float) -> float:
        return parse_duration(entry[key]) / 1_000_000_000 if key in entry else default

    return m.Supervision(
        delay=time("delay", usual.delay),
        max_delay=time("max_delay", usual.max_delay),
        max_attempts=entry.get("max_attempts", usual.max_attempts),
        window=time("window", usual.window),
    )


def hook(entry: Mapping[str, Any]) -> m.Hook:
    """Return one command of `pre_start`, `post_start`, `pre_stop` or a watch rule."""
    return m.Hook(
        command=texts(entry.get("command")),
        user=entry.get("user"),
        privileged=entry.get("privileged", False),
        working_dir=entry.get("working_dir"),
        environment=m.FrozenMap(entry.get("environment", ())),
        image=entry.get("image"),
        per_replica=entry.get("per_replica", False),
    )


def blkio(entry: Mapping[str, Any]) -> m.BlkioConfig:
    """Return block I/O limits."""

    def devices(key: str, value: str) -> tuple[m.BlkioDevice, ...]:
        return tuple(m.BlkioDevice(path=item["path"], value=int(item[value])) for item in entry.get(key, ()))

    return m.BlkioConfig(
        weight=entry.get("weight"),
        weight_device=devices("weight_device", "weight"),
        device_read_bps=devices("device_read_bps", "rate"),
        device_read_iops=devices("device_read_iops", "rate"),
        device_write_bps=devices("device_write_bps", "rate"),
        device_write_iops=devices("device_write_iops", "rate"),
    )
