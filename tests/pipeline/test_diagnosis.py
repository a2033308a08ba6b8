"""What `doctor` finds out of given facts: each fault is told with its remedy, and only grave ones fail."""

from typing import Any

import pytest

from compose_lite.errors import DaemonUnavailable
from compose_lite.lazy_dataclasses import replace
from compose_lite.pipeline.diagnosis import Finding, no_engine, of_client, of_engine, sick
from compose_lite.runner.checkup import ClientFacts, EngineFacts
from compose_lite.runner.probe import ProbeResult

INFO = {
    "CgroupVersion": "2",
    "CgroupDriver": "systemd",
    "MemoryLimit": True,
    "DockerRootDir": "/var/lib/docker",
}
ENGINE = EngineFacts(
    address="unix:///var/run/docker.sock",
    version="28.5.1",
    api_version="1.51",
    info=INFO,
    clock_skew=0.0,
    uncertainty=0.0,
    disk=(100 * 10**9, 200 * 10**9),
    probe=ProbeResult(resolved=True),
)
CLIENT = ClientFacts(
    buildx="/usr/libexec/docker/cli-plugins/docker-buildx",
    config="/home/me/.docker/config.json",
    config_problem="",
    missing_helpers=(),
    lock_folder="/run/user/1000/compose-lite",
)


def engine(check: str, **changes: Any) -> Finding:
    return next(finding for finding in of_engine(replace(ENGINE, **changes)) if finding.check == check)


def client(check: str, **changes: Any) -> Finding:
    return next(finding for finding in of_client(replace(CLIENT, **changes)) if finding.check == check)


def test_a_healthy_machine_has_nothing_to_mend() -> None:
    findings = [*of_engine(ENGINE), *of_client(CLIENT)]
    assert {finding.status for finding in findings} == {"ok"}
    assert not any(finding.remedy for finding in findings)


@pytest.mark.parametrize(
    ("check", "changes", "status", "says"),
    [
        ("api", {"api_version": "1.40"}, "failure", "20.10"),
        ("api", {"api_version": ""}, "failure", "20.10"),
        ("cgroups", {"info": {**INFO, "MemoryLimit": False}}, "warning", "cgroup_enable=memory"),
        ("cgroups", {"info": {**INFO, "CgroupDriver": "none"}}, "warning", "Delegate="),
        ("disk", {"disk": (10**9, 10**11)}, "warning", "compose-lite du"),
        ("disk", {"disk": (10**8, 10**11)}, "failure", "prune"),
        ("clock", {"clock_skew": 5.0}, "warning", "timedatectl"),
        ("clock", {"clock_skew": -90.0}, "failure", "timedatectl"),
        ("dns", {"info": {**INFO, "IPv4Forwarding": False}}, "failure", "ip_forward"),
        ("dns", {"probe": ProbeResult(resolved=False, problem="no answer")}, "failure", "firewall"),
    ],
)
def test_what_is_wrong_with_the_engine_has_a_remedy(
    check: str, changes: dict[str, Any], status: str, says: str
) -> None:
    finding = engine(check, **changes)
    assert finding.status == status
    assert says in finding.remedy


@pytest.mark.parametrize(
    ("check", "changes", "status", "says"),
    [
        ("buildkit", {"buildx": None}, "warning", "docker-buildx"),
        ("configuration", {"config_problem": "Permission denied"}, "failure", "chown"),
        ("credentials", {"missing_helpers": ("docker-credential-pass",)}, "failure", "credsStore"),
        ("locks", {"lock_folder": None}, "warning", "XDG_RUNTIME_DIR"),
    ],
)
def test_what_is_wrong_on_this_machine_has_a_remedy(
    check: str, changes: dict[str, Any], status: str, says: str
) -> None:
    finding = client(check, **changes)
    assert finding.status == status
    assert says in finding.remedy


def test_a_slow_answer_is_no_difference_of_clocks() -> None:
    assert engine("clock", clock_skew=9.0, uncertainty=8.0).status == "ok"


def test_what_can_not_be_tried_is_skipped_not_failed() -> None:
    assert engine("disk", disk=None).status == "skipped"
    assert engine("dns", probe=None).status == "skipped"
    assert (
        engine("dns", probe=ProbeResult(resolved=None, problem="there is no image here")).status == "skipped"
    )


def test_only_failures_are_grave() -> None:
    assert not sick([client("buildkit", buildx=None)])
    assert sick([engine("api", api_version="1.24")])


def test_without_a_daemon_its_own_hint_is_the_remedy() -> None:
    findings = no_engine(DaemonUnavailable("permission denied", hint="add yourself to the group"))
    assert (findings[0].status, findings[0].remedy) == ("failure", "add yourself to the group")
    assert {finding.status for finding in findings[1:]} == {"skipped"}
