"""`check`: finds what is valid but will hurt, by a table of rules that can each be switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.errors import Problem, Severity, UsageError
from compose_lite.spec.check_exposure import engine_sockets, full_rights, public_databases, written_secrets
from compose_lite.spec.check_facts import Rule
from compose_lite.spec.check_files import bind_sources, content_files
from compose_lite.spec.check_variables import eaten_dollars, unset_variables
from compose_lite.spec.check_wiring import (
    floating_tags,
    port_conflicts,
    unused_resources,
    waits_for_the_endless,
    waits_without_health_check,
)
from compose_lite.spec.suggest import did_you_mean
from compose_lite.spec.tree import path_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from compose_lite.spec.check_facts import Facts

RULES: tuple[Rule, ...] = (
    Rule(
        code="public-database",
        summary="a database's port is published on every address",
        find=public_databases,
    ),
    Rule(code="docker-socket", summary="a container controls the Docker engine", find=engine_sockets),
    Rule(code="privileged", summary="a container has all rights on the host", find=full_rights),
    Rule(code="written-secret", summary="a secret is written in a compose file", find=written_secrets),
    Rule(code="latest-tag", summary="an image's tag means something else tomorrow", find=floating_tags),
    Rule(
        code="bind-source", summary="a bind mount's source is missing or of the wrong kind", find=bind_sources
    ),
    Rule(code="content-file", summary="a secret's or config's file is missing", find=content_files),
    Rule(
        code="eaten-dollar",
        summary="interpolation takes a dollar sign that was not meant for it",
        find=eaten_dollars,
    ),
    Rule(code="unset-variable", summary="a variable is set nowhere", find=unset_variables),
    Rule(code="port-conflict", summary="a host port is wanted twice", find=port_conflicts),
    Rule(
        code="no-health-check",
        summary="something waits for a missing health check",
        find=waits_without_health_check,
    ),
    Rule(
        code="never-completes",
        summary="something waits for the end of what never ends",
        find=waits_for_the_endless,
    ),
    Rule(code="unused-volume", summary="no service uses a volume", find=unused_resources("volumes")),
    Rule(code="unused-network", summary="no service uses a network", find=unused_resources("networks")),
    Rule(code="unused-secret", summary="no service uses a secret", find=unused_resources("secrets")),
    Rule(code="unused-config", summary="no service uses a config", find=unused_resources("configs")),
)


def findings(facts: Facts, *, ignore: Collection[str] = ()) -> list[Problem]:
    """Return what the rules find, in the order in which the files have it.

    Args:
        facts: the stack and what is around it.
        ignore: codes of rules to leave out, beside those that the file leaves out itself.

    Raises:
        UsageError: `ignore` has a code that no rule has.
    """
    known = [rule.code for rule in RULES]
    for code in ignore:
        if code not in known:
            raise UsageError(
                f'check has no finding "{code}"', hint=did_you_mean(code, known) or _listed(known)
            )
    left_out = {*ignore, *ignored_in_file(facts.project.extensions)}
    found = [
        Problem(
            code=rule.code,
            message=remark.message,
            hint=remark.hint,
            location=facts.locate(remark.path),
            path=path_text(remark.path),
            severity=Severity.WARNING,
        )
        for rule in RULES
        if rule.code not in left_out
        for remark in rule.find(facts)
    ]
    return sorted(found, key=_position)


def ignored_in_file(extensions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes under `x-compose-lite.check.ignore`."""
    settings = extensions.get("x-compose-lite") or {}
    return tuple((settings.get("check") or {}).get("ignore") or ())


def _listed(codes: list[str]) -> str:
    return f"known findings: {', '.join(codes)}"


def _position(problem: Problem) -> tuple[str, int, int, str]:
    where = problem.location
    return (
        ("", 0, 0, problem.path)
        if where is None
        else (where.file, where.line or 0, where.column or 0, problem.path)
    )
