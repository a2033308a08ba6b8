"""`watch`: from changed files on the host to containers that have them, until it is stopped."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack

from compose_lite import labels
from compose_lite.errors import ComposeLiteError
from compose_lite.events import Notice, WatchStarted
from compose_lite.pipeline.execution import locked
from compose_lite.pipeline.queries import containers
from compose_lite.pipeline.watching_changes import Changer
from compose_lite.pipeline.watching_files import FileMarks, Origin, project_files, read_ignored
from compose_lite.pipeline.watching_replicas import Replica, WatchedFiles
from compose_lite.pipeline.watching_service import ServiceWatch, failure
from compose_lite.planner.requests import UpRequest
from compose_lite.planner.watch import check_rules, live_already, nothing_there, relative_to, watched_trees
from compose_lite.runner.sync_tree import HostTree
from compose_lite.runner.watch import FileWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.pipeline.means import Means
    from compose_lite.planner.watch import WatchedTree
    from compose_lite.runner.daemon import Feed, Json
    from compose_lite.spec.model import Hook, Project

# Seconds until a daemon that has gone is looked for again.
_RETRY = 1.0
# Seconds that a copy, and a replacement of containers, may take to end once all is stopped.
_LAST_WORDS = 10.0
_LAST_CHANGE = 60.0
# What happens to a container that matters: a new life, or an end.
_EVENTS = ("start", "die", "destroy")


def start_watch(
    origin: Origin,
    means: Means,
    *,
    services: tuple[str, ...] = (),
    request: UpRequest | None = None,
    prune: bool = True,
    bring_up: Callable[[], None] | None = None,
) -> WatchHandle:
    """Begin to watch what the services' `develop` sections say; returns at once. A project has one watch at a time.

    Batches, failures and plans are told to `means.emit`, from any thread. `means.review` sees the plans that
    changed project files lead to.

    Args:
        origin: the project and where it was read from.
        services: the services to watch; all if none is named.
        request: what changed project files are applied with; an `up` of the services, if it is not said.
        prune: remove images that a rebuild leaves without a name.
        bring_up: called once files are being watched, so that no change meanwhile is missed, and before
            anything is copied; what it raises ends the watch.

    Raises:
        PlanError: there is nothing to watch, or a rule can't be obeyed.
        LockHeld: another invocation watches the project.
        ComposeLiteError: the kernel watches no more files (`watch-limit`).
    """
    check_rules(origin.project, services)
    with ExitStack() as lock:
        lock.enter_context(locked(origin.project.name, means, purpose="watch"))
        handle = WatchHandle(
            origin, means, services=services, request=request or UpRequest(services=services), prune=prune
        )
        handle.on_stop(lock.pop_all().close)
    try:
        if bring_up is not None:
            bring_up()
        handle.start()
    except BaseException:
        handle.stop()
        raise
    return handle


class WatchHandle:
    """A watch under way; made by `start_watch`.

    Attributes:
        failure: what ended it, if it was not stopped.
    """

    def __init__(
        self, origin: Origin, means: Means, *, services: tuple[str, ...], request: UpRequest, prune: bool
    ) -> None:
        self.failure: ComposeLiteError | None = None
        self._defect: BaseException | None = None
        self._means = means
        self._names = services
        self._changer = Changer(origin, means, request=request, prune=prune, watched=self)
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._begun = False
        self._replicas: dict[str, tuple[str, Replica]] = {}
        self._feed: Feed | None = None
        self._lock = threading.RLock()
        self._services: dict[str, ServiceWatch] = {}
        self._last: Callable[[], None] = lambda: None
        self._trees: tuple[WatchedTree, ...] = ()
        self._marks = FileMarks(())
        self._watch_files(origin)

    @property
    def running(self) -> bool:
        """Whether changes still take effect."""
        return self._begun and not self._ended.is_set()

    @property
    def project(self) -> Project:
        """The project as its files say now."""
        return self._changer.project

    def start(self) -> None:
        """Begin to act on changes."""
        self._begun = True
        self._changer.start()
        for service in self._services.values():
            service.start()
        self._means.emit(WatchStarted(services=tuple(self._services)))
        for work, name in ((self._follow_files, "files"), (self._follow_containers, "containers")):
            threading.Thread(target=self.guarded, args=(work,), name=f"watch {name}", daemon=True).start()

    def on_stop(self, call: Callable[[], None]) -> None:
        """Have this done once it has ended; more than once where it is stopped more than once."""
        self._last = call

    def stop(self) -> None:
        """End it, if it has not ended.

        A build is given up; a copy or a replacement of containers that is under way is completed.
        """
        self._stopping.set()
        self._files.close()
        feed = self._feed
        if feed is not None:
            feed.close()
        self._changer.close(_LAST_CHANGE)
        with self._lock:
            for service in self._services.values():
                service.close(_LAST_WORDS)
        self._last()
        self._ended.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, at most so many seconds; tells whether it has.

        A defect that ended it is raised here.
        """
        ended = self._ended.wait(timeout)
        if self._defect is not None:
            raise self._defect
        return ended

    # what the changer tells

    def settled(self, service: str, execs: tuple[Hook, ...]) -> None:
        """Have a service's containers compared after a change of them, done or failed."""
        with self._lock:
            watch = self._services.get(service)
        if watch is not None:
            watch.compare(execs)

    def renewed(self, origin: Origin) -> None:
        """Watch what the project's files say now; raises `PlanError` if they have rules that can't be obeyed."""
        with self._lock:
            old = self._files
            if self._stopping.is_set() or not self._watch_files(origin):
                return
            old.close()
            for name, service in self._services.items():
                service.start()
                service.changed((), rescan=True)
                for owner, replica in self._replicas.values():
                    if owner == name:
                        service.container(replica.id, replica)

    # setting up

    def _watch_files(self, origin: Origin) -> bool:
        """Watch what the project's rules name; tells whether that is something else than before.

        What was known of a tree that is still watched stays known.
        """
        trees = watched_trees(origin.project, self._names, read_ignored(origin.project))
        own = project_files(origin)
        if trees == self._trees and self._marks.paths == frozenset(own):
            return False
        missing = (nothing_there(rule) for rule in trees if not os.path.lexists(rule.path))
        for problem in (*live_already(origin.project, self._names), *missing):
            self._means.emit(Notice(problem=problem))
        self._files = FileWatch((*(rule.path for rule in trees), *own), descend=_worth_watching(trees))
        self._marks = FileMarks(own, since=self._marks)
        self._trees = trees
        self._services = self._service_watches(trees)
        return True

    def _service_watches(self, trees: tuple[WatchedTree, ...]) -> dict[str, ServiceWatch]:
        known = {files.rule: files for service in self._services.values() for files in service.watched}
        for service in self._services.values():
            service.close(_LAST_WORDS)
        made = {}
        for name in dict.fromkeys(rule.service for rule in trees):
            watched = [known.get(rule) or _scanned(rule) for rule in trees if rule.service == name]
            made[name] = ServiceWatch(
                name,
                watched,
                daemon=self._means.daemon,
                emit=self._means.emit,
                changer=self._changer,
                guard=self.guarded,
            )
        return made

    # the threads

    def guarded(self, work: Callable[[], None]) -> None:
        """Run a thread's work; what it can't go on after ends everything."""
        try:
            work()
        except ComposeLiteError as error:
            if not self._stopping.is_set():
                self.failure = error
                self.stop()
        except BaseException as error:  # noqa: BLE001  # raised again where the end is waited for
            self._defect = error
            self.stop()

    def _follow_files(self) -> None:
        while not self._stopping.is_set():
            changes = self._files.next()
            if changes is None:
                continue
            with self._lock:
                for service in self._services.values():
                    service.changed(changes.paths, rescan=changes.rescan)
                concerned = changes.rescan or not changes.paths.isdisjoint(self._marks.paths)
                changed = self._marks.changed() if concerned else ()
            if changed:
                self._changer.reload(changed)

    def _follow_containers(self) -> None:
        """Tell the services of their containers; a daemon that goes away is waited for."""
        lost = False
        while not self._stopping.is_set():
            try:
                self._feed = self._means.daemon.events(filters=self._event_filters())
                if self._stopping.is_set():
                    self._feed.close()
                self._take_stock()
                lost = False
                for event in self._feed:
                    self._react(event)
            except ComposeLiteError as error:
                if not lost and not self._stopping.is_set():
                    self._means.emit(failure("", "connect", error))
                lost = True
            self._stopping.wait(_RETRY)

    def _event_filters(self) -> dict[str, list[str]]:
        label = f"{labels.PROJECT}={self._changer.project.name}"
        return {"type": ["container"], "event": list(_EVENTS), "label": [label]}

    def _take_stock(self) -> None:
        """Begin with the containers that are there; each is compared, for nobody knows what it has."""
        found = [
            container
            for container in containers(self._means.daemon, self._changer.project.name)
            if container.state != "created" and not container.oneoff
        ]
        for known in self._replicas.keys() - {container.id for container in found}:
            self._gone(known)
        for container in found:
            replica = Replica(
                id=container.id, name=container.name, number=container.number, running=container.running
            )
            self._noted(container.service, replica)

    def _react(self, event: Json) -> None:
        actor = event.get("Actor", {})
        attributes, container = actor.get("Attributes", {}), str(actor.get("ID", ""))
        action = event.get("Action")
        if attributes.get(labels.ONEOFF) == "True":
            return
        if action == "destroy":
            self._gone(container)
            return
        number = str(attributes.get(labels.NUMBER, "1"))
        replica = Replica(
            id=container,
            name=str(attributes.get("name", "")),
            number=int(number) if number.isdigit() else 1,
            running=action == "start",
        )
        self._noted(str(attributes.get(labels.SERVICE, "")), replica)

    def _noted(self, service: str, replica: Replica) -> None:
        with self._lock:
            self._replicas[replica.id] = (service, replica)
            watch = self._services.get(service)
        if watch is not None:
            watch.container(replica.id, replica)

    def _gone(self, container: str) -> None:
        with self._lock:
            service = self._replicas.pop(container)[0] if container in self._replicas else ""
            watch = self._services.get(service)
        if watch is not None:
            watch.container(container, None)


def _worth_watching(trees: tuple[WatchedTree, ...]) -> Callable[[str], bool]:
    """Whether something in a folder may count for a rule."""

    def descend(folder: str) -> bool:
        return any(
            (inside := relative_to(rule.path, folder)) is not None and rule.filter.keeps(inside, folder=True)
            for rule in trees
        )

    return descend


def _scanned(rule: WatchedTree) -> WatchedFiles:
    tree = HostTree(rule.path, rule.filter.keeps)
    tree.scan()
    return WatchedFiles(rule=rule, tree=tree)
