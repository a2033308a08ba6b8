"""Judges what `doctor` has gathered: each finding with a remedy where something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.errors import ComposeLiteError
    from compose_lite.runner.checkup import ClientFacts, EngineFacts

Status = Literal["ok", "warning", "failure", "skipped"]

_OLDEST_API = (1, 41)
# Bytes that have to be free on the daemon's disk for it to work, and to work for long.
_LITTLE_ROOM, _SOME_ROOM = 500_000_000, 5_000_000_000
# Seconds by which clocks may differ before builds and log times go wrong, and before certificates and tokens do.
_SKEW, _LARGE_SKEW = 2.0, 60.0
_NEEDED_CONTROLLERS = {
    "MemoryLimit": "mem_limit",
    "CpuCfsQuota": "cpus",
    "PidsLimit": "pids_limit",
    "CPUSet": "cpuset",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The outcome of one check; `remedy` says what to do where it is not fine."""

    check: str
    status: Status
    message: str
    remedy: str = ""


def no_engine(error: ComposeLiteError) -> list[Finding]:
    """The findings where the daemon can't be reached."""
    unknown = [_skipped(check, "no daemon") for check in ("api", "cgroups", "disk", "clock", "dns")]
    return [
        Finding(
            check="daemon", status="failure", message=str(error), remedy=error.hint or "start the daemon"
        ),
        *unknown,
    ]


def of_engine(facts: EngineFacts) -> list[Finding]:
    """The findings about the daemon."""
    reached = f"{facts.product} {facts.version} answers at {facts.address}"
    return [_ok("daemon", reached), _api(facts), _cgroups(facts), _disk(facts), _clock(facts), _dns(facts)]


def of_client(facts: ClientFacts) -> list[Finding]:
    """The findings about this machine."""
    return [_buildkit(facts), _configuration(facts), _credentials(facts), _locks(facts)]


def sick(findings: Iterable[Finding]) -> bool:
    """Whether something is so wrong that stacks can't be expected to work."""
    return any(finding.status == "failure" for finding in findings)


def _api(facts: EngineFacts) -> Finding:
    numbers = facts.api_version.split(".")
    known = tuple(map(int, numbers)) if all(number.isdigit() for number in numbers) else (0,)
    if known < _OLDEST_API:
        return Finding(
            check="api",
            status="failure",
            message=f"its API {facts.api_version or '?'} is older than 1.41",
            remedy="upgrade to Docker Engine 20.10 or later",
        )
    return _ok("api", f"API {facts.api_version}")


def _cgroups(facts: EngineFacts) -> Finding:
    version, driver = facts.info.get("CgroupVersion", "?"), facts.info.get("CgroupDriver", "?")
    missing = [key for name, key in _NEEDED_CONTROLLERS.items() if facts.info.get(name) is False]
    if driver == "none" or missing:
        without = ", ".join(missing) or ", ".join(_NEEDED_CONTROLLERS.values())
        return Finding(
            check="cgroups",
            status="warning",
            message=f"cgroup v{version} without limits for {without}: the engine ignores them",
            remedy="boot the kernel with `cgroup_enable=memory swapaccount=1`, or for a rootless engine "
            "delegate the controllers (`Delegate=cpu cpuset io memory pids` for user@.service)",
        )
    return _ok("cgroups", f"cgroup v{version}, driver {driver}, all limits")


def _disk(facts: EngineFacts) -> Finding:
    if facts.disk is None:
        return _skipped("disk", "the daemon's disk can't be seen from here")
    free, total = facts.disk
    message = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free in {facts.info.get('DockerRootDir')}"
    if free >= _SOME_ROOM:
        return _ok("disk", message)
    return Finding(
        check="disk",
        status="failure" if free < _LITTLE_ROOM else "warning",
        message=message,
        remedy="see what stacks occupy with `compose-lite du`; `docker system prune` removes what nothing uses",
    )


def _clock(facts: EngineFacts) -> Finding:
    skew = max(0.0, abs(facts.clock_skew) - facts.uncertainty)
    if skew <= _SKEW:
        return _ok("clock", "the daemon's clock agrees with this machine's")
    where = "ahead of" if facts.clock_skew > 0 else "behind"
    return Finding(
        check="clock",
        status="failure" if skew > _LARGE_SKEW else "warning",
        message=f"the daemon's clock is {skew:.0f} s {where} this machine's",
        remedy="synchronise both: `timedatectl set-ntp true`; a virtual machine may need a restart after sleep",
    )


def _dns(facts: EngineFacts) -> Finding:
    if facts.info.get("IPv4Forwarding") is False:
        return Finding(
            check="dns",
            status="failure",
            message="IPv4 forwarding is off: containers reach nothing outside of their network",
            remedy="`sysctl -w net.ipv4.ip_forward=1`",
        )
    if facts.probe is None:
        return _skipped("dns", "would make a network and a container")
    if facts.probe.resolved is None:
        return _skipped("dns", f"{facts.probe.problem}: pull a small one, such as busybox, to have it tried")
    if facts.probe.resolved:
        return _ok("dns", "containers find each other by name")
    return Finding(
        check="dns",
        status="failure",
        message=facts.probe.problem,
        remedy="look into the daemon's log (`journalctl -u docker`); a firewall that was reloaded has "
        "removed the engine's rules: restart the daemon. Or all address pools are in use: remove networks",
    )


def _buildkit(facts: ClientFacts) -> Finding:
    if facts.buildx is not None:
        return _ok("buildkit", f"buildx is {facts.buildx}")
    return Finding(
        check="buildkit",
        status="warning",
        message="the buildx plugin is missing: the classic builder builds, without cache mounts and secrets",
        remedy="install it: the package is docker-buildx-plugin, docker-buildx in Debian and Ubuntu",
    )


def _configuration(facts: ClientFacts) -> Finding:
    if facts.config_problem:
        return Finding(
            check="configuration",
            status="failure",
            message=f"{facts.config} can't be read: {facts.config_problem}",
            remedy="mend it, or make it yours: `chown $USER` it if sudo has written it",
        )
    return _ok("configuration", facts.config)


def _credentials(facts: ClientFacts) -> Finding:
    if facts.missing_helpers:
        return Finding(
            check="credentials",
            status="failure",
            message=f"{facts.config} names {', '.join(facts.missing_helpers)}, which is not installed",
            remedy="install it, or take `credsStore` or `credHelpers` out of the file and log in again",
        )
    return _ok("credentials", "can be read")


def _locks(facts: ClientFacts) -> Finding:
    if facts.lock_folder is None:
        return Finding(
            check="locks",
            status="warning",
            message="no folder for locks can be written to: two commands can change a stack at once",
            remedy="set XDG_RUNTIME_DIR to a folder that is yours",
        )
    return _ok("locks", facts.lock_folder)


def _ok(check: str, message: str) -> Finding:
    return Finding(check=check, status="ok", message=message)


def _skipped(check: str, message: str) -> Finding:
    return Finding(check=check, status="skipped", message=message)
