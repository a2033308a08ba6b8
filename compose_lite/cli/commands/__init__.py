"""The commands: a table of names, and a module for each family that is imported only when it is called."""

from __future__ import annotations

import sys

from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from compose_lite.cli.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command: the dataclass that its options become, and the function that carries it out.

    Attributes:
        run: takes the invocation and an instance of `options`; returns the exit code.
        example: a command line, without the program's name, that shows the usual use.
    """

    options: type[Any]
    run: Callable[[Invocation, Any], int]
    example: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the command table: where the command lives, and how the help lists it."""

    module: str
    group: str
    summary: str


_RUN = "Run a stack"
_LOOK = "See what runs"
_CONTROL = "Control containers"
_IMAGES = "Images"
_FILES = "Files"
_BESIDES = "Besides docker compose's"
_OTHER = "Other"

TABLE: dict[str, Entry] = {
    "up": Entry("up", _RUN, "Create and start containers"),
    "down": Entry("down", _RUN, "Stop and remove containers and networks"),
    "create": Entry("up", _RUN, "Create containers without starting them"),
    "run": Entry("run", _RUN, "Run a one-off command in a new container of a service"),
    "scale": Entry("up", _RUN, "Change how many containers services have"),
    "watch": Entry("watch", _RUN, "Let changed files take effect in running containers"),
    "rollback": Entry("lifecycle", _RUN, "Go back to what ran before an update"),
    "ps": Entry("ps", _LOOK, "List containers"),
    "logs": Entry("logs", _LOOK, "Show what containers wrote"),
    "images": Entry("images", _LOOK, "List the images of containers"),
    "port": Entry("inspect", _LOOK, "Print the address under which a port is published"),
    "top": Entry("inspect", _LOOK, "List the processes in containers"),
    "stats": Entry("stats", _LOOK, "Show what containers use of processor, memory and network"),
    "volumes": Entry("inspect", _LOOK, "List volumes"),
    "events": Entry("follow", _LOOK, "Show what happens to containers"),
    "ls": Entry("ls", _LOOK, "List projects"),
    "build": Entry("build", _IMAGES, "Build images"),
    "pull": Entry("build", _IMAGES, "Pull images"),
    "push": Entry("build", _IMAGES, "Push images"),
    "publish": Entry("publish", _IMAGES, "Put the compose files into a registry"),
    "exec": Entry("exec", _CONTROL, "Run a command in a running container"),
    "cp": Entry("cp", _CONTROL, "Copy files into and out of containers (SERVICE:PATH)"),
    "commit": Entry("snapshot", _CONTROL, "Make an image of a container's changes"),
    "export": Entry("snapshot", _CONTROL, "Write a container's file system as a tar"),
    "attach": Entry("follow", _CONTROL, "Connect to a container's main process"),
    "wait": Entry("follow", _CONTROL, "Wait until containers end"),
    "start": Entry("lifecycle", _CONTROL, "Start containers"),
    "stop": Entry("lifecycle", _CONTROL, "Stop containers"),
    "restart": Entry("lifecycle", _CONTROL, "Restart containers"),
    "kill": Entry("lifecycle", _CONTROL, "Send containers a signal"),
    "pause": Entry("lifecycle", _CONTROL, "Freeze containers"),
    "unpause": Entry("lifecycle", _CONTROL, "Let frozen containers go on"),
    "rm": Entry("down", _CONTROL, "Remove stopped containers"),
    "plan": Entry("plan", _RUN, "Print what up, or another command, would do, and why"),
    "apply": Entry("plan", _RUN, "Carry out a plan that was kept in a file"),
    "config": Entry("config", _FILES, "Print what the files finally say"),
    "check": Entry("check", _FILES, "Find what is valid but will hurt"),
    "explain": Entry("explain", _FILES, "Tell where a value comes from"),
    "graph": Entry("graph", _FILES, "Draw the stack: services, networks, volumes, ports"),
    "completion": Entry("completion", _BESIDES, "Complete command lines in bash, fish and zsh"),
    "doctor": Entry("doctor", _BESIDES, "Check engine and machine, and tell what to mend"),
    "du": Entry("du", _BESIDES, "Show what the stack occupies: images, containers, logs, volumes"),
    "networks": Entry("networks", _BESIDES, "List networks"),
    "open": Entry("open", _BESIDES, "Open a service's web page in the browser"),
    "plugin": Entry("plugin", _BESIDES, "Be called as docker composelite, too"),
    "sh": Entry("sh", _BESIDES, "Start the best shell that a container's image has"),
    "test": Entry("test", _BESIDES, "Run a service and what it needs apart, then remove all"),
    "version": Entry("version", _OTHER, "Print the version"),
}


def load(name: str) -> Command:
    """Import the module of a command of the table."""
    module = f"{__name__}.{TABLE[name].module}"
    __import__(module)  # that of importlib loads warnings, too
    commands: dict[str, Command] = sys.modules[module].COMMANDS
    return commands[name]
