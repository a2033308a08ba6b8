"""Decides which containers are restarted because they are unhealthy, when, and when no more: news in, decisions out.

Nothing here has a clock: `now` and what is due are seconds of one steady clock of the caller's. What is known of a
container is only what the news say, so they have to come in the order in which things happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.spec.model import EMPTY, FrozenMap, Supervision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.planner.observed import Health, ObservedContainer

Rules = Mapping[str, Supervision | None]
"""By service; one that is missing, or has `None`, is left alone."""

Kind = Literal["started", "ended", "gone", "paused", "resumed", "signalled", "healthy", "unhealthy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """Something has happened to a container.

    `signalled`: it got a signal that ends programs, so it may be about to stop because somebody wants it to.
    """

    kind: Kind
    container: str
    name: str
    service: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """A container as it was found when it was looked at."""

    container: str
    name: str
    service: str
    running: bool
    paused: bool = False
    health: Health | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """All the containers that there are, as they were found."""

    sights: tuple[Sight, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of those that were due.

    Attributes:
        restarted: they run anew.
        fallen: they were stopped, and could not be started again.
        spared: they were found to need no restart any more, as these sights show; it counts as none.

    The others are as they were, though it was tried.
    """

    restarted: frozenset[str] = frozenset()
    fallen: frozenset[str] = frozenset()
    spared: tuple[Sight, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartLater:
    """A container has turned unhealthy and will be restarted after `delay` seconds, the `attempt`th time of `of`."""

    container: str
    name: str
    service: str
    attempt: int
    of: int
    delay: float


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """A container is unhealthy although it was restarted as often as allowed."""

    container: str
    name: str
    service: str
    attempts: int


Decision = RestartLater | GiveUp


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """A container under supervision.

    Attributes:
        signalled: it may be about to stop because somebody wants it to.
        fallen: a restart of ours has failed and left it stopped.
        attempts: restarts since it last proved healthy.
        healthy_since: when it turned healthy, if it still is.
        due: when it is to be restarted.
        tried: it is being restarted.
        given_up: it is not restarted any more, unless it turns healthy.
    """

    name: str
    service: str
    running: bool = True
    paused: bool = False
    unhealthy: bool = False
    signalled: bool = False
    fallen: bool = False
    attempts: int = 0
    healthy_since: float | None = None
    due: float | None = None
    tried: bool = False
    given_up: bool = False

    @property
    def ill(self) -> bool:
        """Whether it ought to be restarted: never if a person has stopped or paused it."""
        if not self.running:
            return self.fallen
        return self.unhealthy and not self.paused and not self.signalled


Charges = Mapping[str, Charge]
"""Every container that was heard of and is still there, by id."""

NOBODY: Charges = EMPTY


def advance(
    charges: Charges, news: News | Stock | Outcome, rules: Rules, now: float
) -> tuple[Charges, tuple[Decision, ...]]:
    """Take in what happened; returns what is known now, and what is new about restarts."""
    heard = _heard(charges, news, rules, now)
    decisions: list[Decision] = []
    settled: dict[str, Charge] = {}
    for container in sorted(heard):
        charge = heard[container]
        settled[container], decision = _settled(container, charge, rules.get(charge.service), now)
        decisions += [decision] if decision is not None else []
    return FrozenMap(settled), tuple(decisions)


def next_due(charges: Charges) -> float | None:
    """When `take_due` has something to tell, if nothing happens before."""
    return min((charge.due for charge in charges.values() if charge.due is not None), default=None)


def take_due(charges: Charges, now: float) -> tuple[Charges, tuple[str, ...]]:
    """The containers to restart now; an `Outcome` has to tell what became of them before anything else is taken in."""
    due = tuple(
        sorted(one for one, charge in charges.items() if charge.due is not None and charge.due <= now)
    )
    taken = {
        one: replace(charges[one], due=None, tried=True, attempts=charges[one].attempts + 1) for one in due
    }
    return FrozenMap({**charges, **taken}), due


def fallen(charges: Charges, containers: Iterable[str]) -> frozenset[str]:
    """Those of the containers that a restart of ours has left stopped."""
    return frozenset(one for one in containers if one in charges and charges[one].fallen)


def given_up(charges: Charges) -> tuple[str, ...]:
    """The names of the containers that are restarted no more."""
    return tuple(sorted(charge.name for charge in charges.values() if charge.given_up))


def sight(container: ObservedContainer) -> Sight:
    """A container as a listing has it."""
    return Sight(
        container=container.id,
        name=container.name,
        service=container.service,
        running=container.running,
        paused=container.state == "paused",
        health=container.health,
    )


# what is heard


def _heard(charges: Charges, news: News | Stock | Outcome, rules: Rules, now: float) -> Charges:
    match news:
        case Stock():
            return {one.container: _seen(charges.get(one.container), one, rules, now) for one in news.sights}
        case Outcome():
            return _tried(charges, news, rules, now)
        case News(kind="gone"):
            return {one: charge for one, charge in charges.items() if one != news.container}
        case News():
            known = charges.get(news.container) or Charge(name=news.name, service=news.service)
            return {**charges, news.container: _told(known, news, rules, now)}


def _told(charge: Charge, news: News, rules: Rules, now: float) -> Charge:
    match news.kind:
        case "started":
            return replace(
                charge,
                running=True,
                paused=False,
                unhealthy=False,
                signalled=False,
                fallen=False,
                healthy_since=None,
            )
        case "ended":
            return replace(
                charge, running=False, paused=False, unhealthy=False, signalled=False, healthy_since=None
            )
        case "signalled":
            return replace(charge, signalled=True)
        case "healthy":
            return _healthy(replace(charge, signalled=False), now)
        case "unhealthy":
            return _unhealthy(replace(charge, signalled=False), rules, now)
        case "paused" | "resumed":
            return replace(charge, paused=news.kind == "paused")
        case kind:
            raise AssertionError(f"unreachable: {kind}")


def _seen(known: Charge | None, sight: Sight, rules: Rules, now: float) -> Charge:
    charge = replace(
        known or Charge(name=sight.name, service=sight.service),
        running=sight.running,
        paused=sight.paused,
        signalled=False,
        fallen=known is not None and known.fallen and not sight.running,
    )
    if sight.health == "unhealthy":
        return charge if charge.unhealthy else _unhealthy(charge, rules, now)
    if sight.health == "healthy":
        return _healthy(charge, now)
    return replace(charge, unhealthy=False, healthy_since=None)


def _healthy(charge: Charge, now: float) -> Charge:
    since = now if charge.healthy_since is None else charge.healthy_since
    return replace(charge, unhealthy=False, healthy_since=since, given_up=False)


def _unhealthy(charge: Charge, rules: Rules, now: float) -> Charge:
    """It has the whole budget if it was healthy for long."""
    rule, since = rules.get(charge.service), charge.healthy_since
    proved = rule is not None and since is not None and now - since >= rule.window
    return replace(charge, unhealthy=True, healthy_since=None, attempts=0 if proved else charge.attempts)


def _tried(charges: Charges, outcome: Outcome, rules: Rules, now: float) -> Charges:
    after = dict(charges)
    for one in outcome.restarted & charges.keys():
        after[one] = replace(after[one], fallen=False, unhealthy=False, healthy_since=None)
    for one in outcome.fallen & charges.keys():
        after[one] = replace(after[one], fallen=True, running=False, unhealthy=False, healthy_since=None)
    for found in outcome.spared:
        if (known := after.get(found.container)) is not None:
            spared = replace(known, attempts=max(0, known.attempts - 1))
            after[found.container] = _seen(spared, found, rules, now)
    return {one: replace(charge, tried=False) for one, charge in after.items()}


# what follows


def _settled(
    container: str, charge: Charge, rule: Supervision | None, now: float
) -> tuple[Charge, Decision | None]:
    if charge.tried:
        return charge, None
    if rule is None or not charge.ill:
        return (charge if charge.due is None else replace(charge, due=None)), None
    if charge.due is not None or charge.given_up:
        return charge, None
    if charge.attempts >= rule.max_attempts:
        decision: Decision = GiveUp(
            container=container, name=charge.name, service=charge.service, attempts=charge.attempts
        )
        return replace(charge, given_up=True), decision
    delay = min(rule.max_delay, rule.delay * 2**charge.attempts)
    decision = RestartLater(
        container=container,
        name=charge.name,
        service=charge.service,
        attempt=charge.attempts + 1,
        of=rule.max_attempts,
        delay=delay,
    )
    return replace(charge, due=now + delay), decision
