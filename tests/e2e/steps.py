"""What a scenario does: invocations, edits, signals, keys, and things done to the daemon from outside."""

import re
import signal
from collections.abc import Callable, Mapping

from tests.e2e import state
from tests.e2e.harness import Step
from tests.e2e.images import make_image
from tests.e2e.processes import Background, Terminal
from tests.e2e.stack import Stack, Who


def run(
    command: str,
    *,
    code: int | None = 0,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    changes: int | None = None,
    timeout: float = 60,
    who: Who = "program",
) -> Step:
    """Invoke the program; with `changes`, the number of calls that may change the daemon's state is exact."""

    def act(stack: Stack) -> None:
        if changes is None:
            stack.run(command, code=code, stdin=stdin, env=env, timeout=timeout, who=who)
            return
        made = stack.run_counted(command, code=code, timeout=timeout)
        listed = "\n".join(map(str, made))
        assert len(made) == changes, f"{len(made)} changing calls, expected {changes}:\n{listed}"

    return Step(text=f"{'docker compose' if who == 'peer' else ''}$ {command}", act=act)


def peer(command: str, *, code: int | None = 0, stdin: str | None = None) -> Step:
    """Invoke docker compose on the same project."""
    return run(command, code=code, stdin=stdin, who="peer")


def launch(key: str, command: str, *, until: str | None = None) -> Step:
    """Invoke the program in the background and go on, once it has printed `until` if that is given."""

    def act(stack: Stack) -> None:
        process = stack.launch(key, command)
        if until is not None:
            process.await_text(until)

    return Step(text=f"$ {command} &", act=act)


def open_terminal(command: str, *, key: str = "terminal", columns: int = 80, rows: int = 24) -> Step:
    """Invoke the program in a pseudo-terminal."""
    return Step(
        text=f"$ {command} (in a terminal of {columns} x {rows})",
        act=lambda stack: stack.terminal(command, key=key, columns=columns, rows=rows),
    )


def send(keys: str, *, key: str = "terminal") -> Step:
    """Type into a terminal."""
    return Step(text=f"type {keys!r}", act=lambda stack: _terminal(stack, key).send(keys))


def resize(columns: int, rows: int, *, key: str = "terminal") -> Step:
    """Change a terminal's size."""
    return Step(
        text=f"resize to {columns} x {rows}",
        act=lambda stack: _terminal(stack, key).resize(columns, rows),
    )


def shows(key: str, text: str, *, times: int = 1, timeout: float = 30) -> Step:
    """Wait until a background or terminal invocation has printed `text`."""
    return Step(
        text=f"{key} prints {text!r}",
        act=lambda stack: _process(stack, key).await_text(stack.expand(text), times=times, timeout=timeout),
    )


def send_signal(key: str, number: signal.Signals) -> Step:
    """Send a signal to a background invocation."""
    return Step(text=f"{number.name} to {key}", act=lambda stack: _process(stack, key).signal(number))


def ends(key: str, *, code: int, timeout: float = 30) -> Step:
    """Wait until a background or terminal invocation ends; what it printed becomes the last output."""

    def act(stack: Stack) -> None:
        stack.last = _process(stack, key).ended(timeout)
        if stack.last.code != code:
            raise AssertionError(f"expected exit {code}\n{stack.last}")

    return Step(text=f"{key} ends with {code}", act=act)


def write(path: str, text: str) -> Step:
    """Write or replace a file of the project."""
    return Step(text=f"write {path}", act=lambda stack: stack.write(path, text))


def edit(path: str, old: str, new: str) -> Step:
    """Replace a text that occurs in a file of the project."""

    def act(stack: Stack) -> None:
        file = stack.folder / path
        before = file.read_text()
        assert old in before, f"{path} has no {old!r}"
        file.write_text(before.replace(old, new))

    return Step(text=f"in {path}: {old} → {new}", act=act)


def remember() -> Step:
    """Keep the present state for `kept`, `replaced` and their like."""
    return Step(text="remember the state", act=lambda stack: stack.remember())


def inside(service: str, command: str, *, user: str = "") -> Step:
    """Run a shell command in a service's container, which must succeed."""

    def act(stack: Stack) -> None:
        code, output = stack.inside(service, stack.expand(command), user=user)
        assert code == 0, f"exit {code}: {output}"

    return Step(text=f"{service}# {command}", act=act)


def outside(service: str, verb: str, **options: object) -> Step:
    """Do to a service's container what docker would: `stop`, `kill`, `pause`, `remove_container` …"""
    return Step(
        text=f"docker {verb} {service}",
        act=lambda stack: getattr(state.api(), verb)(stack.container(service).id, **options),
    )


def make_network(name: str) -> Step:
    """Make a network outside of the project (`{STACK}` in the name is its name)."""
    return Step(
        text=f"docker network create {name}",
        act=lambda stack: state.api().create_network(stack.expand(name), labels={state.OURS: stack.name}),
    )


def make_volume(name: str) -> Step:
    """Make a volume outside of the project."""
    return Step(
        text=f"docker volume create {name}",
        act=lambda stack: state.api().create_volume(stack.expand(name), labels={state.OURS: stack.name}),
    )


def make_container(name: str, command: str = "sleep 100000", *, publish: str = "") -> Step:
    """Start a container outside of the project, with one host port published on container port 80 if told."""

    def act(stack: Stack) -> None:
        client = state.api()
        host_config = client.create_host_config(
            port_bindings={80: int(stack.expand(publish))} if publish else {}
        )
        client.create_container(
            stack.env["IDLE"],
            command,
            name=stack.expand(name),
            labels={state.OURS: stack.name},
            ports=[80] if publish else [],
            host_config=host_config,
        )
        client.start(stack.expand(name))

    return Step(text=f"docker run {name}", act=act)


def retag(reference: str, *, files: Mapping[str, str]) -> Step:
    """Give an image reference (which must contain `{STACK}`, so that it is removed) to a new image with `files`."""
    return Step(
        text=f"new image {reference}",
        act=lambda stack: make_image(stack.expand(reference), files=files),
    )


def do(text: str, act: Callable[[Stack], object]) -> Step:
    """Anything else."""
    return Step(text=text, act=act)


def eventually(check: Step, *, timeout: float = 15) -> Step:
    """Repeat a check until it holds: for what the daemon does on its own time."""
    import time

    def act(stack: Stack) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                check.act(stack)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    return Step(text=f"eventually: {check.text}", act=act)


def _process(stack: Stack, key: str) -> Background | Terminal:
    return stack.background[key]


def _terminal(stack: Stack, key: str) -> Terminal:
    process = stack.background[key]
    assert isinstance(process, Terminal)
    return process


def plain(text: str) -> str:
    """Text without terminal escapes and carriage returns."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", text)
