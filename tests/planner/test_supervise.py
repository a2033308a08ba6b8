"""What supervision decides: news in, restarts out; and what holds whatever the news."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import compose_lite
from compose_lite.planner.lifecycle import plan_revive
from compose_lite.planner.render import terse
from compose_lite.planner.requests import ReviveRequest
from compose_lite.planner.supervise import (
    NOBODY,
    GiveUp,
    News,
    Outcome,
    RestartLater,
    Sight,
    Stock,
    advance,
    fallen,
    given_up,
    next_due,
    take_due,
)
from compose_lite.spec.model import Supervision
from tests.planner.stacks import project, running, service, told

RULES = {"web": Supervision(delay=1, max_delay=8, max_attempts=3, window=100), "db": None}


class Story:
    """Supervision as it goes on, with a clock that only moves when told to."""

    def __init__(self) -> None:
        self.charges = NOBODY
        self.now = 1000.0
        self.decisions = []

    def hear(self, *kinds, container="a", service="web"):
        """Take in news of one container; returns what was decided."""
        decided = []
        for kind in kinds:
            news = News(kind=kind, container=container, name=f"p-{container}", service=service)
            decided += self.take(news)
        return decided

    def take(self, news):
        self.charges, decided = advance(self.charges, news, RULES, self.now)
        self.decisions += decided
        return list(decided)

    def wait(self, seconds):
        self.now += seconds
        return self

    def due(self):
        """What is to be restarted now."""
        self.charges, due = take_due(self.charges, self.now)
        return due

    def restart(self):
        """Restart what is due, as the daemon tells of it."""
        due = self.due()
        self.take(Outcome(restarted=frozenset(due)))
        for one in due:
            self.hear("signalled", "ended", "started", container=one)
        return due


def test_an_unhealthy_container_is_restarted_after_its_delay():
    story = Story()
    decision = RestartLater(container="a", name="p-a", service="web", attempt=1, of=3, delay=1)
    assert story.hear("started", "healthy", "unhealthy") == [decision]
    assert next_due(story.charges) == 1001
    assert story.wait(0.9).due() == ()
    assert story.wait(0.1).restart() == ("a",)
    assert next_due(story.charges) is None


def test_each_further_restart_waits_twice_as_long_until_the_budget_is_spent():
    story = Story()
    delays = []
    for _ in range(3):
        (decision,) = story.hear("unhealthy")
        delays.append(decision.delay)
        story.wait(decision.delay).restart()
    assert delays == [1, 2, 4]
    assert story.hear("unhealthy") == [GiveUp(container="a", name="p-a", service="web", attempts=3)]
    assert given_up(story.charges) == ("p-a",)
    assert story.hear("unhealthy") == []
    assert next_due(story.charges) is None


def test_the_delay_has_a_limit():
    rules = {"web": Supervision(delay=1, max_delay=3, max_attempts=10)}
    charges, now, delays = NOBODY, 0.0, []
    for _ in range(5):
        news = News(kind="unhealthy", container="a", name="p-a", service="web")
        charges, (decision,) = advance(charges, news, rules, now)
        delays.append(decision.delay)
        now += decision.delay
        charges, due = take_due(charges, now)
        charges, _ = advance(charges, Outcome(restarted=frozenset(due)), rules, now)
    assert delays == [1, 2, 3, 3, 3]


def test_who_stays_healthy_for_the_window_has_the_budget_back():
    story = Story()
    story.hear("unhealthy")
    story.wait(1).restart()
    story.hear("healthy")
    story.wait(99)
    assert story.hear("unhealthy")[0].attempt == 2
    story.wait(2).restart()
    story.hear("healthy")
    story.wait(100)
    assert story.hear("unhealthy")[0].attempt == 1


def test_a_container_that_was_given_up_and_mends_is_given_up_no_more():
    story = Story()
    for _ in range(3):
        story.hear("unhealthy")
        story.wait(10).restart()
    story.hear("unhealthy")
    assert given_up(story.charges)
    story.hear("healthy")
    assert not given_up(story.charges)


@pytest.mark.parametrize(
    "kinds", [["healthy"], ["signalled"], ["ended"], ["paused"], ["gone"], ["signalled", "ended"]]
)
def test_who_recovers_or_is_stopped_by_somebody_is_left_alone(kinds):
    story = Story()
    story.hear("unhealthy", *kinds)
    assert next_due(story.charges) is None
    assert story.wait(1000).due() == ()


def test_a_signal_that_did_not_end_it_only_puts_the_restart_off():
    story = Story()
    story.hear("unhealthy", "signalled")
    assert story.hear("unhealthy")[0].attempt == 1


def test_a_paused_container_is_restarted_once_it_goes_on():
    story = Story()
    story.hear("unhealthy", "paused")
    assert next_due(story.charges) is None
    assert story.hear("resumed")[0].attempt == 1


def test_a_service_that_wants_none_is_left_alone():
    story = Story()
    assert story.hear("unhealthy", service="db") == []
    assert story.hear("unhealthy", container="b", service="unknown") == []


def test_what_is_unhealthy_when_it_begins_counts_and_what_is_gone_is_forgotten():
    story = Story()
    ill = Sight(container="a", name="p-a", service="web", running=True, health="unhealthy")
    assert len(story.take(Stock(sights=(ill,)))) == 1
    assert story.take(Stock(sights=(ill,))) == []
    assert story.take(Stock()) == []
    assert story.charges == NOBODY


def test_what_a_restart_has_left_stopped_is_started_again():
    story = Story()
    story.hear("unhealthy")
    due = story.wait(1).due()
    (decision,) = story.take(Outcome(fallen=frozenset(due)))
    assert (decision.attempt, decision.delay) == (2, 2)
    assert story.hear("signalled", "ended") == []
    assert fallen(story.charges, due) == {"a"}
    assert story.wait(2).restart() == ("a",)
    assert not fallen(story.charges, due)


def test_a_restart_that_turned_out_needless_costs_nothing():
    story = Story()
    story.hear("unhealthy")
    story.wait(1).due()
    well = Sight(container="a", name="p-a", service="web", running=True, health="healthy")
    assert story.take(Outcome(spared=(well,))) == []
    assert story.hear("unhealthy")[0].attempt == 1


def test_a_restart_that_was_not_possible_is_tried_again():
    story = Story()
    story.hear("unhealthy")
    story.wait(1).due()
    (decision,) = story.take(Outcome())
    assert (decision.attempt, decision.delay) == (2, 2)


# whatever happens

CONTAINERS = ("a", "b")
KINDS = ("started", "ended", "gone", "paused", "resumed", "signalled", "healthy", "unhealthy")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(CONTAINERS)),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, 5.0, 150.0])),
        st.tuples(st.sampled_from(["restart", "fail", "fall"]), st.none()),
    ),
    max_size=60,
)


@given(STEPS)
def test_nobody_who_was_stopped_paused_or_removed_is_ever_due(steps):
    story = Story()
    for _ in played(story, steps):
        for charge in story.charges.values():
            assert charge.due is None or charge.ill
            assert charge.running or charge.due is None or charge.fallen


@given(STEPS)
def test_everybody_who_is_ill_is_due_or_given_up(steps):
    story = Story()
    for _ in played(story, steps):
        for charge in story.charges.values():
            assert not charge.ill or charge.due is not None or charge.given_up


@given(STEPS)
def test_the_budget_is_kept_between_two_proofs_of_health(steps):
    story = Story()
    restarts: Counter[str] = Counter()
    healthy_since: dict[str, float] = {}
    for step, what, due in played(story, steps):
        restarts.update(due)
        if step == "healthy":
            healthy_since.setdefault(what, story.now)
        elif step in KINDS:
            since = (
                healthy_since.pop(what, None) if step in ("unhealthy", "started", "ended", "gone") else None
            )
            if (step == "unhealthy" and since is not None and story.now - since >= 100) or step == "gone":
                restarts[what] = 0
        for one in due:
            healthy_since.pop(one, None)
        assert all(count <= RULES["web"].max_attempts for count in restarts.values())


@given(STEPS)
def test_the_same_news_lead_to_the_same_decisions(steps):
    one, other = Story(), Story()
    assert list(played(one, steps)) == list(played(other, steps))
    assert one.decisions == other.decisions


def played(story, steps):
    """Carry the steps out; yields each with the containers that were restarted in it."""
    for step, what in steps:
        due = ()
        if step == "wait":
            story.wait(what)
        elif step == "restart":
            due = story.restart()
        elif step in ("fail", "fall"):
            due = story.due()
            story.take(Outcome(fallen=frozenset(due) if step == "fall" else frozenset()))
        else:
            story.hear(step, container=what)
        yield step, what, due


# the plan of a restart

STACK = project(
    service("db", healthy=True),
    service("web", needs=["db"], restart_with=["db"]),
    service("other", needs=["db"]),
)


def revive(daemon, *names, stopped=()):
    ids = {c.name: c.id for c in daemon.observe().containers}
    request = ReviveRequest(
        containers=frozenset(ids[name] for name in names), fallen=frozenset(ids[name] for name in stopped)
    )
    return terse(plan_revive(STACK, daemon.observe(), request))


def sim(daemon, name):
    return next(c for c in daemon.containers.values() if c.name == name)


def test_an_unhealthy_container_is_stopped_and_started_with_the_dependents_that_ask_for_it():
    daemon = running(STACK)
    sim(daemon, "p-db-1").health = "unhealthy"
    assert revive(daemon, "p-db-1") == told("""
        [1] stop container p-web-1 (db is restarted)
        [2] stop container p-db-1 <- ~[1] (unhealthy)
        [3] start container p-db-1 <- [2] (unhealthy)
        [4] start container p-web-1 <- [1] [3] (db is restarted)
    """)


def test_a_dependent_that_somebody_has_stopped_stays_so():
    daemon = running(STACK)
    sim(daemon, "p-db-1").health = "unhealthy"
    sim(daemon, "p-web-1").state = "exited"
    assert "p-web-1" not in revive(daemon, "p-db-1")


@pytest.mark.parametrize("state", ["exited", "paused", "created"])
def test_a_container_that_does_not_run_any_more_is_left_alone(state):
    daemon = running(STACK)
    found = sim(daemon, "p-db-1")
    found.health, found.state = "unhealthy", state
    assert revive(daemon, "p-db-1") == ""


def test_a_container_that_has_recovered_is_left_alone():
    assert revive(running(STACK), "p-db-1") == ""


def test_a_container_that_an_attempt_has_left_stopped_is_started():
    daemon = running(STACK)
    found = sim(daemon, "p-db-1")
    found.state, found.exit_code = "exited", 137
    assert "start container p-db-1 (unhealthy)" in revive(daemon, "p-db-1", stopped=["p-db-1"])


def test_only_the_unhealthy_ones_of_several_replicas_are_restarted():
    stack = project(service("db", healthy=True, scale=2))
    daemon = running(stack)
    sim(daemon, "p-db-2").health = "unhealthy"
    ids = frozenset(c.id for c in daemon.observe().containers)
    plan = terse(plan_revive(stack, daemon.observe(), ReviveRequest(containers=ids)))
    assert plan == told("""
        [1] stop container p-db-2 (unhealthy)
        [2] start container p-db-2 <- [1] (unhealthy)
    """)


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        ("", Supervision()),
        ("x-compose-lite: {supervise: true}", Supervision()),
        ("x-compose-lite: {supervise: false}", None),
        (
            "x-compose-lite: {supervise: {delay: 500ms, max_delay: 1m30s, max_attempts: 3, window: 1.5h}}",
            Supervision(delay=0.5, max_delay=90, max_attempts=3, window=5400),
        ),
    ],
)
def test_what_the_file_says_is_what_counts(written, bound):
    text = f"services:\n  web:\n    image: a\n    {written}\n"
    loaded = compose_lite.load(text=text, project_name="p", environ={})
    assert loaded.services["web"].supervision == bound
