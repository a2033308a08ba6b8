"""Acts on changed files for one service: copies them, runs commands, restarts, or asks for a rebuild."""

from __future__ import annotations

import threading
from time import monotonic

from compose_lite.errors import CannotSync, ComposeLiteError, ExecutionError, Problem, Severity
from compose_lite.events import LogLine, Notice, WatchBatch, WatchFailed
from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.pipeline.watching_replicas import Replica, Replicas
from compose_lite.planner.actions import RunHook
from compose_lite.planner.refs import ContainerRef
from compose_lite.planner.watch import ServiceWork, TreeChange, decide
from compose_lite.runner.parallel import gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from compose_lite.events import EventSink
    from compose_lite.pipeline.watching_changes import Changer
    from compose_lite.pipeline.watching_replicas import Synced, WatchedFiles
    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Hook

    Guard = Callable[[Callable[[], None]], None]


@dataclass(kw_only=True, slots=True)
class _Batch:
    """What has come in while the thread was busy; `since` is when the first of it did."""

    since: float
    paths: set[str] = field(default_factory=set)
    rescan: bool = False
    containers: dict[str, Replica | None] = field(default_factory=dict)  # None: gone
    compare: bool = False
    execs: tuple[Hook, ...] = ()


class ServiceWatch:
    """Is told from any thread what happens to files and containers, and acts on it in a thread of its own.

    What comes in while it acts is gathered, and acted on at once afterwards.

    Args:
        watched: the service's rules, each with what is known of its files.
        guard: runs the thread's work, and takes what it could not go on after.
    """

    def __init__(
        self,
        service: str,
        watched: Sequence[WatchedFiles],
        *,
        daemon: Daemon,
        emit: EventSink,
        changer: Changer,
        guard: Guard,
    ) -> None:
        self.service = service
        self.watched = tuple(watched)
        self._daemon = daemon
        self._emit = emit
        self._changer = changer
        self._replicas = Replicas(daemon, self.watched)
        self._news = threading.Condition()
        self._batch: _Batch | None = None
        self._closed = False
        self._undeletable: frozenset[str] = frozenset()
        self._said: set[str] = set()
        self._thread = threading.Thread(target=guard, args=(self._run,), name=f"watch {service}", daemon=True)

    # from any thread

    def start(self) -> None:
        """Begin to act."""
        self._thread.start()

    def changed(self, paths: Iterable[str], *, rescan: bool) -> None:
        """Say which absolute paths changed; with `rescan`, that others may have."""
        with self._news:
            batch = self._pending()
            batch.paths.update(paths)
            batch.rescan = batch.rescan or rescan

    def container(self, container: str, replica: Replica | None) -> None:
        """Say that a container of the service has started or stopped; or is gone, if there is no `replica`."""
        with self._news:
            self._pending().containers[container] = replica

    def compare(self, execs: tuple[Hook, ...] = ()) -> None:
        """Have all containers compared with the host, and then these commands run in them."""
        with self._news:
            batch = self._pending()
            batch.compare = True
            batch.execs += execs

    def close(self, patience: float) -> None:
        """End the thread once it has done what it is doing; wait for that at most so many seconds."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(patience)

    def _pending(self) -> _Batch:
        if self._batch is None:
            self._batch = _Batch(since=monotonic())
        self._news.notify()
        return self._batch

    # in the thread

    def _run(self) -> None:
        while (batch := self._take()) is not None:
            try:
                self._handle(batch)
            except ComposeLiteError as error:
                self._failed("sync", error)

    def _take(self) -> _Batch | None:
        with self._news:
            self._news.wait_for(lambda: self._closed or self._batch is not None)
            batch, self._batch = self._batch, None
            return None if self._closed else batch

    def _handle(self, batch: _Batch) -> None:
        for container, replica in batch.containers.items():
            if replica is None:
                self._replicas.drop(container)
            else:
                self._replicas.note(replica)
        if batch.compare:
            self._replicas.distrust()
        work = next(iter(decide(self._look(batch))), ServiceWork(service=self.service))
        synced = self._replicas.sync(work.syncs)
        self._tell(synced)
        if work.rebuild:
            self._changer.rebuild(self.service, work.paths, since=batch.since, execs=work.execs)
        elif synced.undeleted is not None:
            self._replace(work, batch, synced.undeleted)
        actions = ["sync"] if synced.sent or synced.deleted else []
        if not work.rebuild:
            late = [rule.exec for rule in synced.late if rule.exec is not None]
            restart = work.restart or any(rule.action == "sync+restart" for rule in synced.late)
            actions += self._follow_up((*batch.execs, *work.execs, *late), restart=restart)
        if actions:
            self._emit(
                WatchBatch(
                    service=self.service,
                    actions=tuple(actions),
                    paths=() if work.rebuild else work.paths,
                    sent=synced.sent,
                    deleted=synced.deleted,
                    containers=synced.containers,
                    seconds=monotonic() - batch.since,
                )
            )

    def _tell(self, synced: Synced) -> None:
        """Tell what was not copied; what can't be helped only once."""
        for error in synced.failures:
            if not isinstance(error, CannotSync) or self._is_news(str(error)):
                self._failed("sync", error)
        for text in filter(self._is_news, synced.skipped):
            problem = Problem(code="watch-skipped", message=text, severity=Severity.WARNING)
            self._emit(Notice(problem=problem))

    def _is_news(self, text: str) -> bool:
        if text in self._said:
            return False
        self._said.add(text)
        return True

    def _look(self, batch: _Batch) -> list[TreeChange]:
        """What is different on the host, by rule."""
        changes = []
        for files in self.watched:
            if batch.rescan or batch.paths:
                delta = files.tree.scan() if batch.rescan else files.tree.restat(batch.paths)
                files.touched.update(delta.changed)
                changes.append(TreeChange(tree=files.rule, changed=delta.changed, deleted=delta.deleted))
        return changes

    def _follow_up(self, execs: tuple[Hook, ...], *, restart: bool) -> list[str]:
        """Run the commands and restart, as far as that is asked for; returns what was done."""
        done = []
        if execs and self._run_commands(tuple(dict.fromkeys(execs))):
            done.append("exec")
        if restart and self._changer.restart(self.service):
            done.append("restart")
        return done

    def _run_commands(self, hooks: tuple[Hook, ...]) -> bool:
        replicas = self._replicas.running
        try:
            gather([lambda replica=replica: self._run_in(replica, hooks) for replica in replicas])  # type: ignore[misc]  # a lambda's default has no type
        except ComposeLiteError as error:
            self._failed("exec", error)
            return False
        return bool(replicas)

    def _run_in(self, replica: Replica, hooks: tuple[Hook, ...]) -> None:
        from compose_lite.runner.hooks import run

        ref = ContainerRef(name=replica.name, service=self.service, number=replica.number, id=replica.id)

        def show(text: str, *_: object, **__: object) -> None:
            self._emit(
                LogLine(
                    service=self.service,
                    container=replica.name,
                    number=replica.number,
                    stream="stdout",
                    text=text.encode(),
                )
            )

        for hook in hooks:
            run(self._daemon, replica.id, RunHook(container=ref, hook=hook, event="watch"), show)

    def _replace(self, work: ServiceWork, batch: _Batch, reason: ComposeLiteError) -> None:
        """Have new containers made where the old ones can't lose files; once only for the same files."""
        gone = frozenset(path for files in self.watched for path in files.tree.gone)
        if gone <= self._undeletable:
            return  # the new ones have them too: they come with the image
        self._undeletable |= gone
        self._changer.replace(self.service, work.paths, since=batch.since, reason=reason)

    def _failed(self, action: str, error: ComposeLiteError) -> None:
        self._emit(failure(self.service, action, error))


def failure(service: str, action: str, error: ComposeLiteError) -> WatchFailed:
    """The event that tells what went wrong."""
    reports = error.reports if isinstance(error, ExecutionError) else ()
    return WatchFailed(
        service=service, action=action, problems=() if reports else error.problems, reports=reports
    )
