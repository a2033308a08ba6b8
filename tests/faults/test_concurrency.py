"""Invocations that meet: no duplicate, no half state, and whoever loses is told who is in the way, or waits."""

import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import docker.errors
import pytest

from tests.e2e import checks, state
from tests.e2e.harness import Step
from tests.e2e.processes import Background, Result
from tests.e2e.stack import Stack, is_compose_lite
from tests.e2e.steps import do, eventually

FILE = """
    services:
      web: {image: "${IDLE}", depends_on: [db], scale: 2}
      db: {image: "${IDLE}", volumes: ["data:/data", /cache]}
    volumes: {data: {}}
"""
PATIENCE = 60
RUNNING = checks.containers(web="running x2", db="running")

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(not is_compose_lite(), reason="an obligation of compose-lite alone"),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, {"compose.yaml": FILE})
    yield stack
    stack.close()


def at_once(stack: Stack, *commands: str) -> list[Result]:
    """Run the commands side by side; how they ended, in their order."""
    running = [stack.launch(f"{at}", command) for at, command in enumerate(commands)]
    return [process.ended(100) for process in running]


def names_the_holder(result: Result) -> bool:
    """Whether the run was kept out by another one and says by which, and what to do."""
    told = re.search(r"is being changed by .*process \d+", result.err)
    return result.code != 0 and told is not None and "--lock-timeout" in result.err


def stands(stack: Stack) -> None:
    """All is as a single `up` leaves it."""
    RUNNING.act(stack)
    checks.networks("default").act(stack)
    assert not stack.run_counted("up -d")


def test_ten_ups(stack: Stack) -> None:
    """Of ten `up`s at once one does the work; the others do nothing, or name the one that is at it."""
    results = at_once(stack, *["up -d"] * 10)
    for result in results:
        assert result.code == 0 or names_the_holder(result), str(result)
    assert any(result.code == 0 for result in results)
    stands(stack)


def test_ten_ups_that_wait(stack: Stack) -> None:
    """With --lock-timeout all ten succeed, and nothing is made twice."""
    results = at_once(stack, *["--lock-timeout 90 up -d"] * 10)
    assert [result.code for result in results] == [0] * 10, "\n".join(map(str, results))
    stands(stack)


def test_up_against_down(stack: Stack) -> None:
    """`up` and `down` at once: one after the other, whichever comes first; nothing is left half up."""
    stack.run("up -d")
    for _ in range(2):
        up, down = at_once(stack, "--lock-timeout 90 up -d", "--lock-timeout 90 down")
        assert (up.code, down.code) == (0, 0), f"{up}\n{down}"
        found = Counter(container.state for container in stack.containers())
        assert found in (Counter(running=3), Counter()), found
        assert len(state.networks(stack.name)) == bool(found)
    stack.run("up -d")
    stands(stack)


def test_down_beside_another_project(stack: Stack) -> None:
    """A project that goes down leaves an external network alone, whose other user comes up meanwhile."""
    network = f"{stack.name}-shared"
    state.api().create_network(network, labels={state.OURS: stack.name})
    shared = FILE + f"    networks: {{default: {{external: true, name: {network}}}}}\n"
    stack.write("compose.yaml", shared)
    other = stack.sibling("other")
    stack.run("up -d")
    for command, mirrored in (("down", "up -d"), ("up -d", "down")):
        results = at_once(stack, command, f"-p {other} {mirrored}")
        assert [result.code for result in results] == [0, 0], "\n".join(map(str, results))
    RUNNING.act(stack)
    assert not state.containers(other)


def test_down_of_a_network_that_another_project_joins(stack: Stack) -> None:
    """The owner of a network goes down while another project joins it: each ends whole, or says why not."""
    other = stack.sibling("other")
    joining = stack.folder / "joining.yaml"
    joining.write_text(
        f"services: {{guest: {{image: '{stack.env['IDLE']}'}}}}\n"
        f"networks: {{default: {{external: true, name: {stack.name}_default}}}}\n"
    )
    stack.run("up -d")
    down, up = at_once(stack, "down", f"-p {other} -f joining.yaml up -d")
    assert down.code == 0, str(down)
    assert up.code == 0 or "error: " in up.err, str(up)
    assert "Traceback" not in up.text, str(up)
    stack.run("up -d")
    stack.run(f"-p {other} -f joining.yaml up -d")
    assert [container.state for container in state.containers(other)] == ["running"]
    stack.run(f"-p {other} -f joining.yaml down")
    stands(stack)


def test_the_lock_goes_with_its_holder(stack: Stack) -> None:
    """A holder that is killed keeps nobody out."""
    stack.write(
        "compose.yaml", FILE.replace("scale: 2", 'scale: 2, healthcheck: {test: "false", interval: 1h}')
    )
    holder = stack.launch("holder", "up -d --wait")
    holder.await_text("Waiting")
    assert names_the_holder(stack.run("up -d", code=None))
    holder.signal(signal.SIGKILL)
    assert holder.ended().code == -signal.SIGKILL
    stack.run("up -d")
    checks.containers(web="starting x2", db="running").act(stack)


WATCHED = """
    services:
      web:
        build:
          context: app
          dockerfile_inline: |
            FROM ${IDLE}
            COPY page /page
        healthcheck: {test: "false", interval: 1h}
        develop:
          watch: [{action: rebuild, path: app}]
"""


def has_everywhere(page: str, *, replicas: int) -> Step:
    """Every replica has that page, and there are so many."""

    def act(stack: Stack) -> None:
        numbers = [container.number for container in stack.containers("web")]
        assert numbers == list(range(1, replicas + 1))
        try:
            found = {stack.inside(f"web:{number}", "cat /page")[1] for number in numbers}
        except docker.errors.APIError as error:
            raise AssertionError(str(error)) from error  # one is just being replaced
        assert found == {page}, found

    return eventually(do(f"{replicas} replicas have {page!r}", act), timeout=PATIENCE)


@pytest.fixture
def watched(stack: Stack) -> Background:
    """A watch of a project that rebuilds."""
    stack.write("compose.yaml", WATCHED)
    stack.write("app/page", "0\n")
    watch = stack.launch("watch", "watch")
    watch.await_text("Watch enabled", timeout=PATIENCE)
    return watch


def test_scale_against_watch(stack: Stack, watched: Background) -> None:
    """Replicas that come and go while a rebuild replaces them: in the end all there are have what was saved last."""
    for turn, replicas in enumerate((3, 1, 2), start=1):
        stack.write("app/page", f"{turn}\n")
        stack.run(f"--lock-timeout 90 scale web={replicas}", timeout=100)
        has_everywhere(f"{turn}\n", replicas=replicas).act(stack)
    watched.signal(signal.SIGINT)
    assert watched.ended(PATIENCE).code == 130
    assert "error" not in watched.seen(), watched.seen()
    assert not stack.run_counted("up -d --scale web=2")


def test_two_watches(stack: Stack, watched: Background) -> None:
    """A second watch of a project is told of the first; one that is killed keeps nobody out."""
    for command in ("watch", "up --watch"):
        result = stack.run(command, code=1)
        told = f"is being watched by `compose-lite watch` (process {watched.pid}"
        assert told in result.err, str(result)
    watched.signal(signal.SIGKILL)
    watched.ended()
    second = stack.launch("second", "watch")
    second.await_text("Watch enabled", timeout=PATIENCE)
    second.signal(signal.SIGINT)
    assert second.ended(PATIENCE).code == 130


def test_who_waits_says_for_whom(stack: Stack, watched: Background) -> None:
    """A command that waits and a watch's rebuild name the holder; the watch ends all the same when it is told to."""
    holder = stack.launch("holder", "up -d --wait")
    holder.await_text("Waiting")
    waiting = f"is being changed by `compose-lite up` (process {holder.pid}"
    other = stack.launch("other", "--lock-timeout 90 restart")
    other.await_text(waiting)
    stack.write("app/page", "1\n")
    watched.await_text(waiting, timeout=PATIENCE)
    watched.signal(signal.SIGINT)
    assert watched.ended(PATIENCE).code == 130
    assert holder.running()
    assert other.running()
    holder.signal(signal.SIGKILL)
    assert other.ended(PATIENCE).code == 0


def test_nowhere_to_write(stack: Stack) -> None:
    """Where neither home nor runtime folder can be written to, everything works, and one waits for the other."""
    nowhere = {"HOME": "/proc/none", "XDG_RUNTIME_DIR": "/proc/none", "XDG_STATE_HOME": "/proc/none"}
    stack.env.update(nowhere)
    results = at_once(stack, *["--lock-timeout 90 up -d"] * 2)
    assert [result.code for result in results] == [0, 0], "\n".join(map(str, results))
    stands(stack)
    stack.run("down -v")
