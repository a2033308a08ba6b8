"""The project as users of the library hold it: the frozen model, with the verbs of the command line."""

from __future__ import annotations

import os
from contextlib import contextmanager

from compose_lite.lazy_dataclasses import fields, replace
from compose_lite.planner import requests
from compose_lite.spec import model
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Literal, Unpack

    from compose_lite.events import LogLine
    from compose_lite.pipeline.captured import CommandResult
    from compose_lite.pipeline.changes import Changes
    from compose_lite.pipeline.means import Means, Stack
    from compose_lite.pipeline.options import Options, UpOptions
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.planner.plan import Plan
    from compose_lite.runner.daemon import Daemon


class Project(model.Project):
    """A stack: what the files say, and what can be done with it.

    Changing verbs return what they changed, or with `dry_run=True` would change. Every failure is a
    `ComposeLiteError`; where an action failed it is an `ExecutionError`, whose `reports` say all about it.
    No services named means all of them.
    """

    __slots__ = ()

    @classmethod
    def of(cls, found: model.Project) -> Project:
        """The same project, with the verbs."""
        return cls(**{field.name: getattr(found, field.name) for field in fields(found)})

    def plan(self, *services: str, **options: Unpack[UpOptions]) -> Changes:
        """What `up` would do; changes nothing."""
        options["dry_run"] = True
        return self.up(*services, **options)

    def up(self, *services: str, **options: Unpack[UpOptions]) -> Changes:
        """Bring the services, and what they depend on, to what the files say; return when they are started.

        Raises:
            SpecError: the content of a secret or config can't be read.
            PlanError: what was asked can't be planned from the state that the daemon is in.
            ExecutionError: an action failed; what doesn't depend on it is done.
            LockHeld: another invocation works on the project.
        """
        return self._bring_up(self, services, options, "up")

    def scale(self, counts: Mapping[str, int], **options: Unpack[UpOptions]) -> Changes:
        """Give services the number of containers that `counts` says; raises as `up` does."""
        from compose_lite.planner.links import raise_all
        from compose_lite.planner.selection import unknown_services

        raise_all(unknown_services(self, counts))
        return self._bring_up(self.with_scale(counts), tuple(counts), options, "scale")

    def down(
        self,
        *services: str,
        volumes: bool = False,
        images: Literal["local", "all"] | None = None,
        remove_orphans: bool = False,
        timeout: float | None = None,
        **options: Unpack[Options],
    ) -> Changes:
        """Stop and remove containers and networks; raises as `up` does.

        Args:
            volumes: remove volumes too, with their data.
            images: remove images too: `all` that are used, or only those without a name of their own.
            remove_orphans: remove containers of services that the files no longer have.
            timeout: seconds that a container has to stop before it is killed.
        """
        from compose_lite.pipeline.verbs import down

        request = requests.DownRequest(
            services=services, volumes=volumes, rmi=images, remove_orphans=remove_orphans, timeout=timeout
        )
        return self._move(down, request, options)

    def stop(self, *services: str, timeout: float | None = None, **options: Unpack[Options]) -> Changes:
        """Stop containers without removing them; raises as `up` does."""
        from compose_lite.pipeline.verbs import stop

        return self._move(stop, requests.StopRequest(services=services, timeout=timeout), options)

    def start(
        self,
        *services: str,
        wait: bool = False,
        wait_timeout: float | None = None,
        **options: Unpack[Options],
    ) -> Changes:
        """Start containers that exist, and with `wait` return when they are ready; raises as `up` does."""
        from compose_lite.pipeline.verbs import start

        request = requests.StartRequest(services=services, wait=wait, wait_timeout=wait_timeout)
        return self._move(start, request, options)

    def restart(
        self,
        *services: str,
        timeout: float | None = None,
        no_deps: bool = False,
        **options: Unpack[Options],
    ) -> Changes:
        """Stop containers and start them again; raises as `up` does."""
        from compose_lite.pipeline.verbs import restart

        request = requests.RestartRequest(services=services, timeout=timeout, no_deps=no_deps)
        return self._move(restart, request, options)

    def kill(self, *services: str, signal: str = "SIGKILL", **options: Unpack[Options]) -> Changes:
        """Send containers a signal; raises as `up` does."""
        from compose_lite.pipeline.verbs import kill

        return self._move(kill, requests.KillRequest(services=services, signal=signal), options)

    def pause(self, *services: str, **options: Unpack[Options]) -> Changes:
        """Freeze containers; raises as `up` does."""
        from compose_lite.pipeline.verbs import pause

        return self._move(pause, requests.PauseRequest(services=services), options)

    def unpause(self, *services: str, **options: Unpack[Options]) -> Changes:
        """Let frozen containers go on; raises as `up` does."""
        from compose_lite.pipeline.verbs import unpause

        return self._move(unpause, requests.UnpauseRequest(services=services), options)

    def rm(
        self, *services: str, stop: bool = False, volumes: bool = False, **options: Unpack[Options]
    ) -> Changes:
        """Remove stopped containers (with `stop` all), `volumes` their anonymous ones too; raises as `up` does."""
        from compose_lite.pipeline.verbs import rm

        request = requests.RemoveRequest(services=services, stop=stop, volumes=volumes)
        return self._move(rm, request, options)

    def rollback(self, *services: str, timeout: float | None = None, **options: Unpack[Options]) -> Changes:
        """Go back to what ran before an update that has not ended, or that kept it.

        Raises:
            PlanError: there is nothing to go back to. Otherwise as `up` does.
        """
        from compose_lite.pipeline.verbs import rollback

        return self._move(rollback, requests.RollbackRequest(services=services, timeout=timeout), options)

    def pull(self, *services: str, **options: Unpack[Options]) -> Changes:
        """Pull images; raises as `up` does."""
        from compose_lite.pipeline.verbs import pull

        with _means(options) as means:
            return _changes(pull(self, requests.PullRequest(services=services), means))

    def build(self, *services: str, **options: Unpack[Options]) -> Changes:
        """Build images; raises as `up` does."""
        from compose_lite.pipeline.verbs import build

        with _means(options) as means:
            return _changes(build(self, requests.BuildRequest(services=services), means))

    def push(self, *services: str, **options: Unpack[Options]) -> tuple[str, ...]:
        """Push the images that are built, and return their references; raises as `up` does."""
        from compose_lite.pipeline.pushing import PushRequest, push, pushable

        request = PushRequest(services=services)
        if options.get("dry_run", False):
            return pushable(self, request)
        with _means(options) as means:
            return push(self, request, means)

    def containers(
        self, *services: str, stopped: bool = True, daemon: Daemon | None = None
    ) -> tuple[ObservedContainer, ...]:
        """The containers of the services, one-offs too, by name; only running ones unless `stopped`."""
        from compose_lite.pipeline.queries import containers

        with _connected(daemon) as connected:
            found = containers(connected, self.name, stopped=stopped)
        return tuple(one for one in found if not services or one.service in services)

    def logs(
        self, *services: str, tail: int | None = None, follow: bool = False, daemon: Daemon | None = None
    ) -> Iterator[LogLine]:
        """What containers wrote, in time order; with `follow` until the last of them has ended.

        Args:
            tail: only the last lines of each container.
        """
        from compose_lite.pipeline.output import lines

        with _connected(daemon) as connected:
            yield from lines(connected, self.name, services, tail=tail, follow=follow)

    def run(
        self,
        service: str,
        command: Sequence[str] | None = None,
        *,
        environment: Mapping[str, str] = EMPTY,
        user: str | None = None,
        working_dir: str | None = None,
        no_deps: bool = False,
        remove: bool = True,
        **options: Unpack[Options],
    ) -> CommandResult:
        """Run a command in a new container of a service and wait for its end; raises as `up` does.

        Args:
            command: instead of the service's own.
            environment: added to the service's.
            no_deps: don't bring up what the service depends on.
            remove: remove the container when it has ended.

        Raises:
            ValueError: a dry run is asked for; there would be no result.
        """
        from contextlib import ExitStack

        from compose_lite.pipeline import captured
        from compose_lite.pipeline.verbs import create_one_off

        request = requests.RunRequest(
            service=service,
            slug=os.urandom(6).hex(),
            command=tuple(command) if command is not None else None,
            environment=environment,
            user=user,
            working_dir=working_dir,
            no_deps=no_deps,
            remove=remove,
            interactive=False,
        )
        images = requests.ImagesRequest(services=(service,), no_deps=no_deps, now=_now(), verb="run")
        with _means(options) as means, ExitStack() as lock:
            container = create_one_off(self, request, images, means, lock=lock)
            if container is None:
                raise ValueError("run has no dry run: there would be no result")
            return captured.run(means.daemon, container, started=lock.close)

    def exec(
        self,
        service: str,
        command: Sequence[str],
        *,
        number: int = 0,
        environment: Mapping[str, str] = EMPTY,
        user: str | None = None,
        working_dir: str | None = None,
        daemon: Daemon | None = None,
    ) -> CommandResult:
        """Run a command in a running container of a service: its first one, or that of the given number.

        Raises:
            NotFound: there is no such container, or it does not run.
        """
        from compose_lite.pipeline import captured
        from compose_lite.pipeline.queries import service_container
        from compose_lite.runner.exec import ExecOptions

        wanted = ExecOptions(
            command=tuple(command),
            stdin=False,
            environment=tuple(f"{name}={value}" for name, value in environment.items()),
            user=user,
            workdir=working_dir,
        )
        with _connected(daemon) as connected:
            container = service_container(connected, self.name, service, index=number)
            return captured.execute(connected, container.id, wanted)

    def _bring_up(
        self, project: model.Project, services: tuple[str, ...], options: UpOptions, verb: str
    ) -> Changes:
        from compose_lite.pipeline.verbs import up

        request, images = _up_requests(services, options, verb)
        with _means(options) as means:
            return _changes(*up(project, request, images, means))

    def _move(self, verb: Callable[[Stack, Any, Means], Plan], request: Any, options: Options) -> Changes:
        """Carry out a verb that makes no containers."""
        from compose_lite.pipeline.means import Stack

        with _means(options) as means:
            return _changes(verb(Stack(name=self.name, project=self), request, means))


def _up_requests(
    services: tuple[str, ...], options: UpOptions, verb: str
) -> tuple[requests.UpRequest, requests.ImagesRequest]:
    recreate = options.get("recreate", "diverged")
    no_deps = options.get("no_deps", False)
    request = requests.UpRequest(
        services=services,
        recreate=recreate,
        recreate_dependencies="never" if recreate == "never" else "diverged",
        no_deps=no_deps,
        renew_anonymous_volumes=options.get("renew_anonymous_volumes", False),
        start=options.get("start", True),
        remove_orphans=options.get("remove_orphans", False),
        ignore_orphans=verb == "scale",
        timeout=options.get("timeout"),
        wait=options.get("wait", False),
        wait_timeout=options.get("wait_timeout"),
        recreate_volumes=options.get("recreate_volumes", frozenset()),
        verb=verb,
    )
    images = requests.ImagesRequest(
        services=services,
        no_deps=no_deps,
        pull=options.get("pull"),
        build=options.get("build", "auto"),
        now=_now(),
        verb=verb,
    )
    return request, images


@contextmanager
def _means(options: Options) -> Iterator[Means]:
    """What a verb works with; a connection that was made for it is closed again."""
    from compose_lite.events import ignore
    from compose_lite.pipeline.means import Means

    with _connected(options.get("daemon")) as daemon:
        means = Means(
            daemon=daemon,
            emit=options.get("sink", ignore),
            parallel=options.get("parallel"),
            lock_timeout=options.get("lock_timeout", 0),
            environ=os.environ,
        )
        if options.get("dry_run", False):
            means = replace(means, review=lambda _plan: False, lock=False)
        yield means


@contextmanager
def _connected(daemon: Daemon | None) -> Iterator[Daemon]:
    if daemon is not None:
        yield daemon
        return
    from compose_lite.runner.connect import connect_daemon

    made = connect_daemon()
    try:
        yield made
    finally:
        made.close()


def _changes(*plans: Plan) -> Changes:
    from functools import reduce

    from compose_lite.pipeline.changes import Changes
    from compose_lite.planner.plan import joined

    return Changes(plan=reduce(joined, plans))


def _now() -> int:
    import time

    return int(time.time())
