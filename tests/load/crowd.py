"""A crowd of containers of which some end at random moments, seeded, and come back: by their policy, or started."""

import random
import threading
import time
from dataclasses import dataclass, field

import docker.errors

from tests.e2e import state
from tests.e2e.stack import Stack

_DOWN_AT_ONCE = 3
# `restless` ends when asked and comes back by its restart policy; `brittle` is killed, and started by somebody.
FILE = """
    services:
      restless:
        image: ${{IDLE}}
        command: [sh, -c, 'trap "exit 3" USR1; while :; do echo tick; sleep {pause} & wait $$!; done']
        network_mode: none
        restart: always
        deploy: {{replicas: {each}}}
      brittle:
        image: ${{IDLE}}
        command: [sh, -c, 'while :; do echo tock; sleep {pause}; done']
        deploy: {{replicas: {each}}}
"""


def compose_file(size: int) -> str:
    """A crowd of this size, which writes about ten lines a second."""
    return FILE.format(each=size // 2, pause=max(1, size // 10))


@dataclass(slots=True)
class Unrest:
    """Ends a container about every `pause` seconds, until told to stop; everything runs again when `stop` returns."""

    stack: Stack
    seed: int
    pause: float = 1.0
    ends: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and wait until everything runs."""
        self._over.set()
        self._thread.join()
        deadline = time.monotonic() + 120
        while idle := sorted(name for name, state in states(self.stack).items() if state != "running"):
            assert time.monotonic() < deadline, f"not running: {idle}"
            time.sleep(0.2)

    def _go_on(self) -> None:
        chance = random.Random(self.seed)
        fallen: list[str] = []
        while not self._over.wait(chance.uniform(0.5, 1.5) * self.pause):
            self._end(chance.choice(sorted(states(self.stack))), fallen)
            while len(fallen) > _DOWN_AT_ONCE:
                state.api().start(fallen.pop(0))
        for name in fallen:
            state.api().start(name)

    def _end(self, victim: str, fallen: list[str]) -> None:
        brittle = "-brittle-" in victim
        try:
            state.api().kill(victim, signal="KILL" if brittle else "USR1")
        except docker.errors.APIError:
            return  # it does not run at this moment
        self.ends += 1
        if brittle:
            fallen.append(victim)


def states(stack: Stack) -> dict[str, str]:
    """The state of each container of the stack by its name."""
    listed = state.api().containers(all=True, filters={"label": f"{state.PROJECT}={stack.name}"})
    return {one["Names"][0].removeprefix("/"): one["State"] for one in listed}
