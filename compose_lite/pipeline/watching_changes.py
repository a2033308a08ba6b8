"""Makes new containers because files changed: rebuilds, replacements, restarts, and new project files.

One after the other, each under the project's lock, which is free meanwhile; a build needs no lock and is given
up when its service's files change once more.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from compose_lite.errors import ComposeLiteError, Interrupted
from compose_lite.events import Notice, WatchBatch, WatchMended, ignore
from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.pipeline import verbs
from compose_lite.pipeline.execution import carry_out, locked
from compose_lite.pipeline.means import Stack, approve
from compose_lite.pipeline.queries import containers
from compose_lite.pipeline.watching_service import failure
from compose_lite.planner.requests import BuildRequest, ImagesRequest, RestartRequest, UpRequest
from compose_lite.planner.watch_rebuild import plan_prune, with_changed_builds, with_followers
from compose_lite.runner.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from compose_lite.events import Event, EventSink
    from compose_lite.pipeline.means import Means
    from compose_lite.pipeline.watching_files import Origin
    from compose_lite.planner.requests import Recreate
    from compose_lite.spec.model import Hook, Project

# Another command that changes the project is waited for so long (seconds), unless the user says otherwise.
_PATIENCE = 600.0
# A file may be read while an editor writes it: an error counts if it is still there after this (seconds).
_SECOND_LOOK = 0.2


class Watched(Protocol):
    """What is told how a change went."""

    def settled(self, service: str, execs: tuple[Hook, ...]) -> None:
        """The service's containers are new, or as before where the change failed."""
        ...

    def renewed(self, origin: Origin) -> None:
        """The project is another one now; raises `PlanError` if it can't be watched."""
        ...

    def guarded(self, work: Callable[[], None]) -> None:
        """Run a thread's work, and take what it could not go on after."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """What is to be done to a service, and for the sake of which files."""

    paths: tuple[str, ...]
    since: float
    execs: tuple[Hook, ...] = ()
    recreate: Recreate = "diverged"

    def merged(self, other: _Job) -> _Job:
        """This one and a later one as one."""
        return replace(
            self,
            paths=tuple(dict.fromkeys((*self.paths, *other.paths))),
            execs=tuple(dict.fromkeys((*self.execs, *other.execs))),
            recreate="force" if "force" in (self.recreate, other.recreate) else "diverged",
        )


class Changer:
    """Takes wishes from any thread and fulfils them in its own.

    Args:
        means: `review` sees the plan that a changed project file leads to.
        request: what that plan is made for.
        prune: remove images of the project that a rebuild has left without a name.
    """

    def __init__(
        self, origin: Origin, means: Means, *, request: UpRequest, prune: bool, watched: Watched
    ) -> None:
        self._origin = origin
        self._applied = origin.project
        self._means = replace(means, lock_timeout=means.lock_timeout or _PATIENCE)
        self._request = request
        self._prune = prune
        self._watched = watched
        self._news = threading.Condition()
        self._jobs: dict[str, _Job] = {}
        self._files: tuple[str, ...] = ()
        self._files_since = 0.0
        self._building: tuple[str, ...] = ()
        self._cancellation = Cancellation()
        self._broken = False
        self._closed = False
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(
            target=watched.guarded, args=(self._run,), name="watch changes", daemon=True
        )

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self._origin.project

    # from any thread

    def start(self) -> None:
        """Begin to act."""
        self._thread.start()

    def rebuild(
        self, service: str, paths: tuple[str, ...], *, since: float, execs: tuple[Hook, ...] = ()
    ) -> None:
        """Build the service's image and replace its containers; a build of it under way is given up."""
        self._wish(service, _Job(paths=paths, since=since, execs=execs))

    def replace(
        self, service: str, paths: tuple[str, ...], *, since: float, reason: ComposeLiteError
    ) -> None:
        """Make new containers, of a new image if the service has a `build`; the reason is told."""
        for problem in reason.problems:
            self._means.emit(Notice(problem=problem))
        self._wish(service, _Job(paths=paths, since=since, recreate="force"))

    def restart(self, service: str) -> bool:
        """Restart the service's containers, in the caller's thread; returns whether that went well."""
        stack = Stack(name=self.project.name, project=self.project)
        try:
            with self._alone() as means:
                verbs.restart(stack, RestartRequest(services=(service,)), _quiet(means))
        except ComposeLiteError as error:
            self._failed(service, "restart", error)
            return False
        return True

    def reload(self, files: Iterable[str]) -> None:
        """Read the project again, for these files changed, and bring the stack to what it says."""
        with self._news:
            self._files_since = self._files_since or time.monotonic()
            self._files = tuple(dict.fromkeys((*self._files, *files)))
            self._news.notify()

    def close(self, patience: float) -> None:
        """Give up what is under way and end; wait for that at most so many seconds."""
        with self._news:
            self._closed = True
            self._cancellation.cancel()
            self._news.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(patience)

    def _wish(self, service: str, job: _Job) -> None:
        with self._news:
            known = self._jobs.get(service)
            self._jobs[service] = job if known is None else known.merged(job)
            if service in self._building:
                self._cancellation.cancel()
            self._news.notify()

    # in the thread

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._jobs or self._files)
                if self._closed:
                    return
                self._cancellation = Cancellation()
                files, self._files = self._files, ()
                jobs = {} if files else self._jobs
                if not files:
                    self._jobs = {}
                    self._building = tuple(sorted(jobs))
            if files:
                since, self._files_since = self._files_since, 0.0
                self._renew(files, since)
            else:
                self._rebuild(jobs)

    def _rebuild(self, jobs: dict[str, _Job]) -> None:
        """Build all in one go, then replace what runs; on failure each by itself, to tell whose it is."""
        try:
            self._build(tuple(name for name in jobs if self.project.services[name].build is not None))
        except Interrupted:
            self._put_back(jobs)
            return
        except ComposeLiteError as error:
            if len(jobs) > 1:
                for name, job in jobs.items():
                    self._rebuild({name: job})
                return
            for name in jobs:
                self._failed(name, "rebuild", error)
                self._watched.settled(name, ())
            return
        finally:
            with self._news:
                self._building = ()
        for name, job in jobs.items():
            self._put_in_place(name, job)
        if self._prune:
            self._remove_unnamed()

    def _build(self, names: tuple[str, ...]) -> None:
        if names:
            means = replace(self._means, review=approve, cancellation=self._cancellation)
            verbs.build(self.project, BuildRequest(services=names), means)

    def _put_back(self, jobs: dict[str, _Job]) -> None:
        """Keep the jobs whose build was given up, for the next one."""
        with self._news:
            for name, job in jobs.items():
                later = self._jobs.get(name)
                self._jobs[name] = job if later is None else job.merged(later)
            self._building = ()

    def _put_in_place(self, name: str, job: _Job) -> None:
        """Replace the service's containers by ones of its present image, as `up` would."""
        built = self.project.services[name].build is not None
        action = "rebuild" if built else "replace"
        try:
            with self._alone() as means:
                self._up(name, job.recreate, means)
        except ComposeLiteError as error:
            self._failed(name, "replace", error)
            self._watched.settled(name, ())
            return
        seconds = time.monotonic() - job.since
        self._means.emit(WatchBatch(service=name, actions=(action,), paths=job.paths, seconds=seconds))
        self._watched.settled(name, job.execs)

    def _up(self, name: str, recreate: Recreate, means: Means) -> None:
        """Bring up the service, and what runs that can't go on without; as many containers as there are now."""
        counts = self._running()
        names = tuple(other for other in with_followers(self.project, name) if other == name or counts[other])
        verbs.up(
            self.project.with_scale({other: counts[other] for other in names if counts[other]}),
            UpRequest(services=names, no_deps=True, recreate=recreate, ignore_orphans=True),
            ImagesRequest(services=names, no_deps=True, build="never", pull="never", now=int(time.time())),
            replace(means, review=approve),
        )

    def _running(self) -> Counter[str]:
        """How many containers of each service run: `scale` may have been at work."""
        found = containers(self._means.daemon, self.project.name, stopped=False)
        return Counter(container.service for container in found if not container.oneoff)

    def _remove_unnamed(self) -> None:
        from compose_lite import labels

        label = f"{labels.PROJECT}={self.project.name}"
        filters = {"dangling": ["true"], "label": [label]}
        try:
            images = [str(image["Id"]) for image in self._means.daemon.list_images(filters=filters)]
            carry_out(plan_prune(self.project.name, images), None, _quiet(self._means))
        except ComposeLiteError as error:
            self._failed("", "prune", error)

    # the project's own files

    def _renew(self, files: tuple[str, ...], since: float) -> None:
        origin = self._reloaded()
        if origin is None:
            return
        self._origin = origin
        project, before = origin.project, self._applied
        if project != before or project.environment != before.environment:
            try:
                self._apply(with_changed_builds(before, project), files, since)
            except ComposeLiteError as error:
                self._failed("", "apply", error)
            else:
                self._applied = project
        try:
            self._watched.renewed(origin)
        except ComposeLiteError as error:
            self._broken = True
            self._failed("", "apply", error)

    def _reloaded(self) -> Origin | None:
        """The project as the files have it now; `None`, and told, if there is something wrong with them."""
        reload = self._origin.reload
        assert reload is not None, "without it no project files are watched"
        for last in (False, True):
            try:
                origin = reload()
            except ComposeLiteError as error:
                if last:
                    self._broken = True
                    self._failed("", "apply", error)
                    return None
                time.sleep(_SECOND_LOOK)
            else:
                if self._broken:
                    self._means.emit(WatchMended())
                self._broken = False
                return origin
        raise AssertionError("unreachable: the last attempt returns")

    def _apply(self, project: Project, files: tuple[str, ...], since: float) -> None:
        with self._alone() as means:
            plans = verbs.up(
                project,
                self._request,
                ImagesRequest(services=self._request.services, now=int(time.time())),
                replace(means, cancellation=self._cancellation),
            )
        if not all(plan.empty for plan in plans):
            self._means.emit(
                WatchBatch(service="", actions=("apply",), paths=files, seconds=time.monotonic() - since)
            )

    @contextmanager
    def _alone(self) -> Iterator[Means]:
        """Be the only one to change the project, and get the means for that; a wait for it ends with the watch."""
        with (
            self._one_at_a_time,
            locked(self.project.name, self._means, cancelled=lambda: self._closed),
        ):
            yield replace(self._means, lock=False)

    # telling

    def _failed(self, service: str, action: str, error: ComposeLiteError) -> None:
        if not isinstance(error, Interrupted):
            self._means.emit(failure(service, action, error))


def _quiet(means: Means) -> Means:
    """The means for what is told by its batch alone."""
    return replace(means, review=approve, emit=_only_notices(means.emit))


def _only_notices(emit: EventSink) -> EventSink:
    def pass_on(event: Event, /) -> None:
        (emit if isinstance(event, Notice) else ignore)(event)

    return pass_on
