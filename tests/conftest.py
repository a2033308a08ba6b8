"""What every test shares: the obligations of the tests that are marked `daemon`."""

from __future__ import annotations

import functools
import signal

import pytest

pytest.register_assert_rewrite("tests.e2e.checks", "tests.e2e.steps", "tests.e2e.stack")


def pytest_configure() -> None:
    """Let what the tests start hear Ctrl-C, also where the shell that runs them in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _daemon_answers(request: pytest.FixtureRequest) -> None:
    """Fail, never skip, a test that is marked `daemon` where no daemon answers: absence must not look like success."""
    if request.node.get_closest_marker("daemon") and (trouble := _daemon_trouble()):
        pytest.fail(f"no Docker daemon answers: {trouble}", pytrace=False)


@functools.cache
def _daemon_trouble() -> str:
    import docker
    import docker.errors
    import requests

    try:
        docker.APIClient(timeout=10).ping()
    except (docker.errors.DockerException, requests.RequestException) as error:
        return str(error)
    return ""
