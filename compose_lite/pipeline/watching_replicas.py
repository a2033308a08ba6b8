"""The containers of a watched service, and what of the host's files they lack."""

from __future__ import annotations

from functools import partial

from compose_lite.errors import CannotDelete, ComposeLiteError, Conflict, DaemonError, NotFound
from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.planner.naming import is_previous_name
from compose_lite.runner.parallel import gather
from compose_lite.runner.sync import ContainerSync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from compose_lite.planner.watch import TreeChange, WatchedTree
    from compose_lite.runner.daemon import Daemon
    from compose_lite.runner.sync_tree import HostTree


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """A container of a service."""

    id: str
    name: str
    number: int = 1
    running: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedFiles:
    """A rule with what is known of its files.

    Attributes:
        tree: what they were like on the host when they were looked at last.
        touched: those that changed since the watch began.
    """

    rule: WatchedTree
    tree: HostTree
    touched: set[str] = field(default_factory=set)


@dataclass(kw_only=True, slots=True)
class Synced:
    """What copying files has done to a container, or to several alike.

    Attributes:
        sent, deleted: files that a container got and lost.
        containers: how many were reached.
        undeleted: why files that are gone from the host are still in a container, if that is so.
        skipped: what was left out, each with the reason.
        late: rules whose files a running container got only after its start.
        failures: what else went wrong.
    """

    sent: int = 0
    deleted: int = 0
    containers: int = 0
    undeleted: CannotDelete | None = None
    skipped: tuple[str, ...] = ()
    late: frozenset[WatchedTree] = frozenset()
    failures: list[ComposeLiteError] = field(default_factory=list)


class Replicas:
    """Copies files into all containers of a service side by side; for one thread.

    A container that could not be given everything is compared with the host the next time.
    """

    def __init__(self, daemon: Daemon, watched: Iterable[WatchedFiles]) -> None:
        self._daemon = daemon
        self._watched = tuple(files for files in watched if files.rule.target is not None)
        self._known: dict[str, tuple[Replica, ContainerSync]] = {}
        self._unequal: set[str] = set()
        self._lacked: dict[tuple[str, WatchedTree], set[str]] = {}
        self._image_times: dict[str, float] = {}

    @property
    def running(self) -> tuple[Replica, ...]:
        """Those that run."""
        return tuple(replica for replica, _ in self._known.values() if replica.running)

    def note(self, replica: Replica) -> None:
        """Note that a container was found, or has started or stopped; what a new life begins with is unknown.

        One that does not run gets files as well: it may have ended because of what is wrong with them.
        """
        known = self._known.get(replica.id)
        copier = known[1] if known is not None else ContainerSync(self._daemon, replica.id)
        self._known[replica.id] = (replica, copier)
        if known is None or replica.running:
            self._unequal.add(replica.id)

    def drop(self, container: str) -> None:
        """Note that a container is gone."""
        self._known.pop(container, None)
        self._unequal.discard(container)

    def distrust(self) -> None:
        """Have all of them compared the next time."""
        self._unequal.update(self._known)

    def sync(self, changes: Iterable[TreeChange]) -> Synced:
        """Copy what changed into each container, and all that it lacks into one that has not been compared yet."""
        wanted = {change.tree: change for change in changes}
        calls = []
        for replica, copier in self._known.values():
            if replica.id in self._unequal:
                work = partial(self._equalise, copier, replica)
            elif wanted:
                work = partial(self._send, copier, wanted)
            else:
                continue
            calls.append(partial(self._guarded, replica, work))
        return _summed(gather(calls))

    def _guarded(self, replica: Replica, work: Callable[[Synced], None]) -> Synced:
        """Do it, with the outcome noted; a container that has ended or is gone meanwhile is no failure."""
        done = Synced()
        equal = False
        try:
            if not replica.running and self._is_previous(replica):
                self.drop(replica.id)
                return done
            work(done)
        except NotFound:
            self.drop(replica.id)
            return done
        except Conflict:
            pass  # nothing can be deleted in what does not run: it is compared when it starts
        except CannotDelete as error:
            done.undeleted = error
            equal = True
        except ComposeLiteError as error:
            done.failures.append(error)
        else:
            done.containers = 1
            equal = True
        (self._unequal.discard if equal else self._unequal.add)(replica.id)
        return done

    def _send(self, copier: ContainerSync, wanted: dict[WatchedTree, TreeChange], done: Synced) -> None:
        for files in self._watched:
            change = wanted.get(files.rule)
            if change is not None:
                self._apply(copier, files, change.changed, change.deleted, done)

    def _equalise(self, copier: ContainerSync, replica: Replica, done: Synced) -> None:
        for files in self._watched:
            found = copier.compare(files.tree, files.rule.target or "")
            send = found.send if files.rule.initial_sync else self._newer(files, found.send, replica.id)
            if send or found.delete:
                self._apply(copier, files, send, found.delete, done)
                if replica.running and self._is_news(replica, files.rule, send | found.delete):
                    done.late |= {files.rule}

    def _is_news(self, replica: Replica, rule: WatchedTree, paths: frozenset[str]) -> bool:
        """Whether it is the first time that the container lacks these files: its program may change them itself."""
        known = self._lacked.setdefault((replica.id, rule), set())
        news = not paths <= known
        known |= paths
        return news

    def _apply(
        self,
        copier: ContainerSync,
        files: WatchedFiles,
        send: Collection[str],
        delete: Collection[str],
        done: Synced,
    ) -> None:
        # One after the other: what was sent counts even where nothing can be deleted.
        for some, others in ((send, ()), ((), delete)):
            if some or others:
                result = copier.apply(files.tree, files.rule.target or "", some, others)
                done.sent += result.sent
                done.deleted += result.deleted
                done.skipped += result.skipped

    def _newer(self, files: WatchedFiles, paths: Iterable[str], container: str) -> frozenset[str]:
        """Those of the paths that changed during the watch, or after the container's image was made.

        What the image has otherwise than the host on purpose is left alone, as docker compose does without
        `initial_sync`: only a change is copied.
        """
        made = self._image_time(container) * 1_000_000_000
        entries = files.tree.entries
        return frozenset(
            path
            for path in paths
            if path in files.touched
            or ((entry := entries.get(path)) is not None and max(entry.mtime_ns, *entry.version[1:]) > made)
        )

    def _is_previous(self, replica: Replica) -> bool:
        """Whether the container is kept for a rollback by now: then it stays as it is."""
        return is_previous_name(str(self._daemon.inspect_container(replica.id)["Name"]).lstrip("/"))

    def _image_time(self, container: str) -> float:
        """When the container's image was made (seconds since the epoch), 0 if nobody knows."""
        image = str(self._daemon.inspect_container(container)["Image"])
        if image not in self._image_times:
            self._image_times[image] = _created(self._daemon, image)
        return self._image_times[image]


def _created(daemon: Daemon, image: str) -> float:
    from compose_lite.runner.timestamps import as_unix

    try:
        told = str(daemon.inspect_image(image).get("Created") or "")
    except DaemonError:
        return 0.0  # removed since, although in use
    return float(as_unix(told, now=0.0)) if told and not told.startswith("0001-") else 0.0


def _summed(results: Sequence[Synced]) -> Synced:
    """What was done to all: counts are those of the container with most."""
    return Synced(
        sent=max((done.sent for done in results), default=0),
        deleted=max((done.deleted for done in results), default=0),
        containers=sum(done.containers for done in results),
        undeleted=next((done.undeleted for done in results if done.undeleted is not None), None),
        skipped=tuple(dict.fromkeys(text for done in results for text in done.skipped)),
        late=frozenset(rule for done in results for rule in done.late),
        failures=[failure for done in results for failure in done.failures],
    )
