"""Decides what `watch` looks at, and what a changed file means for a service."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal

from compose_lite.errors import PlanError, Problem, Severity
from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.planner.ignore_patterns import has_exceptions, matches
from compose_lite.planner.links import raise_all
from compose_lite.planner.selection import unknown_services
from compose_lite.spec.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from compose_lite.errors import Location
    from compose_lite.spec.model import Hook, Project, Service, WatchRule

Action = Literal["sync", "rebuild", "restart", "sync+restart", "sync+exec"]

# What tools leave beside the files that people edit, as docker compose leaves it out; and `.git`, which its
# documentation leaves out as well, though 2.40 copies it.
STANDING_IGNORES = (
    "**/.git",
    "**/.idea",
    "**/*___jb_old___", "**/*___jb_tmp___",  # JetBrains
    "**/.#*", "**/#*#",  # Emacs
    "**/4913", "**/*~", "**/.*.swp", "**/.*.swx", "**/.*.swo", "**/.*.swn",  # Vim
    "**/.*.kate-swp",
    "**/*-go-tmp-umask",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class PathFilter:
    """Which paths below a watched one count.

    Attributes:
        root: the watched path, absolute.
        ignore, include: the rule's patterns, relative to `root`; what is ignored can't be included.
        context: the service's build context, or empty if it has none on this machine.
        context_ignore: the patterns of the context's ignore file, relative to `context`.
    """

    root: str
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    context: str = ""
    context_ignore: tuple[str, ...] = ()

    def keeps(self, relative: str, *, folder: bool) -> bool:
        """Whether a path (relative to `root`, `/` between names) counts.

        A folder counts as long as something in it might; the root itself always does.
        """
        if relative in ("", "."):
            return True
        for patterns, path in self._ignoring(relative):
            if matches(patterns, path) and not (folder and has_exceptions(patterns)):
                return False
        return folder or not self.include or matches(self.include, relative)

    def _ignoring(self, relative: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """The lists that may ignore the path, each with the path as that list sees it."""
        yield STANDING_IGNORES, relative
        if self.ignore:
            yield self.ignore, relative
        if self.context_ignore:
            inside = relative_to(self.context, posixpath.join(self.root, relative))
            if inside:
                yield self.context_ignore, inside


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedTree:
    """One rule of a service: the file or folder `path` (absolute), and what a change of it means.

    Attributes:
        target: absolute path in the container, for the actions that copy; `None` for the others, and where
            a bind mount shows the container the very files.
        initial_sync: at the start send all that differs, not only what changed since the image was made.
    """

    service: str
    path: str
    action: Action
    filter: PathFilter
    target: str | None = None
    initial_sync: bool = False
    exec: Hook | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeChange:
    """What is new or different in a watched tree, and what is gone; paths are relative to it."""

    tree: WatchedTree
    changed: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()

    @property
    def paths(self) -> tuple[str, ...]:
        """All of them, absolute."""
        found = sorted(self.changed | self.deleted)
        return tuple(posixpath.join(self.tree.path, path) if path else self.tree.path for path in found)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceWork:
    """What a batch of changes asks for, for one service.

    Attributes:
        syncs: what is to be copied; nothing if the service is rebuilt, for its new containers are compared
            with everything that is watched.
        execs: commands to run in each container once it has the files.
    """

    service: str
    paths: tuple[str, ...] = ()
    rebuild: bool = False
    syncs: tuple[TreeChange, ...] = ()
    restart: bool = False
    execs: tuple[Hook, ...] = ()


def watched_trees(
    project: Project, services: Iterable[str] = (), ignored: Mapping[str, Sequence[str]] = EMPTY
) -> tuple[WatchedTree, ...]:
    """What is watched for the named services (all, if none is), in the order of the files.

    Args:
        ignored: service → the patterns of its build context's ignore file.

    Raises:
        PlanError: an unknown service, or rules that can't be obeyed; all of them are reported.
    """
    names = tuple(services)
    problems = unknown_services(project, names)
    chosen = [service for name, service in project.services.items() if not names or name in names]
    for service in chosen:
        problems += _rule_problems(service)
    raise_all(problems)
    return tuple(
        tree
        for service in chosen
        for rule in service.watch
        if (tree := _tree(service, rule, tuple(ignored.get(service.name, ())))) is not None
    )


def live_already(project: Project, services: Iterable[str] = ()) -> tuple[Problem, ...]:
    """A notice for each rule that would copy what a bind mount shows the container anyway."""
    names = tuple(services)
    return tuple(
        Problem(
            code="watch-live",
            message=f"service {service.name!r}: {rule.path} is not copied to {rule.target}, where it is mounted",
            hint="drop the watch rule or the mount",
            location=rule.location or service.location,
            path=f"services.{service.name}.develop.watch[{index}]",
            severity=Severity.WARNING,
        )
        for service in project.services.values()
        if not names or service.name in names
        for index, rule in enumerate(service.watch)
        if rule.target is not None and _is_mounted(service, rule)
    )


def nothing_there(tree: WatchedTree) -> Problem:
    """The warning that there is nothing yet at the path of a rule."""
    return Problem(
        code="watch-nothing-there",
        message=f"service {tree.service!r} watches {tree.path}, where nothing is yet",
        hint="correct the path, or make it: it is watched for",
        location=tree.location,
        severity=Severity.WARNING,
    )


def decide(changes: Iterable[TreeChange]) -> tuple[ServiceWork, ...]:
    """What has to be done about changes, by service."""
    by_service: dict[str, list[TreeChange]] = {}
    for change in changes:
        if change.paths:
            by_service.setdefault(change.tree.service, []).append(change)
    return tuple(_work(service, found) for service, found in sorted(by_service.items()))


def relative_to(folder: str, path: str) -> str | None:
    """`path` relative to `folder` (empty if it is that), `None` if it lies elsewhere; both are absolute."""
    if path == folder:
        return ""
    prefix = folder if folder.endswith("/") else folder + "/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None


def _work(service: str, changes: Sequence[TreeChange]) -> ServiceWork:
    actions = {change.tree.action for change in changes}
    rebuild = "rebuild" in actions
    execs = [change.tree.exec for change in changes if change.tree.exec is not None]
    return ServiceWork(
        service=service,
        paths=tuple(sorted({path for change in changes for path in change.paths})),
        rebuild=rebuild,
        syncs=() if rebuild else tuple(change for change in changes if change.tree.target is not None),
        restart=not rebuild and bool(actions & {"restart", "sync+restart"}),
        execs=tuple(dict.fromkeys(execs)),
    )


def _tree(service: Service, rule: WatchRule, ignored: tuple[str, ...]) -> WatchedTree | None:
    mounted = _is_mounted(service, rule)
    if mounted and rule.action == "sync":
        return None
    context = local_context(service)
    if rule.action == "rebuild" and ignored and service.build is not None:
        ignored = (*ignored, f"!{service.build.dockerfile or 'Dockerfile'}")  # it is read all the same
    return WatchedTree(
        service=service.name,
        path=posixpath.normpath(rule.path),
        action=rule.action,
        filter=PathFilter(
            root=posixpath.normpath(rule.path),
            ignore=rule.ignore,
            include=rule.include,
            context=context or "",
            context_ignore=ignored if context else (),
        ),
        target=rule.target if rule.action.startswith("sync") and not mounted else None,
        initial_sync=rule.initial_sync,
        exec=rule.exec,
        location=rule.location or service.location,
    )


def local_context(service: Service) -> str | None:
    """The folder that the service's image is built from, if it is one on this machine."""
    context = service.build.context if service.build is not None else None
    return posixpath.normpath(context) if context and context.startswith("/") else None


def _is_mounted(service: Service, rule: WatchRule) -> bool:
    """Whether the rule's target is a bind mount of the rule's path."""
    for mount in service.volumes:
        if mount.type != "bind" or mount.source is None or rule.target is None:
            continue
        inside = relative_to(posixpath.normpath(mount.source), posixpath.normpath(rule.path))
        if inside is not None and posixpath.normpath(
            posixpath.join(mount.target, inside)
        ) == posixpath.normpath(rule.target):
            return True
    return False


def _rule_problems(service: Service) -> list[Problem]:
    """What keeps the service's rules from being obeyed."""
    found = []
    for index, rule in enumerate(service.watch):
        path = f"services.{service.name}.develop.watch[{index}]"
        place = rule.location or service.location
        if rule.action == "rebuild" and service.build is None:
            found.append(
                Problem(
                    code="watch-without-build",
                    message=f"{path} can't rebuild the service, which has no `build`",
                    hint="say how its image is built, or use the action `sync` or `restart`",
                    location=place,
                    path=path,
                )
            )
        elif rule.action == "sync+exec" and rule.exec is None:
            found.append(
                Problem(
                    code="watch-without-command",
                    message=f"{path} has the action `sync+exec` and no command",
                    hint="add `exec: {command: [...]}` to the rule, or use the action `sync`",
                    location=place,
                    path=path,
                )
            )
    return found


def check_rules(project: Project, services: Collection[str] = ()) -> None:
    """Raise `PlanError` with a draft if no rule of the named services (all, if none is) says what to watch."""
    from compose_lite.planner.watch_draft import draft_section

    chosen = [service for name, service in project.services.items() if not services or name in services]
    if any(service.watch for service in chosen):
        return
    draft = draft_section(project, services)
    hint = f"for this stack it could be\n\n{draft}" if draft else "see docs/watch.md for how to write one"
    which = f"service {', '.join(sorted(services))}" if services else "no service"
    has = "has no `develop` section" if services else "has a `develop` section"
    raise PlanError(
        f"nothing to watch: {which} {has} that says what to do when a file changes",
        hint=hint,
        code="nothing-to-watch",
    )
