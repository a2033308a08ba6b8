"""`extends`: a service takes over another one's attributes, of the same file or of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compose_lite.spec.tree import Map, Path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compose_lite.spec.model_files import ModelLoader
    from compose_lite.spec.variables import Variables


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """The services that a name can mean at one point of a chain.

    Attributes:
        services: by name.
        file: absolute path of their file.
        folder: where relative `file:` entries start from.
        base: that folder, relative to the project's working directory.
    """

    services: Map
    file: str
    folder: str
    resets: tuple[Path, ...] = ()


class Extender:
    """Resolves every `extends` of a tree."""

    def __init__(self, loader: ModelLoader, variables: Variables) -> None:
        self._loader = loader
        self._problems = loader.problems
        self._variables = variables
        self._files: dict[str, _Scope | None] = {}

    def extend_services(self, root: Map, file: str, folder: str, resets: Iterable[Path]) -> None:
        """Resolve the `extends` of all services of `root`, in place."""
        services = root.get("services")
        if not isinstance(services, Map):
            return
        scope = _Scope(services=services, file=file, folder=folder, resets=tuple(resets))
        for name in list(services):
            service = services[name]
            if isinstance(service, Map) and "extends" in service:
                self._extend(scope, name, ((file, name),))

    def _extend(self, scope: _Scope, name: str, chain: tuple[tuple[str, str], ...]) -> Any:
        """Resolve one service, its bases first; return it, extended in its scope."""
        self._problems.fail("unsupported", "`extends` is not supported yet", at=(scope.services, (name, "extends")))
