"""Chooses what may stand at a place of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.cli import commands
from compose_lite.cli.completion import FOLDERS_ONLY, NO_FILES, NO_SPACE
from compose_lite.lazy_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.cli.completion.live import Live
    from compose_lite.cli.completion.place import Place
    from compose_lite.cli.options import Parameter

_RUNNING = ("running", "paused", "restarting")
# Commands that only make sense for services in these states.
_STATES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("attach", "exec", "kill", "open", "pause", "port", "sh", "stats", "stop", "top", "wait"), _RUNNING
    ),
    "unpause": ("paused",),
    "start": ("created", "exited", "dead"),
}
_FORMATS = {"json": "", "table": ""}
_FILE_VALUES = ("FILE", "SOURCE:TARGET")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Candidates with their descriptions (empty where there is none), and the bits for the shell."""

    found: Mapping[str, str] = field(default_factory=dict)
    directive: int = NO_FILES


FILES = Answer(directive=0)
FOLDERS = Answer(directive=FOLDERS_ONLY)
NOTHING = Answer()


def answer(place: Place, live: Live) -> Answer:
    """What may stand at the place and begins with what is there already."""
    if place.kind == "command":
        return _matching({name: entry.summary for name, entry in commands.TABLE.items()}, place)
    if place.kind == "option":
        return _matching(_options(place.offered), place)
    if place.kind == "value" and place.parameter is not None:
        return _matching_all(_value(place.parameter, place, live), place)
    if place.kind == "argument" and place.parameter is not None:
        return _matching_all(_argument(place.parameter, place, live), place)
    return NOTHING


def _matching(found: Mapping[str, str], place: Place) -> Answer:
    return _matching_all(Answer(found=found), place)


def _matching_all(given: Answer, place: Place) -> Answer:
    kept = {
        f"{place.prefix}{name}": text for name, text in given.found.items() if name.startswith(place.current)
    }
    return Answer(found=kept, directive=given.directive)


def _options(offered: Iterable[Parameter]) -> dict[str, str]:
    found: dict[str, str] = {}
    for parameter in offered:
        if parameter.long and not parameter.hidden:
            found.setdefault(parameter.long, parameter.help)
    return {**found, "--help": "Show help"}


def _value(parameter: Parameter, place: Place, live: Live) -> Answer:
    """Values of an option, by what its help calls them."""
    if parameter.choices:
        return Answer(found=dict.fromkeys(parameter.choices, ""))
    named = {
        "profile": live.profiles,
        "project_name": live.projects,
        "context": live.contexts,
    }.get(parameter.name)
    if named is not None:
        return Answer(found=dict.fromkeys(named(), ""))
    if parameter.metavar in _FILE_VALUES:
        return FILES
    if parameter.metavar == "DIR":
        return FOLDERS if parameter.name != "workdir" else NOTHING
    if parameter.metavar == "VOLUME":
        return Answer(found=dict.fromkeys(live.volumes(), ""))
    if parameter.metavar == "FORMAT":
        return Answer(found=_FORMATS)
    if parameter.metavar == "LEVEL":
        from compose_lite.cli.views.log_levels import LEVELS

        return Answer(found=dict.fromkeys(LEVELS, ""))
    return _services(parameter.metavar, place, live)


def _argument(parameter: Parameter, place: Place, live: Live) -> Answer:
    """Arguments of a command."""
    if place.command == "cp":
        services = {f"{name}:": text for name, text in live.services_in(*_RUNNING, "exited").items()}
        matches = any(name.startswith(place.current) for name in services)
        return Answer(found=services, directive=NO_FILES | NO_SPACE) if matches else FILES
    if place.command == "plugin":
        return Answer(found={"install": "", "remove": ""})
    if place.command == "completion":
        return Answer(found=_shells(place))
    if parameter.metavar in ("PORT", "PRIVATE_PORT"):
        return Answer(found=live.ports(place.words[0]))
    if parameter.metavar.startswith("PATH"):
        paths = {f"{name}.": text for name, text in live.services().items()}
        return Answer(found=paths, directive=NO_FILES | NO_SPACE)
    if parameter.metavar == "FILE":
        return FILES
    if parameter.kind == "rest":
        return NOTHING  # another program's
    return _services(parameter.metavar, place, live)


def _shells(place: Place) -> dict[str, str]:
    shells = {"bash": "", "fish": "", "zsh": ""}
    return shells if place.words else {**shells, "install": "Set completion up for a shell"}


def _services(metavar: str, place: Place, live: Live) -> Answer:
    """Services, without those that are named already."""
    if metavar == "SERVICE=N":
        counted = {f"{name}=": text for name, text in live.services().items()}
        return Answer(found=counted, directive=NO_FILES | NO_SPACE)
    if metavar not in ("SERVICE", "SERVICES"):
        return NOTHING
    states = _STATES.get(place.command)
    found = live.services_in(*states) if states else live.services()
    return Answer(found={name: text for name, text in found.items() if name not in place.words})
