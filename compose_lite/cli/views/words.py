"""The words that progress views use for the verbs and kinds of actions, and the names for what they are about."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.events import ActionStarted

# verb: what a resource's line says meanwhile, and afterwards
_WORDS: dict[str, tuple[str, str]] = {
    "pull": ("Pulling", "Pulled"),
    "push": ("Pushing", "Pushed"),
    "build": ("Building", "Built"),
    "create": ("Creating", "Created"),
    "remove": ("Removing", "Removed"),
    "start": ("Starting", "Started"),
    "stop": ("Stopping", "Stopped"),
    "restart": ("Restarting", "Restarted"),
    "kill": ("Killing", "Killed"),
    "pause": ("Pausing", "Paused"),
    "unpause": ("Unpausing", "Unpaused"),
    "rename": ("Renaming", "Renamed"),
    "replace": ("Replacing", "Replaced"),
    "undo": ("Undoing", "Undone"),
    "connect": ("Connecting", "Connected"),
    "disconnect": ("Disconnecting", "Disconnected"),
    "provide files to": ("Providing files", "Files provided"),
    "wait for": ("Waiting", "Ready"),
    "give time to": ("Giving time", "Time given"),
    "run hook in": ("Running hook", "Hook done"),
    "prepare": ("Preparing", "Prepared"),
    "provide": ("Providing", "Provided"),
    "release": ("Releasing", "Released"),
    "copy": ("Copying", "Copied"),
}

UNCHANGED, INTERRUPTED = "Unchanged", "Interrupted"


def doing(verb: str) -> str:
    """`create` → `Creating`."""
    return _WORDS[verb][0] if verb in _WORDS else verb.capitalize()


def done(verb: str) -> str:
    """`create` → `Created`."""
    return _WORDS[verb][1] if verb in _WORDS else f"{verb.capitalize()}: done"


def resource(kind: str, name: str) -> str:
    """How a line names what it is about: `Container demo-web-1`."""
    return f"{kind.capitalize()} {name}"


class Successors:
    """Keeps which name a container gets that was made under a temporary one, to take the place of another."""

    def __init__(self) -> None:
        self._final: dict[str, str] = {}

    def shown(self, event: ActionStarted) -> tuple[str, str]:
        """The name to show the action under, and its verb in the words that fit there.

        A container and the one that takes its place are shown as one, whatever that is called meanwhile, also if it
        is removed again because the update has failed.
        """
        if event.becomes:
            self._final[event.name] = event.becomes
        name = self._final.get(event.name, event.name)
        if name == event.name:
            return name, event.verb
        return name, {"rename": "replace", "remove": "undo"}.get(event.verb, event.verb)
