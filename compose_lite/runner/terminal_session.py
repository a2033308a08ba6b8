"""A two-way session between the user's terminal or pipes and a process in a container."""

from __future__ import annotations

import select
import signal
import threading
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from time import sleep

from compose_lite.errors import DaemonError
from compose_lite.runner.console import on_signal, raw_mode
from compose_lite.runner.demux import STDERR, FrameDecoder
from compose_lite.runner.detach_keys import DEFAULT, DetachScanner, parse_detach_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.runner.console import Console
    from compose_lite.runner.daemon import Stream

# Pauses (seconds) before each attempt to set the size of the process's terminal.
_TELL_AGAIN = (0.0, 0.02, 0.05, 0.1, 0.2)

# How often it is looked whether the terminal has its size, so that input may go on (milliseconds).
_SIZE_TICK = 5

# How much input is held while the process does not take it (bytes).
_INPUT_LIMIT = 64 * 1024


def converse(
    stream: Stream,
    console: Console,
    *,
    tty: bool,
    stdin: bool = True,
    pass_end: bool = True,
    detach_keys: str | None = None,
    resize: Callable[[int, int], None] | None = None,
) -> bool:
    """Carry input to `stream` and its output to the console until the stream ends; then it is closed.

    With `tty` the console's terminal is in raw mode meanwhile and `resize` is told its height and width,
    now and after each change; input waits until it has been told. Without, both outputs are kept apart. The end of the input is passed on if
    `pass_end`, for processes whose input can end.

    Returns:
        Whether the user left by the detach keys, which only a terminal has.

    Raises:
        UsageError: the detach keys make no sense.
        BrokenPipeError: nobody reads the output any more.
    """
    with ExitStack() as stack:
        stack.callback(stream.close)
        resizer = None
        if tty and resize is not None and console.size() is not None:
            resizer = _Resizer(console, resize)
            stack.callback(resizer.close)
            stack.enter_context(on_signal(resizer.changed, signal.SIGWINCH))
        at_terminal = tty and stdin and console.input_is_terminal
        # The daemon answers the end of a terminal's input with the end of its output (Engine 20.10).
        pump = _Pump(stream, console, tty=tty, stdin=stdin, pass_end=pass_end and not tty)
        if at_terminal:
            pump.scanner = DetachScanner(parse_detach_keys(detach_keys or DEFAULT))
            stack.enter_context(raw_mode(console.stdin))
        if resizer is not None:
            pump.may_read = resizer.told.is_set
        pump.run()
        return pump.detached


class _Pump:
    """Moves bytes both ways in one loop that never waits for one side only."""

    def __init__(self, stream: Stream, console: Console, *, tty: bool, stdin: bool, pass_end: bool) -> None:
        self._stream = stream
        self._console = console
        self._frames = None if tty else FrameDecoder()
        self._reading_input = stdin
        self._pass_end = pass_end
        self.scanner: DetachScanner | None = None
        self.may_read: Callable[[], bool] = lambda: True
        self.detached = False
        self._end_is_due = False
        self._input = bytearray()

    def run(self) -> None:
        """Return when the user has left, or the stream has ended and all that it brought is written."""
        poll = select.poll()
        more = self._take_output()  # what came along with the answer's head shows on no descriptor
        reading = False
        while more and not self.detached:
            reading = reading or self.may_read()
            self._watch(poll, reading=reading)
            for descriptor, what in poll.poll(None if reading else _SIZE_TICK):
                if descriptor == self._stream.fileno():
                    if what & ~select.POLLOUT:
                        more = self._take_output()
                    self._send_input()
                elif self._reading_input:
                    self._take_input()

    def _watch(self, poll: select.poll, *, reading: bool) -> None:
        wanted = select.POLLIN | (select.POLLOUT if self._input else 0)
        poll.register(self._stream.fileno(), wanted)
        if reading and self._reading_input and len(self._input) < _INPUT_LIMIT:
            poll.register(self._console.stdin, select.POLLIN)
        else:
            with suppress(KeyError):  # it was not watched
                poll.unregister(self._console.stdin)

    def _take_output(self) -> bool:
        """Pass on what the process wrote; False at the end of the stream."""
        data = self._stream.receive()
        if data is None:
            return True
        if self._frames is None:
            self._console.write(self._console.stdout, data)
        else:
            for stream, content in self._frames.feed(data):
                target = self._console.stderr if stream == STDERR else self._console.stdout
                self._console.write(target, content)
        return bool(data)

    def _take_input(self) -> None:
        data = self._console.read()
        if data is None:
            return
        if data and self.scanner is not None:
            data, self.detached = self.scanner.feed(data)
            self._input += data
        elif data:
            self._input += data
        else:
            self._reading_input = False
            self._end_is_due = self._pass_end
        self._send_input()

    def _send_input(self) -> None:
        if self._input:
            try:
                with memoryview(self._input) as view:
                    sent = self._stream.send(view)
            except OSError:
                self._reading_input, sent = False, len(self._input)  # the process takes no more
            del self._input[:sent]
        if self._end_is_due and not self._input:
            self._end_is_due = False
            self._stream.close_write()


class _Resizer:
    """Tells the daemon the terminal's size from a thread: the daemon may take its time to answer."""

    def __init__(self, console: Console, resize: Callable[[int, int], None]) -> None:
        self._console = console
        self._resize = resize
        self.told = threading.Event()  # or given up
        self._changes: SimpleQueue[bool] = SimpleQueue()  # `put` may be called in a signal handler
        self._changes.put(True)
        self._thread = threading.Thread(target=self._run, name="resize", daemon=True)
        self._thread.start()

    def changed(self, _signal: int = 0) -> None:
        """Note that the size may be another now."""
        self._changes.put(True)

    def close(self) -> None:
        """Let the thread end; a call that is under way is not waited for."""
        self._changes.put(False)

    def _run(self) -> None:
        while self._changes.get():
            size = self._console.size()
            if size is not None:
                self._tell(*size)
            self.told.set()

    def _tell(self, height: int, width: int) -> None:
        """Tell the daemon, which may need a moment until the process has its terminal."""
        for pause in _TELL_AGAIN:
            sleep(pause)
            with suppress(DaemonError):  # it has ended, or is not that far: nothing else depends on it
                self._resize(height, width)
                return
