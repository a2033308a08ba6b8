"""`include`: other compose files, each with its own folder and variables, become part of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose_lite.spec.model_files import ModelLoader
    from compose_lite.spec.tree import Map
    from compose_lite.spec.variables import Variables


class Includer:
    """Loads what `include` names."""

    def __init__(self, loader: ModelLoader, variables: Variables) -> None:
        self._loader = loader
        self._variables = variables

    def include(self, root: Map, path: str, working_dir: str, included: tuple[str, ...]) -> None:
        """Replace `include` by the resources it stands for."""
        self._loader.problems.fail("unsupported", "`include` is not supported yet", at=(root, ("include",)))
