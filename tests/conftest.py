"""What every test shares: the obligations of the tests that are marked `daemon`, and a second try in CI."""

from __future__ import annotations

import functools
import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

pytest.register_assert_rewrite("tests.e2e.checks", "tests.e2e.steps", "tests.e2e.stack")


def pytest_configure() -> None:
    """Let what the tests start hear Ctrl-C, also where the shell that runs them in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test on a daemon a second time in CI if it fails: what else runs on the machine decides on its times.

    Not the pure ones, which have no such excuse. What failed the first time is told in full at the end.
    """
    if not os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("daemon"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Tell how tests failed that passed, or failed again, when they were tried a second time."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.write_sep("_", f"first try of {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


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
