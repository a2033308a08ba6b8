"""`extends`: a service takes over another one's attributes, of the same file or of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.canonical import canonicalize
from compose_lite.spec.interpolate import Interpolator
from compose_lite.spec.merge import apply_resets, merge_service, merge_trees
from compose_lite.spec.paths import folder_of, hint_for_missing, join, resolve_paths
from compose_lite.spec.problems import nearest
from compose_lite.spec.tree import Map, Path, copy_tree
from compose_lite.spec.unique import drop_duplicates, drop_revealed_duplicates

if TYPE_CHECKING:
    from compose_lite.spec.model_files import FileScope, ModelLoader


@dataclass(frozen=True, kw_only=True, slots=True)
class _Services:
    """The services that a name can mean at one point of a chain, and what their file resets."""

    services: Map
    file: str
    resets: tuple[Path, ...]


MAX_CHAIN = 200
"""Longest chain of services that extend each other."""
_Chain = tuple[tuple[str, str], ...]


class Extender:
    """Resolves every `extends` of one document."""

    def __init__(self, loader: ModelLoader, scope: FileScope) -> None:
        self._loader = loader
        self._problems = loader.problems
        self._scope = scope
        self._files: dict[str, _Services | None] = {}

    def extend_services(self, root: Map, file: str, resets: tuple[Path, ...]) -> None:
        """Resolve the `extends` of all services of `root`, in place."""
        services = root.get("services")
        if not isinstance(services, Map):
            return
        home = _Services(services=services, file=file, resets=resets)
        for name in list(services):
            service = services[name]
            if isinstance(service, Map) and "extends" in service:
                self._extended(home, name, ())

    def _extended(self, home: _Services, name: str, chain: _Chain) -> Any:
        """Extend one service in its own mapping, its bases first, and return it."""
        service = home.services[name]
        if not isinstance(service, Map) or "extends" not in service:
            return service
        here = (home.file, name)
        if here in chain:
            self._report_loop(home, chain, here)
            service.pop("extends")
            return service
        if len(chain) >= MAX_CHAIN:
            self._problems.fail(
                "extends-too-deep",
                f"services.{name}: services extend each other more than {MAX_CHAIN} levels deep",
                at=(home.services, (name, "extends")),
                path=("services", name, "extends"),
            )
        base = self._base(home, name, service)
        if base is None:
            service.pop("extends", None)
            return service
        base_home, base_name = base
        found = self._extended(base_home, base_name, (*chain, here))
        if not isinstance(found, Map):
            return service
        extends = service.pop("extends", None)
        source = copy_tree(found)
        apply_resets(Map({"services": Map({name: source})}), home.resets)
        if self._loader.trace is not None:
            self._trace(name, source, base_name, base_home.file)
        merged = merge_service(source, service, name, self._problems, self._loader.trace)
        if extends is not None:
            merged.pop("extends", None)
        home.services[name] = merged
        return merged

    def _trace(self, name: str, source: Map, base_name: str, file: str) -> None:
        trace = self._loader.trace
        if trace is not None:
            detail = f"{base_name} in {self._loader.reader.shown(file)}"
            for key, value in source.items():
                trace.say(("services", name, key), "extends", value, source.mark(key), detail)

    def _base(self, home: _Services, name: str, service: Map) -> tuple[_Services, str] | None:
        """Find what `extends` names; report it and return ``None`` if it is not there."""
        extends = service["extends"]
        where = (home.services, (name, "extends"))
        path = ("services", name, "extends")
        if isinstance(extends, str):
            base_name, file = extends, None
        elif isinstance(extends, Map) and isinstance(extends.get("service"), str):
            base_name, file = extends["service"], extends.get("file")
        else:
            self._problems.add(
                "bad-extends",
                f"services.{name}.extends does not say which service it extends",
                at=where,
                path=path,
                hint="write `extends: {service: NAME}` or `extends: {file: FILE, service: NAME}`",
            )
            return None
        base_home = home if file is None else self._other_file(file, where, path)
        if base_home is None:
            return None
        if base_name not in base_home.services:
            self._problems.add(
                "no-such-service",
                f"services.{name} extends `{base_name}`, which is not in {self._loader.reader.shown(base_home.file)}",
                at=where,
                path=path,
                hint=nearest(base_name, base_home.services),
            )
            return None
        return base_home, base_name

    def _other_file(self, file: Any, where: tuple[Any, Path], path: Path) -> _Services | None:
        if not isinstance(file, str):
            self._problems.add("bad-extends", "extends.file is not text", at=where, path=path)
            return None
        absolute = join(self._scope.folder, file)
        if absolute not in self._files:
            self._files[absolute] = self._load_other(file, absolute, where, path)
        return self._files[absolute]

    def _load_other(self, file: str, absolute: str, where: tuple[Any, Path], path: Path) -> _Services | None:
        loader = self._loader
        if loader.reader.is_missing(absolute):
            self._problems.add(
                "no-such-file",
                f"the extended file {loader.reader.shown(absolute)} does not exist",
                at=where,
                path=path,
                hint=hint_for_missing((file,)),
            )
            return None
        tree = Map()
        resets: list[Path] = []
        lenient = not loader.options.stages.interpolate
        for document in loader.documents(absolute):
            root = copy_tree(loader.checked_root(document, absolute))
            if not lenient:
                Interpolator(self._scope.variables, self._problems, loader.trace).run(root)
            apply_resets(tree, document.resets)
            resets.extend(document.resets)
            merge_trees(tree, root, self._problems, loader.trace)
            drop_duplicates(tree, self._problems)
            canonicalize(tree, self._problems, lenient=lenient)
            drop_revealed_duplicates(tree, self._problems)
        services = tree.get("services")
        if not isinstance(services, Map):
            self._problems.add(
                "no-such-service",
                f"{loader.reader.shown(absolute)} has no services to extend",
                at=where,
                path=path,
            )
            return None
        folder = folder_of(file, self._scope.folder, loader.reader.kind)
        resolve_paths(tree, folder, loader.options.home)
        return _Services(services=services, file=absolute, resets=tuple(resets))

    def _report_loop(self, home: _Services, chain: _Chain, here: tuple[str, str]) -> None:
        loop = [*chain[chain.index(here) :], here]
        shown = self._loader.reader.shown
        steps = " → ".join(f"{name} ({shown(file)})" for file, name in loop)
        self._problems.add(
            "extends-loop",
            f"services extend each other in a circle: {steps}",
            at=(home.services, (here[1], "extends")),
            path=("services", here[1], "extends"),
        )
