"""From files to one merged tree: each file read, interpolated, extended, included, merged, validated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.spec.canonical import canonicalize
from compose_lite.spec.defaults import set_defaults
from compose_lite.spec.extends import Extender
from compose_lite.spec.include import Includer
from compose_lite.spec.interpolate import Interpolator
from compose_lite.spec.merge import apply_resets, drop_duplicates, merge_trees
from compose_lite.spec.paths import resolve_paths
from compose_lite.spec.source import Document, parse
from compose_lite.spec.tree import Map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compose_lite.spec.options import LoadOptions
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.reading import Reader
    from compose_lite.spec.trace import Trace
    from compose_lite.spec.variables import Variables


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

    def documents(self, path: str) -> list[Document]:
        """Return the parsed documents of a file, parsed once; callers copy what they change.

        Raises:
            SpecError: the file can't be read or parsed.
        """
        found = self._documents.get(path)
        if found is None:
            found = self._documents[path] = parse(self.reader.source(path), self.problems)
        return found

    def load(
        self,
        files: Sequence[str],
        working_dir: str,
        variables: Variables,
        *,
        base: str | None = None,
        included: tuple[str, ...] = (),
    ) -> Map:
        """Load a file set into one canonical tree.

        Args:
            files: absolute paths in merge order.
            working_dir: the folder that the set's `include` and `extends` start from.
            variables: what interpolation sees.
            base: the folder that relative paths are made relative to; the working directory by default.
            included: the files on the way here, to detect loops.

        Raises:
            SpecError: nothing can be made of the set; lesser problems are recorded and loading goes on.
        """
        tree = Map()
        for path in files:
            for document in self._take_documents(path):
                self._add_document(tree, document, path, working_dir, variables, included)
        if not tree and not included:
            self.problems.fail(
                "empty-file", "the compose file is empty", at=self.reader.source(files[0]).location()
            )
        self.problems.raise_errors()
        set_defaults(tree)
        if self.options.stages.resolve_paths or included:
            resolve_paths(tree, base or working_dir, self.options.home)
        return tree

    def _take_documents(self, path: str) -> list[Document]:
        """Hand out a file's documents for good: a second user gets a fresh parse, so nothing is copied."""
        documents = self.documents(path)
        del self._documents[path]
        return documents

    def _add_document(
        self,
        tree: Map,
        document: Document,
        path: str,
        working_dir: str,
        variables: Variables,
        included: tuple[str, ...],
    ) -> None:
        root = self.checked_root(document, path)
        if self.options.stages.interpolate:
            Interpolator(variables, self.problems, self.trace).run(root)
        Extender(self, variables).extend_services(root, path, working_dir, document.resets)
        apply_resets(tree, document.resets)
        if "include" in root:
            Includer(self, variables).include(root, path, working_dir, included)
        merge_trees(tree, root, self.problems, self.trace)
        drop_duplicates(tree, self.problems)
        self._validate(tree, path)
        canonicalize(tree, self.problems, lenient=not self.options.stages.interpolate)
        drop_duplicates(tree, self.problems)

    def checked_root(self, document: Document, path: str) -> Map:
        """Return the document's mapping.

        Raises:
            SpecError: it is none.
        """
        root: Any = document.root
        if root is None:
            self.problems.fail(
                "empty-file", "the compose file is empty", at=self.reader.source(path).location()
            )
        if not isinstance(root, Map):
            self.problems.fail(
                "not-a-mapping",
                "a compose file is a mapping with `services:` and other keys at its top",
                at=self.reader.source(path).location(1, 1),
            )
        return root

    def _validate(self, tree: Map, path: str) -> None:
        version = tree.pop("version", None)
        if version is not None:
            self.problems.warn(
                "obsolete-version",
                "the attribute `version` is obsolete, it will be ignored; remove it",
                at=(tree, ("version",)),
                path=("version",),
            )
