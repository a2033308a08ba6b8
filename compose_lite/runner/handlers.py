"""Carries actions out, one short function a type: a table from action to handler.

Every handler may be called again after a lost answer: an effect that is there already is a success.
"""

from __future__ import annotations

import threading

from compose_lite.errors import AnswerLost, Conflict, DaemonError, DaemonUnavailable, NotFound
from compose_lite.planner import actions as a
from compose_lite.runner.create import create_container
from compose_lite.runner.handlers_surroundings import (
    connect_network,
    create_network,
    create_volume,
    disconnect_network,
    remove_network,
    remove_volume,
)
from compose_lite.runner.removal import await_removal
from compose_lite.runner.site import DONE, IN_USE, NOTHING_TO_DO, Outcome
from compose_lite.runner.start import start_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from compose_lite.runner.progress import Report
    from compose_lite.runner.site import Site

    Handler = Callable[[Site, Any, Report], Outcome]

_RUNS_AGAIN = Outcome(changed=False, text="kept: it runs again")


# images


def pull_image(site: Site, action: a.PullImage, report: Report) -> Outcome:
    """Pull an image; where it is `optional`, a failure is only told."""
    from compose_lite.runner.pull import pull_image as pull

    def told(
        text: str, current: int | None = None, total: int | None = None, *, output: bool = False
    ) -> None:
        site.cancellation.check()
        report(text, current, total, output=output)

    try:
        found = pull(site.daemon, action.ref, platform=action.platform, report=told, environ=site.environ)
    except (DaemonUnavailable, AnswerLost):
        raise
    except DaemonError as error:
        if not action.optional:
            raise
        return Outcome(changed=False, text=str(error))
    return Outcome(text=found.removeprefix("sha256:")[:12])


def build_image(site: Site, action: a.BuildImage, report: Report) -> Outcome:
    """Build an image; `if_missing` is left to a pull that has brought it."""
    if action.if_missing and _exists(site, action.ref):
        return NOTHING_TO_DO
    assert site.builder is not None, "the site is for another plan"
    return Outcome(text=site.builder.build(action.service, report).removeprefix("sha256:")[:12])


def remove_image(site: Site, action: a.RemoveImage, _report: Report) -> Outcome:
    try:
        site.daemon.remove_image(action.ref)
    except NotFound:
        return NOTHING_TO_DO
    except Conflict:
        if not action.keep_if_used:
            raise
        return IN_USE
    return DONE


# containers


def inject_files(site: Site, action: a.InjectFiles, _report: Report) -> Outcome:
    from compose_lite.runner.files import inject

    service = site.known_project.services[action.container.service]
    container = site.containers.id(action.container)
    inject(site.daemon, container, action.files, site.contents, read_only_root=service.read_only)
    return DONE


def start_container(site: Site, action: a.StartContainer, _report: Report) -> Outcome:
    container = site.containers.id(action.container)
    try:
        if container in site.containers.made.values():
            start_once(site.daemon, container)
            return DONE
        return DONE if site.daemon.start_container(container) else NOTHING_TO_DO
    except (DaemonUnavailable, AnswerLost):
        raise
    except DaemonError as error:
        from compose_lite.runner.conflicts import explained

        raise explained(site.daemon, container, error) from error


def stop_container(site: Site, action: a.StopContainer, _report: Report) -> Outcome:
    try:
        stopped = site.daemon.stop_container(site.containers.id(action.container), timeout=action.timeout)
    except NotFound:
        return NOTHING_TO_DO
    return DONE if stopped else NOTHING_TO_DO


def restart_container(site: Site, action: a.RestartContainer, _report: Report) -> Outcome:
    site.daemon.restart_container(site.containers.id(action.container), timeout=action.timeout)
    return DONE


def kill_container(site: Site, action: a.KillContainer, _report: Report) -> Outcome:
    container = site.containers.id(action.container)
    try:
        site.daemon.kill_container(container, signal=action.signal)
    except NotFound:
        return NOTHING_TO_DO
    except Conflict:
        if site.daemon.inspect_container(container)["State"]["Running"]:
            raise
        return NOTHING_TO_DO
    return DONE


def pause_container(site: Site, action: a.PauseContainer, _report: Report) -> Outcome:
    return _unless(site, action, site.daemon.pause_container, state="paused")


def unpause_container(site: Site, action: a.UnpauseContainer, _report: Report) -> Outcome:
    return _unless(site, action, site.daemon.unpause_container, state="running")


def remove_container(site: Site, action: a.RemoveContainer, _report: Report) -> Outcome:
    try:
        return _remove(site, action, site.containers.id(action.container))
    except NotFound:
        return NOTHING_TO_DO


def rename_container(site: Site, action: a.RenameContainer, _report: Report) -> Outcome:
    container = site.containers.id(action.container)
    site.containers.renamed(action.container.name, action.to)
    try:
        site.daemon.rename_container(container, name=action.to)
    except (DaemonUnavailable, AnswerLost, NotFound):
        raise
    except DaemonError:
        if site.daemon.inspect_container(container)["Name"] != f"/{action.to}":
            raise
        return NOTHING_TO_DO
    return DONE


def delay(site: Site, action: a.Delay, _report: Report) -> Outcome:
    over = threading.Event()
    site.cancellation.on_cancel(over.set)
    over.wait(action.seconds)
    site.cancellation.check()
    return Outcome(changed=False)


def run_hook(site: Site, action: a.RunHook, report: Report) -> Outcome:
    from compose_lite.runner.hooks import run

    run(site.daemon, site.containers.id(action.container), action, report)
    return DONE


def run_step(site: Site, action: a.RunStep, report: Report) -> Outcome:
    from compose_lite.runner.init_step import run

    run(site, action, report)
    return DONE


def run_provider(site: Site, action: a.RunProvider, report: Report) -> Outcome:
    from compose_lite.runner.provider import call, find

    project = site.known_project
    provider = project.services[action.service].provider
    assert provider is not None, "only planned for services of providers"
    # The project's files may give the program variables, but not choose which program it is, nor which engine it sees.
    given = {**project.environment, **site.environ, "COMPOSE_PROJECT_NAME": project.name}
    said = call(
        action,
        provider,
        find(provider.type, site.environ),
        project=project.name,
        environ=site.daemon.client_environment(given),
        cancellation=site.cancellation,
        report=report,
    )
    if said is None:
        return Outcome(changed=False, text="its provider knows no stop")
    site.said[action.service] = said
    return DONE


HANDLERS: Mapping[type, Handler] = {
    a.PullImage: pull_image,
    a.BuildImage: build_image,
    a.RemoveImage: remove_image,
    a.CreateNetwork: create_network,
    a.RemoveNetwork: remove_network,
    a.ConnectNetwork: connect_network,
    a.DisconnectNetwork: disconnect_network,
    a.CreateVolume: create_volume,
    a.RemoveVolume: remove_volume,
    a.CreateContainer: create_container,
    a.InjectFiles: inject_files,
    a.StartContainer: start_container,
    a.StopContainer: stop_container,
    a.RestartContainer: restart_container,
    a.KillContainer: kill_container,
    a.PauseContainer: pause_container,
    a.UnpauseContainer: unpause_container,
    a.RemoveContainer: remove_container,
    a.RenameContainer: rename_container,
    a.RunHook: run_hook,
    a.RunStep: run_step,
    a.RunProvider: run_provider,
    a.Delay: delay,
}

# What must not happen twice: a lost answer fails these instead of being asked for once more.
ONCE = frozenset({a.RunHook, a.RunStep, a.RunProvider, a.KillContainer, a.RestartContainer})


def _exists(site: Site, ref: str) -> bool:
    try:
        site.daemon.inspect_image(ref)
    except NotFound:
        return False
    return True


def _unless(site: Site, action: Any, change: Callable[[str], None], *, state: str) -> Outcome:
    """Change a container's state unless that is what it is in."""
    container = site.containers.id(action.container)
    try:
        change(container)
    except DaemonError:
        if site.daemon.inspect_container(container)["State"]["Status"] != state:
            raise
        return NOTHING_TO_DO
    return DONE


def _remove(site: Site, action: a.RemoveContainer, container: str) -> Outcome:
    """Remove a container, one that has come to run meanwhile too unless it is to be spared then."""
    try:
        site.daemon.remove_container(container, volumes=action.volumes, force=action.force)
    except Conflict as error:
        if "already in progress" in str(error):
            await_removal(site.daemon, container)
            return NOTHING_TO_DO
        if not site.daemon.inspect_container(container)["State"]["Running"]:
            raise
        if action.spare:
            return _RUNS_AGAIN
        # It did not run when that was looked at: the daemon has since ended a start that somebody was killed over.
        site.daemon.stop_container(container)
        site.daemon.remove_container(container, volumes=action.volumes, force=action.force)
    return DONE
