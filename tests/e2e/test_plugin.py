"""The `docker` command runs the program as its plugin: with its context and configuration, and ends it with itself."""

import shlex
import shutil
import signal
import subprocess

import pytest

from tests.e2e.checks import containers, says
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.processes import Background, run
from tests.e2e.stack import Stack
from tests.e2e.steps import do, eventually
from tests.e2e.steps import run as invoke

FILES = {"compose.yaml": "services: {web: {image: '${IDLE}', command: sh -c 'echo it-runs; sleep 1000'}}"}
# The first docker command that tells plugins when it is asked to end.
_TELLS_ITS_END = 25

if shutil.which("docker") is None:
    pytest.skip("there is no docker command here", allow_module_level=True)


def docker(command: str, *, code: int = 0, **env: str) -> Step:
    """Invoke the `docker` command."""

    def act(stack: Stack) -> None:
        arguments = ["docker", *shlex.split(stack.expand(command))]
        stack.last = run(arguments, folder=stack.folder, env={**stack.env, **env})
        assert stack.last.code == code, str(stack.last)

    return do(f"$ docker {command}", act)


def _launch(stack: Stack) -> None:
    process = Background(["docker", "composelite", "up"], folder=stack.folder, env=stack.env)
    stack.background["up"] = process
    process.await_text("it-runs")


def _end(stack: Stack) -> None:
    version = subprocess.run(
        ["docker", "version", "--format", "{{.Client.Version}}"], capture_output=True, text=True, check=True
    )
    if int(version.stdout.split(".")[0]) < _TELLS_ITS_END:
        pytest.skip("this docker command does not tell its plugins that it ends")
    stack.background["up"].signal(signal.SIGTERM)


test_plugin = scenarios(
    Scenario(
        name="called",
        intent="`plugin install` makes `docker composelite` work, with its help and its place among the commands.",
        only="compose-lite",
        files=FILES,
        steps=(
            invoke("plugin install"),
            invoke("plugin install"),
            docker("composelite up -d"),
            containers(web="running"),
            docker("composelite exec -T web sh -c 'exit 7'", code=7),
            docker("--help"),
            says("composelite*"),
            docker("help composelite logs"),
            says("Show what containers wrote"),
            docker("__complete composelite exec ''"),
            says("web", ":4"),
            invoke("plugin remove"),
            docker("composelite ps", code=1),
        ),
    ),
    Scenario(
        name="context",
        intent="The context that the `docker` command is told wins over DOCKER_HOST, and so does its host.",
        only="compose-lite",
        files=FILES,
        steps=(
            invoke("plugin install"),
            invoke("up -d"),
            docker("context create here --docker host=unix:///var/run/docker.sock"),
            docker("context create gone --docker host=unix:///nowhere.sock"),
            docker("--context here composelite ps", DOCKER_HOST="unix:///elsewhere.sock"),
            says("{STACK}-web-1"),
            docker("--context gone composelite ps", code=1),
            says("unix:///nowhere.sock"),
            docker("composelite ps", code=1, DOCKER_CONTEXT="gone"),
            says("unix:///nowhere.sock"),
            docker("-H unix:///elsewhere.sock composelite ps", code=1),
            says("unix:///elsewhere.sock"),
            invoke("--context here ps", env={"DOCKER_HOST": "unix:///elsewhere.sock"}),
            says("{STACK}-web-1"),
            invoke("--host unix:///nowhere.sock ps", code=1),
            invoke("__complete --context ''"),
            says("default", "gone", "here"),
        ),
    ),
    Scenario(
        name="ended",
        intent="A `docker` command that is asked to end takes its plugin along, which stops what it is attached to.",
        only="compose-lite",
        files=FILES,
        steps=(
            invoke("plugin install"),
            do("docker composelite up", _launch),
            do("SIGTERM to docker", _end),
            do("it ends", lambda stack: stack.background["up"].ended(30)),
            eventually(containers(web="exited 137")),
        ),
    ),
)
