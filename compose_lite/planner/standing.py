"""How a service, network or volume is right now: one word, and how good or bad that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.spec.model import Service

# What a colour may say beside the word: as it should be, on the way, broken, finished, not there.
Tone = Literal["good", "busy", "bad", "done", "none"]

# The words for a container, the one that tells most about its service first. `exited (3)` counts as `exited`.
_TONES: dict[str, Tone] = {
    "unhealthy": "bad",
    "dead": "bad",
    "restarting": "bad",
    "exited": "bad",
    "removing": "busy",
    "paused": "busy",
    "created": "busy",
    "starting": "busy",
    "running": "good",
    "healthy": "good",
    "completed": "done",
}
_ORDER = tuple(_TONES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How something is.

    Attributes:
        word: what a person is told: `healthy`, `exited (1)`, `missing`.
        count: how many containers are up and how many should be (`2/3`), where one word is not all.
    """

    word: str
    tone: Tone
    count: str = ""

    def __str__(self) -> str:
        return f"{self.word} {self.count}".rstrip()


MISSING = Standing(word="missing", tone="none")
_PRESENT = Standing(word="exists", tone="good")


def standing(service: Service, observed: Observed, *, job: bool, enabled: bool) -> Standing | None:
    """How a service's containers are, told by the one that is worst off; `None` if it has none by nature.

    Args:
        job: the service runs to completion.
        enabled: whether its profiles are on: a service that is off is not missed.
    """
    containers = observed.of_service(service.name)
    if not containers:
        return _without_containers(service, enabled=enabled)
    words = [_word(container, job=job) for container in containers]
    worst = min(words, key=lambda word: _ORDER.index(_kind(word)))
    up = sum(_TONES[_kind(word)] in ("good", "done") or word == "starting" for word in words)
    plain = service.replicas == 1 and len(containers) == 1
    tone = _TONES[_kind(worst)]
    if tone == "good" and up < service.replicas:
        tone = "busy"
    return Standing(word=worst, tone=tone, count="" if plain else f"{up}/{service.replicas}")


def _without_containers(service: Service, *, enabled: bool) -> Standing | None:
    if service.provider is not None:
        return None
    if not enabled:
        return Standing(word="off", tone="none")
    if service.replicas == 0:
        return Standing(word="scaled to 0", tone="none")
    return MISSING


def presence(
    observed: Observed | None, *, network: str | None = None, volume: str | None = None
) -> Standing | None:
    """Whether the daemon has a network or volume of this name; `None` if nobody looked."""
    if observed is None:
        return None
    return _PRESENT if network in observed.networks or volume in observed.volumes else MISSING


def _word(container: ObservedContainer, *, job: bool) -> str:
    if container.state == "running":
        return container.health or "running"
    if container.state == "exited":
        if job and container.exit_code == 0:
            return "completed"
        return f"exited ({container.exit_code})"
    return container.state


def _kind(word: str) -> str:
    return word.partition(" ")[0]
