"""Which test tries which option: read off the command lines with which the daemon tests invoke the program.

`python -m tests.cli.trials` prints the table: command, option, tests.
"""

import ast
import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compose_lite.cli import commands
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.options import Parameter, parameters
from compose_lite.cli.parse import Parsed, parse

TESTS = Path(__file__).parents[1]
GLOBAL = "(global)"
# Where the first of these stands in the call is the command line.
_INVOKERS = {"run": 0, "run_counted": 0, "open_terminal": 0, "terminal": 0, "launch": 1}
# What is invoked there is refused, whatever its options would do.
_REFUSING = {"test_bad_input.py"}
# Stands for what is only known when the test runs: it does for a name and for a number.
_UNKNOWN = "1"

# Options whose effect is tested by other means than a scenario's command line, and by which test.
ELSEWHERE = {
    (GLOBAL, "--no-cache"): "cli/test_imports.py::test_no_cache_loads_again",
    ("down", "--yes"): "cli/test_losses.py::test_who_has_said_yes_already_and_a_script_are_not_asked",
    ("watch", "--prune"): "e2e/test_options.py::test_watch",
    ("watch", "--quiet"): "e2e/test_watch.py::test_rebuild",
    # docker compose 2.40 reads env files in spite of it; so do we.
    ("config", "--no-env-resolution"): "spec/test_conformance.py::test_the_model_equals_docker_composes",
    **dict.fromkeys(
        (("config", f"--{what}") for what in ("networks", "models", "profiles")),
        "cli/test_config.py::test_lists",
    ),
    **dict.fromkeys(
        (
            ("config", f"--no-{what}")
            for what in ("interpolate", "normalize", "path-resolution", "consistency")
        ),
        "cli/test_config.py::test_stages_that_are_left_out",
    ),
    ("config", "--environment"): "cli/test_config.py::test_environment_is_what_interpolation_sees",
    ("config", "--variables"): "cli/test_config.py::test_variables_inner_ones_too",
    ("check", "--format"): "cli/test_check_explain.py::test_check_as_json_and_sarif",
    (
        "check",
        "--ignore",
    ): "cli/test_check_explain.py::test_check_succeeds_when_there_is_nothing_left_to_find",
    ("explain", "--format"): "cli/test_check_explain.py::test_explain_as_json",
    (
        "graph",
        "--open",
    ): "cli/graph/test_command.py::test_the_browser_gets_a_file_that_only_its_user_can_read",
    ("graph", "--output"): "cli/graph/test_command.py::test_the_suffix_of_the_file_decides",
    ("plugin", ""): "e2e/test_plugin.py::test_plugin",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One invocation: the test that makes it, the command, and the long names of the options given."""

    test: str
    command: str
    options: frozenset[str]


def table() -> dict[tuple[str, str], tuple[str, ...]]:
    """The tests of every option, by command and long name; a command that has none stands there with an empty one."""
    tried: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trial in trials():
        for option in trial.options:
            owner = trial.command if option in _options_of(trial.command) else GLOBAL
            tried[owner, option].append(trial.test)
        tried[trial.command, ""].append(trial.test)
    for place, test in ELSEWHERE.items():
        tried[place].append(test)
    return {place: tuple(dict.fromkeys(tried[place])) for place in places()}


def places() -> Iterator[tuple[str, str]]:
    """Every command and option of the program."""
    for option in _long_names(CommonOptions):
        yield GLOBAL, option
    for name in commands.TABLE:
        yield from ((name, option) for option in _options_of(name) or ("",))


def trials() -> Iterator[Trial]:
    """Every invocation that the daemon tests make, dry runs left out (they only show what `--dry-run` does)."""
    for path in sorted((TESTS / "e2e").glob("test_*.py")):
        if path.name not in _REFUSING:
            reader = _Reader(path.name)
            reader.visit(ast.parse(path.read_text()))
            for test, line in reader.lines:
                if found := _understood(line):
                    yield _trial(test, found)


def _trial(test: str, found: Parsed) -> Trial:
    if found.common.get("dry_run"):
        return Trial(test=test, command=found.command, options=frozenset(("--dry-run",)))
    own = {p.name: p.long for p in parameters(commands.load(found.command).options)}
    common = {p.name: p.long for p in parameters(CommonOptions)}
    given = [own[name] for name in found.own] + [common[name] for name in found.common]
    return Trial(test=test, command=found.command, options=frozenset(given) - {""})


def _understood(line: str) -> Parsed | None:
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    return parse(
        words,
        common=CommonOptions,
        commands=commands.TABLE,
        options=lambda name: commands.load(name).options,
    )


def _options_of(command: str) -> tuple[str, ...]:
    return _long_names(commands.load(command).options)


def _long_names(options: type) -> tuple[str, ...]:
    found: tuple[Parameter, ...] = parameters(options)
    return tuple(parameter.long for parameter in found if parameter.long)


class _Reader(ast.NodeVisitor):
    """Collects the command lines of a module's calls, each with the test that makes it."""

    def __init__(self, module: str) -> None:
        self.lines: list[tuple[str, str]] = []
        self._place = [module]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(f"::{node.name}", node)

    def visit_Assign(self, node: ast.Assign) -> None:
        name = node.targets[0]
        self._within(f"::{name.id}" if isinstance(name, ast.Name) and len(self._place) == 1 else "", node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "Scenario":
            names = [_text(given.value) for given in node.keywords if given.arg == "name"]
            self._within(f"[{names[0]}]", node)
            return
        at = _INVOKERS.get(called)
        if at is not None and len(node.args) > at and not _by_the_peer(node):
            self.lines.append(("".join(self._place), _text(node.args[at])))
        self.generic_visit(node)

    def _within(self, place: str, node: ast.AST) -> None:
        self._place.append(place)
        self.generic_visit(node)
        self._place.pop()


def _by_the_peer(node: ast.Call) -> bool:
    return any(given.arg == "who" and _text(given.value) == "peer" for given in node.keywords)


def _text(node: ast.expr) -> str:
    """The text that an expression stands for, as far as it can be read; empty if it is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or _UNKNOWN for part in node.values)
    return ""


def main() -> None:
    """Print the table."""
    for (command, option), tests in table().items():
        print(f"{command:<12}{option or '-':<28}{', '.join(tests) or 'NONE'}")


if __name__ == "__main__":
    main()
