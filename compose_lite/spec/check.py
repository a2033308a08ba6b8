"""`check`: finds what is valid but will hurt, by a table of rules that can each be switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.errors import Problem, Severity, UsageError
from compose_lite.spec.check_exposure import engine_sockets, full_rights, public_databases, written_secrets
from compose_lite.spec.check_facts import Remark, Rule
from compose_lite.spec.check_files import bind_sources, content_files
from compose_lite.spec.check_variables import eaten_dollars, unset_variables
from compose_lite.spec.check_wiring import (
    floating_tags,
    port_conflicts,
    unused_resources,
    waits_for_the_endless,
    waits_without_health_check,
)
from compose_lite.spec.problems import position
from compose_lite.spec.suggest import did_you_mean
from compose_lite.spec.tree import path_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from compose_lite.spec.check_facts import Facts
    from compose_lite.spec.tree import Path

LOADER_WARNINGS = frozenset({"deprecated", "no-effect-here", "obsolete-version", "several-files"})
"""Warnings that every command gives when it loads the files; `check` lists them with its own findings."""


def unknown_ignores(facts: Facts) -> Iterator[Remark]:
    """Find codes in the file's own list that no finding has: a typing error there switches nothing off."""
    for index, code in enumerate(ignored_in_file(facts.project.extensions)):
        if code not in known_codes():
            path: Path = ("x-compose-lite", "check", "ignore", index)
            yield Remark(
                path=path,
                message=f'{path_text(path)}: check has no finding "{code}"',
                hint=did_you_mean(code, known_codes()),
            )


RULES: tuple[Rule, ...] = (
    Rule("public-database", "a database's port is published on every address", public_databases),
    Rule("docker-socket", "a container controls the Docker engine", engine_sockets),
    Rule("privileged", "a container has all rights on the host", full_rights),
    Rule("written-secret", "a secret is written in a compose file", written_secrets),
    Rule("latest-tag", "an image's tag means something else tomorrow", floating_tags),
    Rule("bind-source", "a bind mount's source is missing or of the wrong kind", bind_sources),
    Rule("content-file", "a secret's or config's file is missing", content_files),
    Rule("eaten-dollar", "a dollar sign is taken for a variable", eaten_dollars),
    Rule("unset-variable", "a variable is set nowhere", unset_variables),
    Rule("port-conflict", "a host port is wanted twice", port_conflicts),
    Rule("no-healthcheck", "something waits for a missing health check", waits_without_health_check),
    Rule("never-completes", "something waits for the end of what never ends", waits_for_the_endless),
    Rule("unused-volume", "no service uses a volume", unused_resources("volumes")),
    Rule("unused-network", "no service uses a network", unused_resources("networks")),
    Rule("unused-secret", "no service uses a secret", unused_resources("secrets")),
    Rule("unused-config", "no service uses a config", unused_resources("configs")),
    Rule("unknown-ignore", "a finding that is to be ignored does not exist", unknown_ignores),
)


def known_codes() -> list[str]:
    """Return the codes of everything that `check` can report, sorted."""
    return sorted({*(rule.code for rule in RULES), *LOADER_WARNINGS})


def findings(facts: Facts, *, ignore: Collection[str] = ()) -> list[Problem]:
    """Return what the rules find, in the order in which the files have it.

    Args:
        facts: the stack and what is around it.
        ignore: codes of findings to leave out, beside those that the file leaves out itself.

    Raises:
        UsageError: `ignore` has a code that no finding has.
    """
    for code in ignore:
        if code not in known_codes():
            hint = did_you_mean(code, known_codes()) or f"known findings: {', '.join(known_codes())}"
            raise UsageError(f'check has no finding "{code}"', hint=hint)
    left_out = {*ignore, *ignored_in_file(facts.project.extensions)}
    found = [warning for warning in facts.warnings if warning.code in LOADER_WARNINGS - left_out]
    found += [
        Problem(
            code=rule.code,
            message=remark.message,
            hint=remark.hint,
            location=remark.location or facts.locate(remark.path),
            path=path_text(remark.path),
            severity=Severity.WARNING,
        )
        for rule in RULES
        if rule.code not in left_out
        for remark in rule.find(facts)
    ]
    return sorted(found, key=position)


def ignored_in_file(extensions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes under `x-compose-lite.check.ignore`."""
    settings = extensions.get("x-compose-lite") or {}
    return tuple((settings.get("check") or {}).get("ignore") or ())
