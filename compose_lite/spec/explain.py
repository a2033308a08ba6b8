"""`explain`: which files, variables and defaults had a say in a value, and which of them won."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import replace
from compose_lite.spec.explain_variables import VariableHistory, all_references
from compose_lite.spec.explanation import Contribution, Entry, Explanation, Say
from compose_lite.spec.lookup import find_path, own_mark, value_at
from compose_lite.spec.suggest import did_you_mean
from compose_lite.spec.template import Reference, TemplateError, references
from compose_lite.spec.tree import Map, Seq, mark_location, path_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compose_lite.errors import Location
    from compose_lite.spec.explanation import SayKind
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.options import LoadOptions
    from compose_lite.spec.trace import Trace
    from compose_lite.spec.tree import Mark, Path
    from compose_lite.spec.variables import Origin


def explain(options: LoadOptions, subject: str) -> Explanation:
    """Explain a path (``services.web.image``, ``web.environment.PORT``) or a variable (``${PORT}``).

    Raises:
        SpecError: the files are wrong.
        UsageError: the project has no such entry, or no file uses such a variable.
    """
    from compose_lite.spec.load import load
    from compose_lite.spec.trace import Trace

    result = load(replace(options, trace=True, profiles=("*",), all_resources=True))
    trace = result.trace or Trace()
    history = _history(options, result)
    if subject.startswith("$"):
        return _explain_variable(subject, result, trace, history)
    return _ValueExplainer(result, trace, history).explain(subject)


def _history(options: LoadOptions, result: LoadResult) -> VariableHistory:
    from compose_lite.spec.files import read_env_files
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.reading import Reader

    problems = Problems()  # what there is to complain of, the load has said
    reader = Reader(problems, base=options.working_dir)
    env_files = [read_env_files([path], options.environ.get, reader, problems) for path in result.env_files]

    def place(origin: Origin) -> Location | None:
        return reader.source(origin.file).location(origin.line) if origin.file else None

    return VariableHistory(options.environ, env_files, place)


def _explain_variable(
    subject: str, result: LoadResult, trace: Trace, history: VariableHistory
) -> Explanation:
    try:
        [reference] = references(subject)
    except (TemplateError, ValueError) as error:
        raise UsageError(
            f"{subject} is not a variable", hint="write '${NAME}', in single quotes for the shell"
        ) from error
    name = reference.name
    used = [(use, {inner.name for inner in all_references(use.template)}) for use in trace.uses]
    uses = [use for use, names in used if name in names]
    # An included file sees variables of its own folder's .env beside the project's.
    scopes = [result.variables, *(use.variables for use in uses)]
    scope = next((scope for scope in scopes if scope.get(name) is not None), result.variables)
    says = history.says(reference, scope).says
    if not uses and not says:
        known = {name for _, names in used for name in names}
        raise UsageError(
            f"no file uses the variable {name}, and nothing sets it", hint=did_you_mean(name, known)
        )
    entries = tuple(
        Entry(path=path_text(use.path), value=use.template, location=_place(use.mark)) for use in uses
    )
    value = next((say.value for say in says if say.wins), None)
    return Explanation(subject=f"${{{name}}}", value=value, says=says, uses=entries)


class _ValueExplainer:
    """Explains entries of one loaded model."""

    def __init__(self, result: LoadResult, trace: Trace, history: VariableHistory) -> None:
        self._model = result.model
        self._read = result.read
        self._variables = result.variables
        self._trace = trace
        self._history = history
        self._uses = {use.mark: use for use in trace.uses if use.mark is not None}

    def explain(self, subject: str) -> Explanation:
        path = find_path(self._model, subject)
        value = value_at(self._model, path)
        if isinstance(value, (dict, list)) and value:
            contributions = tuple(self._contributions(path))
            return Explanation(subject=path_text(path), value=value, contributions=contributions)
        return Explanation(subject=path_text(path), value=value, says=tuple(self._says(path, value)))

    def _says(self, path: Path, value: Any) -> Iterator[Say]:
        """Yield the winner, then what compose files said before it, then env files; later ones first."""
        winner = own_mark(self._model, path)
        kinds = {say.kind for say in self._trace.says if say.path == path and say.mark == winner}
        kind: SayKind = "implied" if winner is None else "env-file" if "env-file" in kinds else "file"
        said = self._say(kind, value, winner, wins=True)
        if "shell" in kinds:
            by_name = self._history.says(Reference(name=str(path[-1])), self._variables)
            said = replace(said, variables=(by_name,))
        yield said
        told = {winner}
        for kind, old, mark in [*self._overridden(path), *self._from_env_files(path)]:
            if mark not in told:
                told.add(mark)
                yield self._say(kind, old, mark)

    def _overridden(self, path: Path) -> Iterator[tuple[SayKind, Any, Mark | None]]:
        for say in reversed(self._trace.says):
            if say.kind == "overridden" and say.path == path[: len(say.path)]:
                for leaf, value, mark in _leaves(
                    say.value, say.path, say.mark, keyed=self._is_mapping(say.path)
                ):
                    if leaf == path:
                        yield "file", value, mark

    def _from_env_files(self, path: Path) -> Iterator[tuple[SayKind, Any, Mark | None]]:
        for say in reversed(self._trace.says):
            if say.kind == "env-file" and say.path == path:
                yield "env-file", say.value, say.mark

    def _say(self, kind: SayKind, value: Any, mark: Mark | None, *, wins: bool = False) -> Say:
        use = self._uses.get(mark) if mark is not None else None
        variables = (
            [self._history.says(each, use.variables) for each in references(use.template)] if use else []
        )
        return Say(
            kind=kind,
            value=value,
            location=_place(mark),
            wins=wins,
            template=use.template if use is not None else None,
            variables=tuple(variables),
        )

    def _contributions(self, path: Path) -> Iterator[Contribution]:
        """Group the entries below `path` by the file that has them, in the order in which files were read."""
        final = list(_leaves(value_at(self._model, path), path, None))
        kept = {mark for _, _, mark in final}
        by_file: dict[str | None, list[Entry]] = {}
        for leaf, value, mark in [*final, *self._lost(path, kept)]:
            if value is None and mark is None:
                continue
            use = self._uses.get(mark) if mark is not None else None
            entry = Entry(
                path=path_text(leaf),
                value=value,
                location=_place(mark),
                overridden=mark not in kept,
                template=use.template if use is not None else None,
            )
            by_file.setdefault(mark[0].path or mark[0].name if mark is not None else None, []).append(entry)
        for file in sorted(by_file, key=self._rank):
            entries = sorted(by_file[file], key=_position)
            name = entries[0].location.file if entries[0].location is not None else None
            yield Contribution(file=name, entries=tuple(entries))

    def _lost(self, path: Path, kept: set[Mark | None]) -> Iterator[tuple[Path, Any, Mark | None]]:
        """Yield what files said below `path` before other files had the last word."""
        for say in self._trace.says:
            if say.kind == "overridden" and say.path[: len(path)] == path:
                for leaf, value, mark in _leaves(
                    say.value, say.path, say.mark, keyed=self._is_mapping(say.path)
                ):
                    if mark is not None and mark not in kept:
                        yield leaf, value, mark

    def _is_mapping(self, path: Path) -> bool:
        try:
            return isinstance(value_at(self._model, path), dict)
        except (KeyError, IndexError, TypeError):
            return False

    def _rank(self, file: str | None) -> tuple[int, str]:
        if file is None:
            return (len(self._read) + 1, "")
        return (self._read.index(file) if file in self._read else len(self._read), file)


def _leaves(
    value: Any, path: Path, mark: Mark | None, *, keyed: bool = False
) -> Iterator[tuple[Path, Any, Mark | None]]:
    """Yield the entries below `value` as they were written: single values, and short syntaxes as a whole.

    Args:
        value: a tree.
        path: its place in the model.
        mark: where it was written, for entries that don't know better.
        keyed: a list's items are ``NAME=VALUE``, entries of what the model has as a mapping.
    """
    if isinstance(value, Map) and value and {value.mark(key) for key in value} != {mark}:
        for key, item in value.items():
            yield from _leaves(item, (*path, key), value.mark(key))
    elif isinstance(value, Seq) and value:
        for index, item in enumerate(value):
            place = value.mark(index) or mark
            if keyed and isinstance(item, str):
                name, separator, text = item.partition("=")
                yield (*path, name), text if separator else None, place
            else:
                yield from _leaves(item, (*path, index), place)
    else:
        yield path, value, mark


def _place(mark: Mark | None) -> Location | None:
    return None if mark is None else mark_location(mark)


def _position(entry: Entry) -> tuple[int, int, str]:
    where = entry.location
    return (0, 0, entry.path) if where is None else (where.line or 0, where.column or 0, entry.path)
