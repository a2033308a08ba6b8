"""What the handlers of actions share: the daemon, the project, and what this execution has made so far."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.planner.actions import BuildImage
from compose_lite.runner.cancellation import Cancellation
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from compose_lite.planner.answers import Said
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.refs import ContainerRef
    from compose_lite.runner.build import BuildOptions, ImageBuilder
    from compose_lite.runner.daemon import Daemon
    from compose_lite.spec.model import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of an action that did not fail.

    Attributes:
        changed: False if all was there already.
        text: worth showing beside the action.
        warnings: what the user should know.
    """

    changed: bool = True
    text: str = ""
    warnings: tuple[str, ...] = ()


DONE = Outcome()
NOTHING_TO_DO = Outcome(changed=False)
IN_USE = Outcome(changed=False, text="kept: still in use")


class Containers:
    """The ids of the containers that a plan speaks of."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ids: dict[str, str] = {}

    def created(self, name: str, container: str) -> None:
        """Note that the container `name` exists now."""
        self._ids[name] = container

    def renamed(self, old: str, new: str) -> None:
        """Note that a container goes by another name, too."""
        if old in self._ids:
            self._ids[new] = self._ids[old]

    def id(self, ref: ContainerRef) -> str:
        """The container's id; asks the daemon for one that another run made. Raises NotFound."""
        known = ref.id or self._ids.get(ref.name)
        return known or str(self._daemon.inspect_container(ref.name)["Id"])

    @property
    def made(self) -> Mapping[str, str]:
        """Ids of the containers made so far, by the name that they were created under."""
        return dict(self._ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where actions are carried out; make one with `site_for`.

    Attributes:
        project: as it was planned; `None` where only its name is known (`down` without files).
        contents: what `secrets.NAME` and `configs.NAME` hold, for those that are not mounted from a file.
        models: model key → address where it is served.
        environ: the user's environment, for registry credentials and providers.
        said: what providers have said so far, by service.
    """

    daemon: Daemon
    project: Project | None
    containers: Containers
    contents: Mapping[str, bytes] = field(default=EMPTY, repr=False)
    models: Mapping[str, str] = EMPTY
    environ: Mapping[str, str] = field(default=EMPTY, repr=False)
    cancellation: Cancellation = field(default_factory=Cancellation)
    builder: ImageBuilder | None = None
    said: dict[str, Said] = field(default_factory=dict, repr=False)

    @property
    def known_project(self) -> Project:
        """The project, for actions that are only ever planned with one."""
        assert self.project is not None, "the plan needs the project that it was made from"
        return self.project


def site_for(
    plan: Plan,
    daemon: Daemon,
    project: Project | None,
    *,
    contents: Mapping[str, bytes] = EMPTY,
    models: Mapping[str, str] = EMPTY,
    environ: Mapping[str, str] = EMPTY,
    build_options: BuildOptions | None = None,
    parallel: int | None = None,
    cancellation: Cancellation | None = None,
) -> Site:
    """The site on which a plan can be carried out.

    Args:
        parallel: most images to build at a time, None for no limit.
        cancellation: where the user asks to stop.
    """
    cancellation = cancellation or Cancellation()
    builder = None
    built = tuple(step.action.service for step in plan.actions if isinstance(step.action, BuildImage))
    if built and project is not None:
        from compose_lite.runner.build import ImageBuilder

        builder = ImageBuilder(
            daemon,
            project,
            built,
            options=build_options,
            environ=environ,
            cancellation=cancellation,
            at_once=parallel,
        )
    return Site(
        daemon=daemon,
        project=project,
        containers=Containers(daemon),
        contents=contents,
        models=models,
        environ=environ,
        cancellation=cancellation,
        builder=builder,
    )
