"""Why an action is in a plan: typed values made where the decision is made; they explain, never steer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
    PAUSED = "paused"
    DEAD = "dead"
    SCALED_UP = "scaled-up"
    SCALED_DOWN = "scaled-down"
    DUPLICATE = "duplicate"
    RENAMED = "renamed"
    INTERRUPTED = "interrupted"
    ORPHAN = "orphan"
    ONE_OFF = "one-off"
    REQUESTED = "requested"
    POLICY = "policy"
    HOOK = "hook"
    FILES = "files"
    IN_USE = "in-use"


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
