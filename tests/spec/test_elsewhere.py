"""What a file asks of another engine is told once, with its place; what takes effect here is not."""

from __future__ import annotations

import pytest

from compose_lite.errors import Severity
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions


def warnings_of(text: str) -> list[tuple[str, int | None, int | None]]:
    result = load(LoadOptions(working_dir="/stack", environ={}, files=("-",), stdin=lambda: text.encode()))
    assert all(problem.severity is Severity.WARNING for problem in result.elsewhere)
    assert all(problem.code == "no-effect-here" for problem in result.elsewhere)
    return [
        (
            problem.path,
            problem.location and problem.location.line,
            problem.location and problem.location.column,
        )
        for problem in result.elsewhere
    ]


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("deploy: {endpoint_mode: vip}", "deploy.endpoint_mode"),
        ("deploy: {mode: global}", "deploy.mode"),
        ("deploy: {labels: {a: b}}", "deploy.labels"),
        ("deploy: {placement: {max_replicas_per_node: 1}}", "deploy.placement"),
        ("deploy: {restart_policy: {delay: 1s}}", "deploy.restart_policy.delay"),
        ("deploy: {restart_policy: {window: 1s}}", "deploy.restart_policy.window"),
        ("deploy: {resources: {reservations: {cpus: 1}}}", "deploy.resources.reservations.cpus"),
        (
            "deploy: {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: a, value: 1}}]}}}",
            "deploy.resources.reservations.generic_resources",
        ),
        ("ports: [80, {target: 81, name: web}]", "ports[1].name"),
        ("ports: [{target: 81, app_protocol: http}]", "ports[0].app_protocol"),
    ],
)
def test_an_attribute_for_another_engine_is_told_where_it_stands(section: str, path: str) -> None:
    [(found, line, column)] = warnings_of(f"services:\n  web:\n    image: x\n    {section}\n")
    assert found == f"services.web.{path}"
    assert line == 4
    assert column is not None
    assert column > 5


@pytest.mark.parametrize(
    "section",
    [
        "deploy: {mode: replicated, replicas: 2}",
        "deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}",
        "deploy: {resources: {limits: {cpus: 1, memory: 1g, pids: 5}, reservations: {memory: 1m}}}",
        "ports: ['80:80', {target: 81, published: 8081, host_ip: 127.0.0.1}]",
    ],
)
def test_what_takes_effect_is_not_told(section: str) -> None:
    assert warnings_of(f"services:\n  web:\n    image: x\n    {section}\n") == []


def test_a_service_that_its_profile_switches_off_is_not_told() -> None:
    off = "  off: {image: x, profiles: [p], deploy: {endpoint_mode: vip}}"
    assert warnings_of(f"services:\n  web: {{image: x}}\n{off}\n") == []
