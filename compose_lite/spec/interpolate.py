"""Interpolation of a whole tree, and the numbers and booleans that interpolated text stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from compose_lite.spec.template import BadTemplate, RequiredVariable, substitute
from compose_lite.spec.tree import Map, Path, Seq, mark_location, path_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.problems import Problems
    from compose_lite.spec.trace import Trace
    from compose_lite.spec.variables import Variables

    Cast = Callable[[str], Any]

_GO_INT = re.compile(r"[-+]?[0-9]+\Z")
_GO_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_BOOLEANS = {
    **dict.fromkeys(("true", "y", "yes", "on"), True),
    **dict.fromkeys(("false", "n", "no", "off"), False),
}


def to_int(text: str) -> int:
    """Read a decimal integer.

    Raises:
        ValueError: `text` is none.
    """
    if not _GO_INT.match(text) or len(text) > 20:
        raise ValueError("a whole number")
    return int(text)


def to_float(text: str) -> float:
    """Read a decimal number.

    Raises:
        ValueError: `text` is none.
    """
    if not _GO_FLOAT.match(text):
        raise ValueError("a number")
    return float(text)


def to_bool(text: str) -> bool:
    """Read a boolean, in any of the spellings that variables hold.

    Raises:
        ValueError: `text` is none of them.
    """
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError("true or false")
    return value


_EXTERNAL = {"external": to_bool}
_UPDATE = {"parallelism": to_int, "max_failure_ratio": to_float}
_SERVICE: dict[str, Any] = {
    "configs": {"*": {"mode": to_int}},
    "cpu_count": to_int,
    "cpu_percent": to_float,
    "cpu_period": to_int,
    "cpu_quota": to_int,
    "cpu_rt_period": to_int,
    "cpu_rt_runtime": to_int,
    "cpus": to_float,
    "cpu_shares": to_int,
    "init": to_bool,
    "deploy": {
        "replicas": to_int,
        "update_config": _UPDATE,
        "rollback_config": _UPDATE,
        "restart_policy": {"max_attempts": to_int},
        "placement": {"max_replicas_per_node": to_int},
    },
    "healthcheck": {"retries": to_int, "disable": to_bool},
    "oom_kill_disable": to_bool,
    "oom_score_adj": to_int,
    "pids_limit": to_int,
    "ports": {"*": {"target": to_int}},
    "privileged": to_bool,
    "read_only": to_bool,
    "scale": to_int,
    "stdin_open": to_bool,
    "tty": to_bool,
    "ulimits": {"*": {"": to_int, "hard": to_int, "soft": to_int}},
    "volumes": {"*": {"read_only": to_bool, "volume": {"nocopy": to_bool}}},
}

CASTS: dict[str, Any] = {
    "services": {"*": _SERVICE},
    "networks": {
        "*": {
            **_EXTERNAL,
            "internal": to_bool,
            "attachable": to_bool,
            "enable_ipv4": to_bool,
            "enable_ipv6": to_bool,
        }
    },
    "volumes": {"*": _EXTERNAL},
    "secrets": {"*": _EXTERNAL},
    "configs": {"*": _EXTERNAL},
}
"""Attributes whose text becomes a number or boolean: a tree that mirrors the file's (`*` for any name or index,
an empty name for the entry itself where it may also be a mapping)."""


class Interpolator:
    """Replaces variables in trees; reports what can't be replaced and what nobody sets."""

    def __init__(self, variables: Variables, problems: Problems, trace: Trace | None = None) -> None:
        self._variables = variables
        self._problems = problems
        self._trace = trace
        self._warned: set[str] = set()

    def run(self, tree: Map, casts: dict[str, Any] | None = None, path: Path = ()) -> None:
        """Interpolate every value below `tree` in place; keys are left alone."""
        self._walk(tree, CASTS if casts is None else casts, path)

    def _walk(self, node: Any, casts: Any, path: Path) -> None:
        entries = node.items() if type(node) is Map else enumerate(node)
        anything = casts.get("*") if casts else None
        for step, value in entries:
            kind = type(value)
            if kind is str:
                cast = casts.get(step, anything) if casts else None
                if "$" in value or cast is not None:
                    node[step] = self._text(node, step, value, cast, path)
            elif kind is Map or kind is Seq:
                below = casts.get(step, anything) if casts else None
                self._walk(value, below if type(below) is dict else None, (*path, step))

    def _text(self, node: Map | Seq, step: Any, text: str, cast: Any, path: Path) -> Any:
        value = text
        if "$" in text:
            replaced = self._replace(node, step, text, path)
            if replaced is None:
                return text
            value = replaced
        if type(cast) is dict:
            cast = cast.get("")
        if cast is None:
            return value
        try:
            return cast(value)
        except ValueError as error:
            mark = node.mark(step)
            name = path_text((*path, step))
            shown = f"`{value}`" if value == text else f"`{value}` (from `{text}`)"
            self._problems.add(
                "wrong-type",
                f"{name}: {shown} is not {error}",
                at=mark_location(mark) if mark else None,
                path=(*path, step),
            )
            return text

    def _replace(self, node: Map | Seq, step: Any, text: str, path: Path) -> str | None:
        """Return the text with its variables replaced, or ``None`` if that failed and was reported."""
        mark = node.mark(step)
        where = (*path, step)
        try:
            value = substitute(text, self._variables.get, unset=lambda name: self._unset(name, mark, where))
        except BadTemplate as error:
            self._problems.add(
                "bad-variable",
                f"{path_text(where)}: {error}",
                at=mark_location(mark) if mark else None,
                path=where,
                hint="write $$ for a dollar sign that is no variable",
            )
        except RequiredVariable as error:
            self._problems.add(
                "required-variable",
                f"{path_text(where)}: {error}",
                at=mark_location(mark) if mark else None,
                path=where,
                hint=f"set {error.name} in the shell or in an env file",
            )
        else:
            if self._trace is not None:
                self._trace.interpolated(where, text, mark, self._variables)
            return value
        return None

    def _unset(self, name: str, mark: Any, path: Path) -> None:
        if name in self._warned:
            return
        self._warned.add(name)
        self._problems.warn(
            "unset-variable",
            f'The "{name}" variable is not set. Defaulting to a blank string.',
            at=mark_location(mark) if mark else None,
            path=path,
            hint=f"set it, or give a default: ${{{name}:-value}}",
        )
