"""Compares what a container (network, volume) should be with what it is, field by field, and hides secrets."""

from __future__ import annotations

import json
import re

from compose_lite.planner.reasons import Change, Reason, Why

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

HIDDEN = "****"
_LONGEST = 120  # characters of a value that are shown

# Texts, not compiled: most runs find nothing that differs.
_SECRET_NAME = (
    r"(?i)pass(?!ive|age|ing|through|_?thru)|secret|token|credential|private|auth(?!or)|_?key(?!s?pace|board|word)"
    r"|dsn|cert"
)
_URL_WITH_CREDENTIALS = r"(?i)[a-z][a-z0-9+.-]*://[^\s/@]*:[^\s/@]+@"
_SECRET_ARGUMENT = r"(?i)(\b[\w-]*(?:pass(?:word|wd)?|secret|token|credential|api[_-]?key)[\w-]*[=:\s]+)\S+"

# What the engine fills in by itself (or a daemon's configuration does): compared only where the service sets it.
_FILLED_BY_ENGINE = (
    r"(cgroup|cgroup_parent|runtime|isolation|shm_size|ipc|mac_address|memswap_limit|mem_swappiness|logging\.driver"
    r"|logging\.options\..+|ulimits\..+|networks\..+\.driver_opts\..+|userns_mode|init|subnet|gateway|ip_range"
    r"|aux_addresses\..+|driver_opts\..+|enable_ipv[46])"
)
# What a container inherits from its image: unknown as long as the image was not inspected.
_FROM_IMAGE = (
    r"(command|entrypoint|user|working_dir|stop_signal|expose|environment\..+|labels\..+|healthcheck\..+"
    r"|mounts\..+)"
)


def differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], *, image_known: bool = True
) -> tuple[Change, ...]:
    """The fields that differ, sorted by path; values that may be secret are hidden.

    Both sides are in the vocabulary of `planner.effective`. Without `image_known`, what only the actual
    side has and an image could have given is no difference.
    """
    changes = []
    for path in sorted(expected.keys() | actual.keys()):
        wanted, found = expected.get(path), actual.get(path)
        if _same(wanted, found):
            continue
        if wanted is None and (
            re.fullmatch(_FILLED_BY_ENGINE, path) or (not image_known and re.fullmatch(_FROM_IMAGE, path))
        ):
            continue
        changes.append(_change(path, old=found, new=wanted))
    return tuple(changes)


def container_reasons(
    expected: Mapping[str, Any], actual: Mapping[str, Any], *, image_known: bool, files_known: bool = False
) -> tuple[Reason, ...]:
    """Why a container of configuration `actual` has to be replaced by one of configuration `expected`.

    Files are compared only if the container tells what it was given, or (`files_known`) would tell if there were any.
    """
    fields = differences(_without_files(expected), _without_files(actual), image_known=image_known)
    reasons = [Reason(why=Why.CONFIG_CHANGED, changes=fields)] if fields else []
    if files_known or any(path.startswith("files.") for path in actual):
        reasons.extend(_file_reasons(expected, actual))
    return tuple(reasons)


def _without_files(effective: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in effective.items() if not path.startswith("files.")}


def _file_reasons(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[Reason]:
    """One reason for each file that differs: `configs.NAME UID:GID MODE DIGEST`, see `files.files_of`."""
    reasons = []
    for path in sorted(path for path in expected.keys() | actual.keys() if path.startswith("files.")):
        new, old = expected.get(path), actual.get(path)
        if new == old:
            continue
        new_parts, old_parts = (str(value or "").rsplit(" ", 3) for value in (new, old))
        if new and old and new_parts[:-1] == old_parts[:-1]:
            if "?" not in (new_parts[-1], old_parts[-1]):
                reasons.append(Reason(why=Why.CONTENT_CHANGED, subject=_file_name(new_parts[0])))
            continue
        change = Change(path=path, old=_file(old_parts[:-1]), new=_file(new_parts[:-1]))
        reasons.append(Reason(why=Why.CONFIG_CHANGED, changes=(change,)))
    return reasons


def _file(parts: list[str]) -> str | None:
    """What a file is and, as far as the service says it, whose: `configs.NAME 0:0 0440`."""
    return " ".join(part for part in parts if part.strip("-:")) or None


def _file_name(key: str) -> str:
    kind, _, name = key.partition(".")
    if kind == "mounts":
        return f'mounted "{name}"'
    return f'{kind.removesuffix("s")} "{name}"'


def _same(wanted: Any, found: Any) -> bool:
    """Equality, where a `*` of the expected side stands for an id that only the daemon knows."""
    if wanted == found:
        return True
    if isinstance(wanted, str) and wanted.endswith("*") and isinstance(found, str):
        return found.startswith(wanted[:-1])
    if isinstance(wanted, tuple) and isinstance(found, tuple) and len(wanted) == len(found):
        return all(_same(one, other) for one, other in zip(wanted, found, strict=True) if one != "*")
    return False


def _change(path: str, *, old: Any, new: Any) -> Change:
    if isinstance(old, bool) or isinstance(new, bool):
        no, yes = ("not attached", "attached") if path.startswith("networks.") else ("false", "true")
        return Change(path=path, old=yes if old else no, new=yes if new else no)
    return Change(path=path, old=shown(path, old), new=shown(path, new))


def shown(path: str, value: Any) -> str | None:
    """A value as it may be printed: on one line, short, and hidden if its name or form says secret."""
    if value is None:
        return None
    if re.search(_SECRET_NAME, path.rpartition(".")[2]) and isinstance(value, str):
        return HIDDEN
    if isinstance(value, tuple):
        words = json.dumps(list(value), ensure_ascii=False)
    elif isinstance(value, float):
        words = f"{value:g}"
    else:
        words = str(value)
    if re.search(_URL_WITH_CREDENTIALS, words):
        return HIDDEN
    words = re.sub(_SECRET_ARGUMENT, rf"\1{HIDDEN}", words)
    if not words.isprintable():
        words = json.dumps(words)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
