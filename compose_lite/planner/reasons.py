"""Why an action is in a plan: typed values made where the decision is made; they explain, never steer."""

from __future__ import annotations

from enum import Enum

from compose_lite.lazy_dataclasses import dataclass


class Why(Enum):
    """The kinds of reasons; the value is the stable code used in JSON."""

    NOT_FOUND = "not-found"
    CONFIG_CHANGED = "config-changed"
    IMAGE_CHANGED = "image-changed"
    IMAGE_MISSING = "image-missing"
    CONTENT_CHANGED = "content-changed"
    NETWORK_CHANGED = "network-changed"
    VOLUME_CHANGED = "volume-changed"
    CHANGED_OUTSIDE = "changed-outside"
    DEPENDENCY_REPLACED = "dependency-replaced"
    DEPENDENCY_RESTARTED = "dependency-restarted"
    DEPENDENCY = "dependency"
    FORCED = "forced"
    RENEW_VOLUMES = "renew-volumes"
    NOT_RUNNING = "not-running"
    UNHEALTHY = "unhealthy"
    PAUSED = "paused"
    DEAD = "dead"
    SCALED_UP = "scaled-up"
    SCALED_DOWN = "scaled-down"
    DUPLICATE = "duplicate"
    RENAMED = "renamed"
    INTERRUPTED = "interrupted"
    ORPHAN = "orphan"
    ONE_OFF = "one-off"
    NEVER_BEGUN = "never-begun"
    REQUESTED = "requested"
    POLICY = "policy"
    HOOK = "hook"
    FILES = "files"
    IN_USE = "in-use"
    ROLLOUT = "rollout"
    ROLLBACK = "rollback"
    PREVIOUS = "previous"
    PROVIDER = "provider"
    STEP_LEFT = "step-left"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A field whose value differs; both values are printable, and masked where they may be secret."""

    path: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.path}: added {self.new}" if self.new is not None else f"{self.path}: changed"
        if self.new is None:
            return f"{self.path}: removed (was {self.old})"
        return f"{self.path}: {self.old} → {self.new}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One reason; `subject` names what it is about (a dependency, an image …), `changes` the fields."""

    why: Why
    subject: str = ""
    changes: tuple[Change, ...] = ()


def text(reason: Reason) -> str:
    """The reason in one line, without a full stop; made only of what the reason carries."""
    named, _, bare = _WORDS[reason.why].partition("|")
    told = named.format(subject=reason.subject) if reason.subject else bare
    if not reason.changes:
        return f"{told} changed" if reason.why in _CHANGED else told
    if reason.why in _TOLD_BY_CHANGES:
        return ", ".join(str(change) for change in reason.changes)
    return f"{told}: " + ", ".join(str(change).replace(": ", " ", 1) for change in reason.changes)


# With a subject the part before the bar, without one the part behind it.
_WORDS = {
    Why.NOT_FOUND: "no {subject} yet|does not exist yet",
    Why.CONFIG_CHANGED: "{subject} changed|configuration changed in a way that inspection does not show",
    Why.IMAGE_CHANGED: "image {subject} changed|image changed",
    Why.IMAGE_MISSING: "image {subject} is not here|image is not here",
    Why.CONTENT_CHANGED: "{subject}: content changed|content of a file changed",
    Why.NETWORK_CHANGED: "network {subject}|network",
    Why.VOLUME_CHANGED: "volume {subject}|volume",
    Why.CHANGED_OUTSIDE: "container was changed outside: {subject}|container was changed outside",
    Why.DEPENDENCY_REPLACED: "{subject} is replaced|a dependency is replaced",
    Why.DEPENDENCY_RESTARTED: "{subject} is restarted|a dependency is restarted",
    Why.DEPENDENCY: "needed by {subject}|needed by another service",
    Why.FORCED: "asked for: {subject}|replacement was asked for",
    Why.RENEW_VOLUMES: "anonymous volumes of {subject} are renewed|anonymous volumes are renewed",
    Why.NOT_RUNNING: "not running: {subject}|not running",
    Why.UNHEALTHY: "unhealthy: {subject}|unhealthy",
    Why.PAUSED: "{subject} is paused|paused",
    Why.DEAD: "dead: {subject}|dead",
    Why.SCALED_UP: "scaled up to {subject}|scaled up",
    Why.SCALED_DOWN: "scaled down to {subject}|scaled down",
    Why.DUPLICATE: "{subject}|another container has the same number",
    Why.RENAMED: "has the name {subject}|has another name",
    Why.INTERRUPTED: "left by an interrupted replacement of {subject}|left by an interrupted replacement",
    Why.ORPHAN: "service {subject} is not in the project|not in the project",
    Why.ONE_OFF: "one-off container of {subject}|one-off container",
    Why.NEVER_BEGUN: "left by a run of {subject} that never began|left by a run that never began",
    Why.REQUESTED: "asked for by {subject}|asked for",
    Why.POLICY: "pull policy {subject}|pull policy",
    Why.HOOK: "{subject} hook|lifecycle hook",
    Why.FILES: "secrets and configs: {subject}|secrets and configs",
    Why.IN_USE: "in use by {subject}|in use",
    Why.ROLLOUT: "rollout: {subject}|rollout",
    Why.ROLLBACK: "going back to {subject}|going back",
    Why.PREVIOUS: "the generation before: {subject}|the generation before",
    Why.STEP_LEFT: "left by an interrupted pre_start of {subject}|left by an interrupted pre_start",
    Why.PROVIDER: "provider {subject}|a provider runs it",
}
_CHANGED = frozenset({Why.NETWORK_CHANGED, Why.VOLUME_CHANGED})
_TOLD_BY_CHANGES = frozenset({Why.CONFIG_CHANGED, Why.IMAGE_CHANGED, Why.CONTENT_CHANGED})
