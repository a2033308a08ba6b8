"""One run of the program: the options that every command shares, its streams, and how it reaches the daemon."""

from __future__ import annotations

from compose_lite.cli.options import flag, number, text, texts
from compose_lite.cli.terminal import ANSI
from compose_lite.lazy_dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compose_lite.cli.terminal import Terminal
    from compose_lite.runner.daemon import Daemon

PROGRESS = ("auto", "tty", "plain", "json", "quiet")
_FILES = "Which project"
_DAEMON = "Which daemon"
_OUTPUT = "Output"
_CHANGES = "Changes"


@dataclass(frozen=True, kw_only=True, slots=True)
class CommonOptions:
    """The options of the program itself; `None` where the command line says nothing."""

    file: tuple[str, ...] = texts(
        "Compose file (several: later ones override; - for standard input)",
        short="-f",
        metavar="FILE",
        group=_FILES,
    )
    project_name: str | None = text("Project name", short="-p", metavar="NAME", group=_FILES)
    instance: str | None = text(
        "Run the files once more side by side, under this name (auto: that of the git worktree)",
        metavar="NAME",
        group=_FILES,
    )
    project_directory: str | None = text(
        "Folder that relative paths start from (default: that of the first file)", metavar="DIR", group=_FILES
    )
    env_file: tuple[str, ...] = texts("Environment file instead of .env", metavar="FILE", group=_FILES)
    profile: tuple[str, ...] = texts("Profile to enable", metavar="NAME", group=_FILES)
    insecure_registry: tuple[str, ...] = texts(
        "Speak plain HTTP with this registry about compose files (oci://)", metavar="HOST", group=_FILES
    )
    all_resources: bool = flag("Include resources that no service uses", group=_FILES)
    compatibility: bool = flag(
        "Names with underscores (shop_web_1); config doesn't fill in what is implied", group=_FILES
    )
    no_cache: bool = flag("Load the files anew, whatever is remembered of them", group=_FILES)
    host: str | None = text("Address of the daemon", short="-H", metavar="ADDRESS", group=_DAEMON)
    context: str | None = text("Docker context that leads to the daemon", metavar="NAME", group=_DAEMON)
    ansi: str | None = text("Colours and cursor movement (auto)", choices=ANSI, group=_OUTPUT)
    progress: str | None = text("How progress is shown (auto)", choices=PROGRESS, group=_OUTPUT)
    dry_run: bool = flag("Print the plan and change nothing", group=_CHANGES)
    parallel: int = number("Most calls to the daemon at a time, -1 for no limit", default=-1, group=_CHANGES)
    lock_timeout: int | None = number(
        "Seconds to wait for another command that changes the same project", metavar="SECONDS", group=_CHANGES
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """All that a command gets from its surroundings.

    Attributes:
        environ: the process's environment.
        connect: opens a connection to the daemon; raises `DaemonUnavailable`.
        command: the name of the command.
        argv: the command line without the program's name.
        offline: fetch nothing that files or options name elsewhere.
    """

    common: CommonOptions
    terminal: Terminal
    environ: Mapping[str, str]
    connect: Callable[[], Daemon]
    command: str = ""
    argv: tuple[str, ...] = ()
    offline: bool = False

    def variable_set(self, name: str) -> bool:
        """Whether an environment variable says yes."""
        return self.environ.get(name, "").lower() in ("1", "t", "true", "y", "yes", "on")


def connect(common: CommonOptions) -> Daemon:
    """Connect to the daemon that the common options or the environment name; raises `DaemonUnavailable`."""
    from compose_lite.runner.connect import connect_daemon

    return connect_daemon(host=common.host, context=common.context)
