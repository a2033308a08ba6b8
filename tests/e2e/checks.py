"""What a scenario checks: the daemon's state, and of outputs only the facts that they owe to the user."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from tests.e2e import state
from tests.e2e.harness import Step
from tests.e2e.stack import Stack
from tests.e2e.state import Container
from tests.e2e.steps import plain

# containers


def containers(**expected: str) -> Step:
    """The project's containers are exactly these: `web="running"`, `db="healthy"`, `job="exited 0"`, `web="running x2"`."""

    def act(stack: Stack) -> None:
        found = Counter((c.service, c.state) for c in stack.containers())
        wanted: Counter[tuple[str, str]] = Counter()
        for service, text in expected.items():
            for part in text.split(","):
                status, _, times = part.strip().partition(" x")
                wanted[service, status] += int(times or 1)
        assert found == wanted, f"found {_counted(found)}; expected {_counted(wanted)}"

    return Step(text=f"containers: {expected or 'none'}", act=act)


def _counted(states: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{service} {status} x{n}" for (service, status), n in sorted(states.items())) or "none"


def names(*expected: str) -> Step:
    """The project's containers have exactly these names (`{STACK}` is the project's)."""

    def act(stack: Stack) -> None:
        found = sorted(c.name for c in stack.containers())
        assert found == sorted(map(stack.expand, expected)), found

    return Step(text=f"container names {expected}", act=act)


def oneoffs(*states: str) -> Step:
    """The project's one-off containers are in exactly these states."""

    def act(stack: Stack) -> None:
        found = sorted(c.state for c in stack.containers(oneoff=True))
        assert found == sorted(states), f"one-off containers: {found}"

    return Step(text=f"one-off containers: {states or 'none'}", act=act)


def kept(*services: str, restarted: bool = False) -> Step:
    """The services have the containers that were remembered, and no other; started anew or not at all since."""

    def act(stack: Stack) -> None:
        for service in services:
            before, now = _before(stack, service), stack.containers(service)
            assert {c.id for c in before} == {c.id for c in now}, (
                f"{service} has other containers than before"
            )
            starts = {c.id: c.started for c in before}
            again = [c.name for c in now if c.started != starts[c.id]]
            assert bool(again) == restarted, f"started again since: {again or 'none'}"

    return Step(text=f"kept{' and restarted' if restarted else ''}: {', '.join(services)}", act=act)


def replaced(*services: str) -> Step:
    """None of the services' containers is one that was remembered, and their names and numbers are the same."""

    def act(stack: Stack) -> None:
        for service in services:
            before, now = _before(stack, service), stack.containers(service)
            assert now, f"{service} has no container"
            assert not {c.id for c in before} & {c.id for c in now}, f"{service} has a container of before"
            assert [(c.name, c.number) for c in before] == [(c.name, c.number) for c in now]

    return Step(text=f"replaced: {', '.join(services)}", act=act)


def _before(stack: Stack, service: str) -> list[Container]:
    assert stack.before is not None, "nothing was remembered"
    return [c for c in stack.before.containers if c.service == service and not c.oneoff]


def unchanged() -> Step:
    """Containers, networks and volumes of the project are all the remembered ones, in the states of then."""

    def act(stack: Stack) -> None:
        before = stack.before
        assert before is not None, "nothing was remembered"
        stack.remember()
        after, stack.before = stack.before, before
        assert after is not None
        assert _identities(after.containers) == _identities(before.containers)
        assert after.networks == before.networks
        assert after.volumes == before.volumes

    return Step(text="the state is unchanged", act=act)


def _identities(found: Iterable[Container]) -> list[tuple[str, str, str, object]]:
    return sorted((c.id, c.name, c.state, c.started) for c in found)


def field(service: str, path: str, expected: Any) -> Step:
    """An inspected attribute (`HostConfig.Memory`) equals `expected`, or satisfies it if it is a function."""

    def act(stack: Stack) -> None:
        value = stack.container(service).field(stack.expand(path))
        wanted = stack.expand(expected) if isinstance(expected, str) else expected
        good = expected(value) if callable(expected) else value == wanted
        assert good, f"{service} {path}: {value!r}; expected {wanted!r}"

    return Step(text=f"{service} {path} = {expected!r}", act=act)


def environment(service: str, **expected: str | None) -> Step:
    """The container has these variables (None: has it not)."""

    def act(stack: Stack) -> None:
        found = stack.container(service).environment
        assert {key: found.get(key) for key in expected} == expected

    return Step(text=f"{service} has {expected}", act=act)


def image(service: str, reference: str) -> Step:
    """The container runs the image that the reference stands for now."""

    def act(stack: Stack) -> None:
        wanted = state.api().inspect_image(stack.expand(reference))["Id"]
        found = stack.container(service).attributes["Image"]
        assert found == wanted, f"{service} runs {found}, {reference} is {wanted}"

    return Step(text=f"{service} runs {reference}", act=act)


def same_anonymous_volumes(service: str) -> Step:
    """The service's container still mounts the anonymous volumes that were remembered, at least one."""

    def act(stack: Stack) -> None:
        before = [c.anonymous_volumes for c in _before(stack, service)]
        now = [c.anonymous_volumes for c in stack.containers(service)]
        assert now == before
        assert any(now), f"{service} has no anonymous volume"

    return Step(text=f"{service} keeps its anonymous volumes", act=act)


def starts_after(service: str, other: str, moment: str) -> Step:
    """By the daemon's clock the service started once the other was `started`, `healthy` or `finished`."""

    def act(stack: Stack) -> None:
        when: dict[str, Callable[[Container], Any]] = {
            "started": lambda c: c.started,
            "healthy": stack.events.became_healthy,
            "finished": lambda c: c.finished,
        }
        began, gate = stack.container(service).started, when[moment](stack.container(other))
        assert began >= gate, f"{service} started {began}, before {other} was {moment} at {gate}"

    return Step(text=f"{service} starts after {other} is {moment}", act=act)


def inside(service: str, command: str, prints: str | None = None, *, code: int = 0, user: str = "") -> Step:
    """A shell command in the service's container ends with `code`, and prints exactly `prints` (blanks trimmed)."""

    def act(stack: Stack) -> None:
        found, output = stack.inside(service, stack.expand(command), user=user)
        assert found == code, f"exit {found}, expected {code}: {output}"
        assert prints is None or output.strip() == stack.expand(prints), f"printed {output!r}"

    return Step(text=f"{service}# {command} → {prints!r}, exit {code}", act=act)


def reaches(service: str, *hosts: str) -> Step:
    """From the service's container each host name resolves and answers a ping."""
    command = " && ".join(f"ping -c 1 -W 2 {host} >/dev/null" for host in hosts)
    return inside(service, command)


def resolves_not(service: str, *hosts: str) -> Step:
    """From the service's container none of the host names can be looked up or reached."""
    command = "; ".join(f"ping -c 1 -W 1 {host} >/dev/null 2>&1 && exit 9" for host in hosts)
    return inside(service, f"{command}; exit 0")


# networks and volumes


def networks(*expected: str) -> Step:
    """The project's networks, by their keys, are exactly these."""

    def act(stack: Stack) -> None:
        found = sorted(state.networks(stack.name))
        assert found == sorted(expected), f"networks: {found}"

    return Step(text=f"networks: {expected or 'none'}", act=act)


def volumes(*expected: str) -> Step:
    """The project's named volumes, by their keys, are exactly these."""

    def act(stack: Stack) -> None:
        found = sorted(state.volumes(stack.name))
        assert found == sorted(expected), f"volumes: {found}"

    return Step(text=f"volumes: {expected or 'none'}", act=act)


def volume(name: str, *, exists: bool) -> Step:
    """A volume of this full name exists or does not, whoever made it."""

    def act(stack: Stack) -> None:
        assert state.volume_exists(stack.expand(name)) == exists

    return Step(text=f"volume {name} {'exists' if exists else 'is gone'}", act=act)


def anonymous_volumes_gone() -> Step:
    """None of the anonymous volumes that were remembered exists any more (there was one at least)."""

    def act(stack: Stack) -> None:
        assert stack.before is not None, "nothing was remembered"
        remembered = [name for c in stack.before.containers for name in c.anonymous_volumes.values()]
        assert remembered, "no anonymous volume was remembered"
        left = [name for name in remembered if state.volume_exists(name)]
        assert not left, f"left: {left}"

    return Step(text="the anonymous volumes are gone", act=act)


def joined(service: str, *expected: str) -> Step:
    """The container is on exactly these networks of the project (a leading `=` gives a full name)."""

    def act(stack: Stack) -> None:
        wanted = {
            name.removeprefix("=") if name.startswith("=") else f"{stack.name}_{name}"
            for name in map(stack.expand, expected)
        }
        found = set(stack.container(service).networks)
        assert found == wanted, f"{service} is on {found}"

    return Step(text=f"{service} is on {expected}", act=act)


def nothing_left(*, but_volumes: tuple[str, ...] = ()) -> Step:
    """No container, no network, and no volume but these carries the project's label."""

    def act(stack: Stack) -> None:
        left = [c.name for c in state.containers(stack.name)]
        assert not left, f"containers left: {left}"
        assert not state.networks(stack.name), f"networks left: {list(state.networks(stack.name))}"
        assert sorted(state.volumes(stack.name)) == sorted(but_volumes)

    return Step(text=f"nothing is left{f' but {but_volumes}' if but_volumes else ''}", act=act)


def image_exists(reference: str, *, exists: bool = True) -> Step:
    """The daemon has an image of this reference, or has it not."""

    def act(stack: Stack) -> None:
        tags = {tag for entry in state.api().images() for tag in entry["RepoTags"] or ()}
        assert (stack.expand(reference) in tags) == exists, f"images: {sorted(tags)}"

    return Step(text=f"image {reference} {'exists' if exists else 'is gone'}", act=act)


# what was printed


def says(*facts: str) -> Step:
    """The last invocation's output contains each fact (`{PORT1}` and the like are filled in), in any case."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        text = plain(stack.last.text).lower()
        missing = [fact for fact in map(stack.expand, facts) if fact.lower() not in text]
        assert not missing, f"not said: {missing}"

    return Step(text=f"it says {facts}", act=act)


def says_not(*texts: str) -> Step:
    """The last invocation's output contains none of these."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        said = [text for text in map(stack.expand, texts) if text in plain(stack.last.text)]
        assert not said, f"said: {said}"

    return Step(text=f"it does not say {texts}", act=act)


def prints(expected: str) -> Step:
    """The last invocation's standard output is exactly this, blanks around it trimmed."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        assert stack.last.out.strip() == stack.expand(expected), f"printed {stack.last.out!r}"

    return Step(text=f"it prints {expected!r}", act=act)


def prints_lines(*expected: str) -> Step:
    """The last invocation's standard output has exactly these lines, in any order."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        found = sorted(plain(stack.last.out).split("\n"))
        wanted = sorted(["", *map(stack.expand, expected)])
        assert found == wanted, f"printed {found}"

    return Step(text=f"it prints the lines {expected}", act=act)


def prints_match(accept: Callable[[str], bool], what: str) -> Step:
    """The last invocation's standard output is as `accept` wants it."""

    def act(stack: Stack) -> None:
        assert stack.last is not None
        assert accept(stack.last.out), f"printed {stack.last.out!r}"

    return Step(text=f"it prints {what}", act=act)


def json_lines(text: str) -> list[dict[str, Any]]:
    """Objects from a JSON array or from one JSON object a line, as docker compose prints them both."""
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines() if line.strip()]
