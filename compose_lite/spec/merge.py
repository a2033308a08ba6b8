"""Merging of an override into a base, with one rule per attribute (tables keyed by path pattern)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.tree import Map, Mark, Path, Seq, path_text
from compose_lite.spec.units import go_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compose_lite.spec.problems import Problems
    from compose_lite.spec.trace import Trace

    Merger = Callable[["_Merge", Any, Any, Path], Any]


def merge_trees(base: Map, override: Map, problems: Problems, trace: Trace | None = None) -> None:
    """Merge a file's tree into what earlier files made, in place."""
    if not base:
        base.update(override)
        base.marks.update(override.marks)
        return
    _Merge(problems, trace).mappings(base, override, (), _RULES)


def merge_service(base: Map, override: Map, name: str, problems: Problems, trace: Trace | None = None) -> Map:
    """Return `base` (taken over) with a service that extends it merged on top."""
    rules = _RULES["services"]["*"]
    return _Merge(problems, trace).mappings(base, override, ("services", name), rules)


class _Merge:
    """One merge; carries where problems and overridden values are told."""

    def __init__(self, problems: Problems, trace: Trace | None) -> None:
        self.problems = problems
        self.trace = trace

    def values(self, base: Any, override: Any, path: Path, rule: Any) -> Any:
        """Merge two values by `rule`: a function, a table for what is below, or nothing."""
        if callable(rule):
            return rule(self, base, override, path)
        if type(rule) is dict and callable(rule.get("")):
            return rule[""](self, base, override, path)
        if override is None:
            return base
        if isinstance(base, Map):
            if not isinstance(override, Map):
                return self.mismatch(base, override, path)
            return self.mappings(base, override, path, rule)
        if isinstance(base, Seq):
            if not isinstance(override, Seq):
                return self.mismatch(base, override, path)
            return _append(base, override)
        return override

    def mappings(self, base: Map, override: Map, path: Path, rules: Any = None) -> Map:
        """Merge `override` into `base` key by key."""
        anything = rules.get("*") if type(rules) is dict else None
        for key, value in override.items():
            mark = override.mark(key)
            if key not in base:
                base.put(key, value, mark)
                continue
            old = base[key]
            rule = rules.get(key, anything) if type(rules) is dict else None
            merged = self.values(old, value, (*path, key), rule)
            if self.trace is not None and merged is not old:
                self.trace.say((*path, key), "overridden", old, base.mark(key))
            if merged is old:
                continue
            base.put(key, merged, mark or base.mark(key))
        return base

    def mismatch(self, base: Any, override: Any, path: Path) -> Any:
        """Report that two files give an attribute values of different shape."""
        mark = _first_mark(override) or _first_mark(base)
        self.problems.add(
            "cannot-override",
            f"{path_text(path)}: {_kind(override)} can't override {_kind(base)}",
            at=mark[0].location(mark[3] + 1, mark[4] + 1) if mark else None,
            path=path,
        )
        return base


def _kind(value: Any) -> str:
    return (
        "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a single value"
    )


def _first_mark(value: Any) -> Mark | None:
    marks = getattr(value, "marks", None)
    if not marks:
        return None
    first: Mark | None = next(iter(marks.values())) if isinstance(marks, dict) else marks[0]
    return first


def _append(base: Seq, override: Seq) -> Seq:
    merged = Seq(base, list(base.marks))
    for index, item in enumerate(override):
        merged.put(item, override.mark(index))
    return merged


def _replace(_merge: _Merge, _base: Any, override: Any, _path: Path) -> Any:
    return override


def _as_sequence(value: Any) -> Seq:
    """Write a mapping as a sorted list of `NAME=VALUE`, one text as a list of one."""
    if isinstance(value, Seq):
        return value
    if isinstance(value, Map):
        entries: list[tuple[str, Mark | None]] = []
        for key, item in value.items():
            mark = value.mark(key)
            if item is None:
                entries.append((key, mark))
            elif isinstance(item, list):
                entries.extend((f"{key}={go_text(part)}", mark) for part in item)
            else:
                entries.append((f"{key}={go_text(item)}", mark))
        entries.sort(key=lambda entry: entry[0])
        return Seq([text for text, _ in entries], [mark for _, mark in entries])
    if isinstance(value, str):
        return Seq([value], [None])
    return Seq()


def _sequence(_merge: _Merge, base: Any, override: Any, _path: Path) -> Seq:
    return _append(_as_sequence(base), _as_sequence(override))


def _hosts(_merge: _Merge, base: Any, override: Any, _path: Path) -> Seq:
    """Hosts add up, so that a name may have several addresses; an entry that is there already does not."""
    merged = _append(_as_sequence(base), Seq())
    for index, item in enumerate(added := _as_sequence(override)):
        if item not in merged:
            merged.put(item, added.mark(index))
    return merged


def _as_mapping(value: Any, entry: Callable[[], Any]) -> Map:
    if isinstance(value, Map):
        return value
    result = Map()
    if isinstance(value, Seq):
        for index, name in enumerate(value):
            if isinstance(name, str):
                result.put(name, entry(), value.mark(index))
    return result


def _build(merge: _Merge, base: Any, override: Any, path: Path) -> Any:
    def long_form(value: Any) -> Map:
        if isinstance(value, str):
            return Map({"context": value})
        return value if isinstance(value, Map) else Map()

    return merge.mappings(long_form(base), long_form(override), path, _BUILD)


def _depends_on(merge: _Merge, base: Any, override: Any, path: Path) -> Any:
    def entry() -> Map:
        return Map({"condition": "service_started", "required": True})

    return merge.mappings(_as_mapping(base, entry), _as_mapping(override, entry), path)


def _names(merge: _Merge, base: Any, override: Any, path: Path) -> Any:
    def nothing() -> None:
        return None

    return merge.mappings(_as_mapping(base, nothing), _as_mapping(override, nothing), path)


def _logging(merge: _Merge, base: Any, override: Any, path: Path) -> Any:
    """Options merge only if both name the same driver, or one names none."""
    if not isinstance(base, Map) or not isinstance(override, Map):
        return override if override is not None else base
    ours, theirs = base.get("driver"), override.get("driver")
    if ours == theirs or "driver" not in base or "driver" not in override:
        return merge.mappings(base, override, path)
    return override


def _ipam_config(merge: _Merge, base: Any, override: Any, path: Path) -> Any:
    """Merge address pools by subnet."""
    if not isinstance(base, Seq) or not isinstance(override, Seq):
        return override
    pools = Seq()
    for index, ours in enumerate(base):
        for other_index, theirs in enumerate(override):
            if not isinstance(ours, Map) or not isinstance(theirs, Map):
                continue
            subnet = theirs.get("subnet")
            if subnet != ours.get("subnet") and all(pool.get("subnet") != subnet for pool in pools):
                pools.put(theirs, override.mark(other_index))
                continue
            merged = merge.mappings(ours, theirs, path)
            known = [pool.get("subnet") for pool in pools]
            if subnet in known:
                pools[known.index(subnet)] = merged
            else:
                pools.put(merged, base.mark(index))
    return pools


_BUILD: dict[str, Any] = {
    "args": _sequence,
    "additional_contexts": _sequence,
    "extra_hosts": _hosts,
    "labels": _sequence,
}
_RULES: dict[str, Any] = {
    "networks": {"*": {"ipam": {"config": _ipam_config}, "labels": _sequence}},
    "volumes": {"*": {"labels": _sequence}},
    "services": {
        "*": {
            "annotations": _sequence,
            "build": _build,
            "command": _replace,
            "depends_on": _depends_on,
            "deploy": {"labels": _sequence},
            "dns": _sequence,
            "dns_opt": _sequence,
            "dns_search": _sequence,
            "entrypoint": _replace,
            "env_file": _sequence,
            "environment": _sequence,
            "extra_hosts": _hosts,
            "healthcheck": {"test": _replace},
            "label_file": _sequence,
            "labels": _sequence,
            "logging": _logging,
            "models": _names,
            "networks": _names,
            "sysctls": _sequence,
            "tmpfs": _sequence,
            "ulimits": {"*": _replace},
        }
    },
}


def apply_resets(tree: Map, resets: Iterable[Path]) -> None:
    """Remove from `tree` what a later document tags `!reset` or `!override`."""
    for path in filter(None, resets):
        node: Any = tree
        for step in path[:-1]:
            node = node.get(step) if isinstance(node, Map) and isinstance(step, str) else None
        if isinstance(node, Map) and isinstance(path[-1], str):
            node.pop(path[-1], None)
