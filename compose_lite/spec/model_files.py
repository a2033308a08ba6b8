"""From files to one merged tree: each file read, interpolated, extended, included, merged, validated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.errors import SpecError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.canonical import canonicalize
from compose_lite.spec.consistency import check_resources
from compose_lite.spec.defaults import set_defaults
from compose_lite.spec.extends import Extender
from compose_lite.spec.include import Includer
from compose_lite.spec.interpolate import Interpolator
from compose_lite.spec.merge import apply_resets, merge_trees
from compose_lite.spec.normalize import resolve_bare_names
from compose_lite.spec.paths import resolve_paths
from compose_lite.spec.second_look import cut
from compose_lite.spec.source import parse
from compose_lite.spec.tree import Map, locate
from compose_lite.spec.unique import drop_duplicates, drop_revealed_duplicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.spec.options import LoadOptions
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.reading import Reader
    from compose_lite.spec.trace import Trace
    from compose_lite.spec.tree_builder import Document
    from compose_lite.spec.variables import Variables

_DEEPEST_CUTS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class FileScope:
    """What a file set is loaded in.

    Attributes:
        folder: absolute folder that `include` and `extends` start from.
        base: folder that the set's paths are made relative to: absolute, or relative to the including set's.
        variables: what interpolation sees.
        trail: the files on the way here, to detect loops; empty for the project's own files.
    """

    folder: str
    base: str
    variables: Variables
    trail: tuple[str, ...] = ()

    def inner(self, *, folder: str, base: str, variables: Variables, trail: tuple[str, ...]) -> FileScope:
        """Return the scope of a set that this one includes."""
        return FileScope(folder=folder, base=base, variables=variables, trail=trail)


class ModelLoader:
    """Loads file sets: the project's own, and those that `include` names."""

    def __init__(
        self, *, reader: Reader, problems: Problems, options: LoadOptions, trace: Trace | None = None
    ) -> None:
        self.reader = reader
        self.problems = problems
        self.options = options
        self.trace = trace
        self._documents: dict[str, list[Document]] = {}
        self._broken: set[str] = set()

    def documents(self, path: str) -> list[Document]:
        """Return the parsed documents of a file, parsed once; who changes them copies them first.

        Raises:
            SpecError: the file can't be read or parsed.
        """
        found = self._documents.get(path)
        if found is None:
            if path in self._broken:
                self.problems.raise_errors()
            self._broken.add(path)
            found = self._documents[path] = parse(self.reader.source(path), self.problems)
            self._broken.remove(path)
        return found

    def load(self, files: Sequence[str], scope: FileScope) -> Map:
        """Load a file set, given by absolute paths in merge order, into one canonical tree.

        Raises:
            SpecError: nothing can be made of the set; lesser problems are recorded and loading goes on.
        """
        tree = Map()
        for position, path in enumerate(files):
            try:
                for document in self._take_documents(path):
                    self._add_document(tree, document, path, scope)
            except SpecError:
                self._survey(files[position + 1 :], scope)
                self.problems.raise_errors()
                raise
        if not tree and not scope.trail and not self.problems.errors:
            self._fail_empty(files[0])
        self.problems.lost += cut(tree, self.problems.places.values())
        set_defaults(tree)
        check_resources(tree, self.problems)
        if self.options.stages.resolve_paths or scope.trail:
            resolve_paths(tree, scope.base, self.options.home)
        if scope.trail:
            resolve_bare_names(tree, scope.variables.get)
        return tree

    def _survey(self, files: Sequence[str], scope: FileScope) -> None:
        """Record what is wrong with each of `files` by itself, after an earlier one stopped the merge."""
        from compose_lite.spec.validate import schema_problems

        for path in files:
            try:
                for document in self._take_documents(path):
                    root = self.checked_root(document, path)
                    if self.options.stages.interpolate:
                        Interpolator(scope.variables, self.problems).run(root)
                    found = schema_problems(root)
                    # What an override lacks, the file that it overrides may have.
                    self.problems.extend(problem for problem in found if problem.code != "missing-key")
            except SpecError:
                continue  # recorded like the others

    def _take_documents(self, path: str) -> list[Document]:
        """Hand out a file's documents for good: a later user gets a fresh parse, so nothing need be copied."""
        documents = self.documents(path)
        del self._documents[path]
        return documents

    def _add_document(self, tree: Map, document: Document, path: str, scope: FileScope) -> None:
        lenient = not self.options.stages.interpolate
        root = self.checked_root(document, path)
        if not lenient:
            Interpolator(scope.variables, self.problems, self.trace).run(root)
            self.problems.settle()
        Extender(self, scope).extend_services(root, path, document.resets)
        apply_resets(tree, document.resets)
        if "include" in root:
            Includer(self, scope).include(root, path)
        merge_trees(tree, root, self.problems, self.trace)
        drop_duplicates(tree, self.problems)
        self._validate(tree)
        self.problems.settle()
        canonicalize(tree, self.problems, lenient=lenient)
        self.problems.settle()
        drop_revealed_duplicates(tree, self.problems)

    def checked_root(self, document: Document, path: str) -> Map:
        """Return the document's mapping.

        Raises:
            SpecError: it is none.
        """
        root: Any = document.root
        if root is None:
            self._fail_empty(path)
        if not isinstance(root, Map):
            self.problems.fail(
                "not-a-mapping",
                "a compose file is a mapping with `services:` and other keys at its top",
                at=self.reader.source(path).location(1, 1),
            )
        return root

    def _fail_empty(self, path: str) -> None:
        self.problems.fail("empty-file", "the compose file is empty", at=self.reader.source(path).location())

    def _validate(self, tree: Map) -> None:
        self._validate_schema(tree)
        if "version" in tree:
            self.problems.warn(
                "obsolete-version",
                "the attribute `version` is obsolete, it will be ignored; remove it",
                at=locate(tree, ("version",), key=True),
                path=("version",),
            )
            del tree["version"]

    def _validate_schema(self, tree: Map) -> None:
        from compose_lite.spec.validate import examine

        found = examine(tree)
        for problem, place in found:
            self.problems.extend([problem], place=place)
        # What is cut out may leave a hole that the schema does not allow either: then the hole's surroundings go.
        for _ in range(_DEEPEST_CUTS):
            if not found:
                return
            if not found[-1][1]:
                break  # there is more than was looked at
            self.problems.lost += cut(tree, (place for _, place in found))
            found = examine(tree)
        self.problems.raise_errors()
