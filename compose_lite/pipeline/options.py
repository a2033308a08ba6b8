"""The keyword arguments that the library's verbs share, with their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from compose_lite.events import EventSink
    from compose_lite.planner.requests import BuildChoice, Recreate
    from compose_lite.runner.daemon import Daemon


class Options(TypedDict, total=False):
    """What every changing verb takes.

    Attributes:
        sink: receives everything that happens, as values of `compose_lite.events`, from any thread.
        daemon: what `compose_lite.connect` gave; without it the daemon that DOCKER_HOST, DOCKER_CONTEXT or
            Docker's configuration name, connected to for this call only.
        dry_run: plan, and change nothing.
        lock_timeout: seconds to wait for another invocation that changes the same project; 0 if not given.
        parallel: most calls to the daemon at a time.
    """

    sink: EventSink
    daemon: Daemon
    dry_run: bool
    lock_timeout: float
    parallel: int


class UpOptions(Options, total=False):
    """What `up` and `plan` take; the defaults are those of the command `up --detach`.

    Attributes:
        recreate: `diverged` (if not given), `force` or `never`.
        no_deps: leave alone what the services depend on.
        remove_orphans: remove containers of services that the files no longer have.
        renew_anonymous_volumes: give replaced containers new anonymous volumes.
        recreate_volumes: keys of volumes that may lose their data, where their definition has changed.
        timeout: seconds that a container has to stop before it is killed.
        start: false creates containers without starting them.
        wait: return only once all services run, are healthy or have completed.
        wait_timeout: the longest time for that, in seconds.
        build: `auto` (if not given: where the image is missing), `always` or `never`.
        pull: a pull policy for all services.
    """

    recreate: Recreate
    no_deps: bool
    remove_orphans: bool
    renew_anonymous_volumes: bool
    recreate_volumes: frozenset[str]
    timeout: float
    start: bool
    wait: bool
    wait_timeout: float
    build: BuildChoice
    pull: str
