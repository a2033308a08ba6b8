"""Strikes one changing call that a watch makes for a saved file, and looks whether it goes on and all heals."""

from __future__ import annotations

import functools
import signal
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import docker.errors

from tests.e2e.stack import Stack
from tests.fakes.proxy import Proxy
from tests.faults import form
from tests.faults.matrix import Goal, same
from tests.faults.picture import picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.e2e.processes import Background
    from tests.fakes.proxy import Call, Strike
    from tests.faults.modes import Mode

PATIENCE = 90 + form.LATE
# Seconds after which nothing more comes of a save that has arrived.
_QUIET = 3
_TICK = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchCase:
    """What is watched.

    Attributes:
        save: saves what is to arrive, told by a word.
        look: a command in the container that prints `shows` of that word once it is there.
        fails: words with which the watch tells that it has not arrived.
        silent: modes that are no failure: that the container is about to go, so its successor is waited for.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    save: Callable[[Stack, str], None]
    look: str
    shows: str
    fails: tuple[str, ...]
    silent: tuple[str, ...] = ()


def _save_synced(stack: Stack, word: str) -> None:
    """A file is changed, another one is renamed."""
    for page in (stack.folder / "src").glob("page-*"):
        page.rename(page.with_name(f"page-{word}"))
    stack.write("src/index.html", f"{word}\n")


def _save_built(stack: Stack, word: str) -> None:
    stack.write("app/page", f"{word}\n")


CASES = {
    case.name: case
    for case in (
        WatchCase(
            name="watch-sync",
            files=(
                (
                    "compose.yaml",
                    """
                    services:
                      web:
                        image: ${IDLE}
                        volumes: [/cache]
                        develop:
                          watch:
                            - {action: sync, path: src, target: /srv, initial_sync: true}
                    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
                    """,
                ),
                ("src/index.html", "first\n"),
                ("src/page-first", "\n"),
            ),
            save=_save_synced,
            look="cat /srv/index.html; ls /srv",
            shows="{0}\nindex.html\npage-{0}\n",
            fails=("is not synced",),
            silent=("409",),
        ),
        WatchCase(
            name="watch-rebuild",
            files=(
                (
                    "compose.yaml",
                    """
                    services:
                      web:
                        build:
                          context: app
                          dockerfile_inline: |
                            FROM ${IDLE}
                            COPY page /page
                        volumes: [/cache]
                        depends_on: [db]
                        develop:
                          watch:
                            - {action: rebuild, path: app}
                      db: {image: "${IDLE}"}
                    networks: {default: {ipam: {config: [{subnet: "${NET1}.0/24"}]}}}
                    """,
                ),
                ("app/page", "first\n"),
            ),
            save=_save_built,
            look="cat /page",
            shows="{0}\n",
            fails=("is not rebuilt", "could not be replaced"),
        ),
    )
}
_FINDING_OUT = {name: threading.Lock() for name in CASES}


class _Striker:
    """Strikes a changing call of a process that it is told of, and counts from then on."""

    def __init__(self, mode: Mode | None, at: int) -> None:
        self.process: Background | None = None
        self.struck: Call | None = None
        self._mode, self._at = mode, at

    def __call__(self, call: Call) -> Strike | None:
        if self._mode is None or self.process is None or self.struck or call.change != self._at:
            return None
        self.struck = call
        return self._mode.strike(self.process)


class _Ground:
    """A stack that is being watched, through a proxy."""

    def __init__(self, case: WatchCase, stack: Stack, proxy: Proxy, striker: _Striker) -> None:
        self._case, self._proxy, self._striker = case, proxy, striker
        self.stack = stack
        self.watch: Background
        self.begin()

    def begin(self) -> None:
        """Start to watch; return once changes take effect."""
        self.watch = self.stack.launch("watch", "watch", env={"DOCKER_HOST": self._proxy.address})
        self.watch.await_text("Watch enabled", timeout=PATIENCE)

    def save(self, word: str) -> None:
        self._case.save(self.stack, word)

    def save_to_strike(self, word: str) -> None:
        """Save, and have one of the calls struck that come of it."""
        self._proxy.forget()
        self._striker.process = self.watch
        self.save(word)

    def shows(self, word: str) -> bool:
        """Whether what was saved with that word is there."""
        try:
            _, found = self.stack.inside("web", self._case.look)
        except (docker.errors.APIError, AssertionError):
            return False  # the container is just being replaced
        return found == self._case.shows.format(word)

    def arrives(self, word: str) -> None:
        """Wait until it is there."""
        self._await(lambda: self.shows(word), f"{word!r} has not arrived")

    def arrives_or_is_missed(self, word: str) -> None:
        """Wait until it is there, or the watch says that it is not."""
        self._await(
            lambda: self.shows(word) or any(words in self.watch.seen() for words in self._case.fails),
            f"{word!r} has not arrived, which nobody says",
        )

    def is_struck(self, word: str) -> bool:
        """Wait until a call is struck; false if all has arrived without that."""
        arrived: list[float] = []

        def over() -> bool:
            if not arrived and self.shows(word):
                arrived.append(time.monotonic())
            return self._striker.struck is not None or bool(
                arrived and time.monotonic() > arrived[0] + _QUIET
            )

        self._await(over, f"neither has {word!r} arrived, nor was a call struck")
        return self._striker.struck is not None

    def changes(self) -> int:
        """How many changing calls a save has led to, once it is quiet."""
        time.sleep(_QUIET)
        return len(self._proxy.changes)

    def end(self) -> str:
        """End the watch as a person does; the picture of what it leaves, with which `up` has nothing to do."""
        assert self.watch.running(), "the watch has ended"
        self.watch.signal(signal.SIGINT)
        result = self.watch.ended(PATIENCE)
        assert result.code == 130, f"exit code {result.code}"
        assert "Traceback" not in result.text, "a traceback reached the user"
        reached = picture(self.stack)
        made = self.stack.run_counted("up -d")
        assert not made, "one more run changes:\n" + "\n".join(map(str, made))
        return reached

    def _await(self, holds: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, otherwise
            time.sleep(_TICK)


def goal(case: WatchCase) -> Goal:
    """What an undisturbed watch does for one save, and leaves after two; found out once."""
    with _FINDING_OUT[case.name]:
        return _goal(case)


@functools.cache
def _goal(case: WatchCase) -> Goal:
    with _watched(case, _Striker(None, 0)) as ground:
        ground.save_to_strike("second")
        ground.arrives("second")
        changes = ground.changes()
        ground.save("third")
        ground.arrives("third")
        return Goal(changes=changes, picture=ground.end())


def strike(case: WatchCase, mode: str, *, at: int) -> str | None:
    """Strike the changing call `at` (1-based) that a save leads to; returns it, None if there were fewer.

    Raises AssertionError with all that is needed to understand what was not healed.
    """
    striker = _Striker(form.MODES[mode], at)
    with _watched(case, striker) as ground:
        ground.save_to_strike("second")
        if not ground.is_struck("second"):
            return None
        try:
            _goes_on(ground, form.MODES[mode], silent=mode in case.silent)
            ground.save("third")
            ground.arrives("third")
            same(ground.end(), goal(case).picture)
        except AssertionError as error:
            error.add_note(f"struck at call {at}, {striker.struck}; the watch said:\n{ground.watch.seen()}")
            raise
    return str(striker.struck)


def _goes_on(ground: _Ground, mode: Mode, *, silent: bool) -> None:
    """What was saved when the call was struck arrives: by the next watch, at once, or it is told to be missing."""
    if mode.kills:
        ground.watch.ended(PATIENCE)
        ground.begin()
        ground.arrives("second")
    elif mode.loses_nothing:
        ground.arrives("second")
    elif not silent:
        ground.arrives_or_is_missed("second")


@contextmanager
def _watched(case: WatchCase, striker: _Striker) -> Iterator[_Ground]:
    files: Mapping[str, str] = dict(case.files)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Proxy(on_call=striker) as proxy:
        stack = Stack(Path(folder), files)
        try:
            ground = _Ground(case, stack, proxy, striker)
            ground.arrives("first")
            stack.remember()
            yield ground
        finally:
            stack.close()
