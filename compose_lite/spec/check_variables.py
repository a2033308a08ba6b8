"""Check rules for dollar signs: variables that nobody sets, and signs that were not meant as variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compose_lite.spec.check_facts import Remark
from compose_lite.spec.template import references
from compose_lite.spec.tree import mark_location, path_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.spec.check_facts import Facts
    from compose_lite.spec.trace import Use
    from compose_lite.spec.tree import Path

_OF_THE_CONTAINER = frozenset({"HOME", "HOSTNAME", "LOGNAME", "PATH", "PWD", "SHELL", "USER"})
"""Variables that a shell in the container has too, with values of its own."""
_COMMANDS = frozenset({"command", "entrypoint", "healthcheck", "post_start", "pre_start", "pre_stop"})


def eaten_dollars(facts: Facts) -> Iterator[Remark]:
    """Find ``$word`` in texts where it was probably meant to reach the container."""
    for use in facts.uses:
        for name in _bare_names(use.template):
            if not _is_eaten(use, name):
                continue
            value = use.variables.get(name)
            becomes = "nothing, as no variable of that name is set" if value is None else "this host's value"
            yield Remark(
                path=use.path,
                location=mark_location(use.mark) if use.mark else None,
                message=f"{path_text(use.path)}: ${name} becomes {becomes}, before the container sees it",
                hint=f"write $${name} to keep the dollar sign, or ${{{name}:-}} if it is meant",
            )


def _is_eaten(use: Use, name: str) -> bool:
    if use.template == f"${name}":
        return False
    if use.variables.get(name) is None:
        return True
    return name in _OF_THE_CONTAINER and _in_command(use.path)


def _in_command(path: Path) -> bool:
    return len(path) > 2 and path[0] == "services" and path[2] in _COMMANDS


def _bare_names(template: str) -> list[str]:
    """Return the variables written ``$NAME``, without braces, each once."""
    found: list[str] = []
    for reference in references(template):
        pattern = rf"(?<!\$)(?:\$\$)*\${reference.name}(?![A-Za-z0-9_])"
        if not reference.operator and reference.name not in found and re.search(pattern, template):
            found.append(reference.name)
    return found


def unset_variables(facts: Facts) -> Iterator[Remark]:
    """Find variables that are set nowhere and have no default; each once, where it is first used."""
    seen: set[str] = set()
    for use in facts.uses:
        bare = _bare_names(use.template)
        for reference in references(use.template):
            name = reference.name
            if reference.operator or name in seen or use.variables.get(name) is not None:
                continue
            if name in bare and _is_eaten(use, name):
                continue
            seen.add(name)
            yield Remark(
                path=use.path,
                location=mark_location(use.mark) if use.mark else None,
                message=f"{path_text(use.path)}: the variable {name} is set nowhere, so it becomes nothing",
                hint=f"set it in the shell or in .env, give a default (${{{name}:-value}}), "
                f"or demand it (${{{name}:?}})",
            )
