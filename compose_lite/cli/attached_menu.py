"""The menu beside the logs of an attached `up`: keeps its line below them, and does what its keys ask for."""

from __future__ import annotations

import signal
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from threading import RLock, Thread
from typing import TYPE_CHECKING, BinaryIO, Protocol

from compose_lite.cli.menu import Menu, Question, help_text, keys_of
from compose_lite.cli.views.text import RESET
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compose_lite.cli.commands.up import UpOptions
    from compose_lite.cli.invocation import Invocation
    from compose_lite.cli.menu import Wish
    from compose_lite.cli.terminal import Terminal
    from compose_lite.planner.observed import ObservedContainer
    from compose_lite.runner.logs import Line

_ERASE = "\r\x1b[J"


@dataclass(frozen=True, slots=True)
class Typed:
    """Keys came from the terminal; none if only its size has changed."""

    text: str = ""


class Host(Protocol):
    """What the menu needs of the `up` that it belongs to."""

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose logs are shown."""
        ...

    @property
    def watching(self) -> bool: ...
    def say(self, text: str) -> None: ...
    def containers(self) -> Sequence[ObservedContainer]: ...
    def restart(self, service: str) -> None: ...
    def switch_watch(self) -> None: ...
    def open_page(self, url: str) -> None: ...


class MenuBar:
    """A line that stays below everything that is written; hidden until it is shown.

    It is drawn with the cursor left on its first column, so that erasing from there takes it away whatever
    a change of the window's size has made of it.
    """

    def __init__(self, terminal: Terminal, text: Callable[[int], str]) -> None:
        self._terminal = terminal
        self._text = text
        self._lock = RLock()
        self._shown = False
        self._in_the_way = 0

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Show it meanwhile."""
        with self._lock:
            self._shown = True
            self._draw()
        try:
            yield
        finally:
            with self._lock:
                self._take_away()
                self._shown = False

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take it away meanwhile, for somebody who draws there."""
        with self._lock:
            self._take_away()
            self._in_the_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_the_way -= 1
                self._draw()

    def write(self, stream: BinaryIO, data: bytes) -> None:
        """Write whole lines to a stream of the terminal: if that is where the bar is, above it and in one go."""
        with self._lock:
            if not (self._visible and self._terminal.shares_screen(stream)):
                self._terminal.write(stream, data)
                return
            self._draw(above=data.decode("utf-8", "surrogateescape") + RESET)

    def aside(self, write: Callable[[], None]) -> None:
        """Call `write`, which writes whole lines, above it."""
        with self._lock:
            self._take_away()
            write()
            self._draw()

    def redraw(self) -> None:
        """Show what it says now."""
        with self._lock:
            self._draw()

    @property
    def _visible(self) -> bool:
        return self._shown and not self._in_the_way

    def _take_away(self) -> None:
        if self._visible:
            self._terminal.note(_ERASE, end="")

    def _draw(self, *, above: str = "") -> None:
        """Draw it, in one go, over what it was."""
        if self._visible:
            columns, _ = self._terminal.size()
            self._terminal.note(f"{_ERASE}{above}{self._text(columns)}\r", end="")


class MenuSession:
    """The menu at work.

    Keys are handled in the caller's thread; what takes longer is done in one of its own, one after the other.
    """

    def __init__(self, host: Host, terminal: Terminal) -> None:
        self._host = host
        self._terminal = terminal
        self._menu = Menu()
        self._filter = ""
        self.bar = MenuBar(terminal, self._line)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    @contextmanager
    def open(self, take: Callable[[Typed], None]) -> Iterator[None]:
        """Show the menu and hand keys to `take` meanwhile; what is being done then is done to its end."""
        from compose_lite.cli.keys import reading_keys
        from compose_lite.runner.console import on_signal

        worker = Thread(target=self._work, name="menu", daemon=True)
        worker.start()
        with ExitStack() as stack:
            stack.callback(worker.join)
            stack.callback(self._jobs.put, None)
            stack.enter_context(reading_keys(self._terminal.stdin.fileno(), lambda text: take(Typed(text))))
            stack.enter_context(self.bar.showing())
            # A shell may have written where the bar was, when it continues us.
            stack.enter_context(on_signal(lambda _number: take(Typed()), signal.SIGWINCH))
            yield

    def pressed(self, typed: Typed) -> bool:
        """Handle keys; tells whether the user wants to leave."""
        for key in keys_of(typed.text):
            wish = self._menu.press(key)
            if wish is not None and self._fulfil(wish):
                return True
        self.bar.redraw()
        return False

    def chosen(self, batch: Sequence[Line]) -> Sequence[Line]:
        """The lines that the user wants to see."""
        wanted = self._filter
        if not wanted:
            return batch
        if wanted in self._host.services:
            return [line for line in batch if line[0].service == wanted]
        text = wanted.casefold()
        return [line for line in batch if text in line[3].decode(errors="replace").casefold()]

    def _line(self, columns: int) -> str:
        return self._menu.line(
            columns, watching=self._host.watching, filtered=self._filter, coloured=self._terminal.err_colour
        )

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            self.bar.redraw()

    def _fulfil(self, wish: Wish) -> bool:
        """Do what is wanted; tells whether that is to leave."""
        match wish.what:
            case "detach":
                return True
            case "help":
                self._host.say(help_text())
            case "watch":
                self._jobs.put(self._host.switch_watch)
            case "logs" if wish.word is None:
                self._menu.ask(Question(what="logs", choices=self._host.services, free=True))
            case "logs":
                self._filter = wish.word or ""
            case "restart":
                self._among(wish, self._host.services, self._host.restart)
            case "open":
                self._among(wish, _addresses(self._host), self._host.open_page)
        return False

    def _among(self, wish: Wish, choices: tuple[str, ...], do: Callable[[str], None]) -> None:
        """Do it with what was chosen; ask first if there are several to choose from."""
        if not choices:
            self._host.say("No port is published")
        elif wish.word is None and len(choices) > 1:
            self._menu.ask(Question(what=wish.what, choices=choices))
        else:
            chosen = wish.word or choices[0]
            self._jobs.put(lambda: do(chosen))


def menu_wanted(ctx: Invocation, options: UpOptions) -> bool:
    """Whether there is to be a menu: only for somebody who sits before a terminal that can show it."""
    wanted = ctx.variable_set("COMPOSE_MENU") if options.menu is None else options.menu
    return wanted and _can_have_menu(ctx.terminal)


def _can_have_menu(terminal: Terminal) -> bool:
    """Whether somebody sits before the terminal, which shows a menu and passes keys on."""
    if not (terminal.in_tty and terminal.out_tty and terminal.err_tty and terminal.live):
        return False
    from compose_lite.runner.console import in_foreground

    return in_foreground(terminal.stdin.fileno())


def _addresses(host: Host) -> tuple[str, ...]:
    """Where the published ports are reached from this machine."""
    found = {
        f"http://localhost:{port.published}": None
        for container in host.containers()
        for port in sorted(container.ports, key=lambda port: (port.target, port.published or 0))
        if port.published and port.protocol == "tcp" and container.running
    }
    return tuple(found)
