"""What the caller asks the loader for: files, names, profiles, and which stages to run."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Stages:
    """The stages that `config` can leave out; everything else always runs."""

    interpolate: bool = True
    normalize: bool = True
    resolve_paths: bool = True
    consistency: bool = True


ALL_STAGES = Stages()


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadOptions:
    """Everything that decides what is loaded; nothing is read from the process behind the caller's back.

    Attributes:
        working_dir: absolute path of the folder that relative paths and discovery start from.
        environ: the shell's variables.
        stdin: returns the bytes of standard input, for the file named ``-``.
        fetch: returns the local paths of the compose files that a reference with a digest stands for
            (`oci://…@sha256:…` under `include`); without it they are files that are not there.
        files: `-f`, in order; empty for discovery.
        project_name: `-p`.
        instance: `--instance`; `None` leaves it to the variable, an empty text asks for none.
        project_directory: `--project-directory`.
        env_files: `--env-file`, in order.
        profiles: `--profile`, in order.
        services: the services named on the command line; empty for all.
        all_resources: keep networks, volumes, … that no service uses.
        dependencies: keep what the named services depend on.
        reduce: drop the other services; otherwise the named ones are only switched on.
        compatibility: name containers and images with underscores; the variable COMPOSE_COMPATIBILITY does too.
        home: what `~` stands for in paths.
        stages: what to leave out.
        trace: record where values and variables come from, for `explain`.
    """

    working_dir: str
    environ: Mapping[str, str] = field(default_factory=dict)
    stdin: Callable[[], bytes] | None = None
    fetch: Callable[[str], tuple[str, ...]] | None = None
    files: tuple[str, ...] = ()
    project_name: str | None = None
    instance: str | None = None
    project_directory: str | None = None
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    all_resources: bool = False
    dependencies: bool = True
    reduce: bool = True
    compatibility: bool = False
    home: str | None = None
    stages: Stages = ALL_STAGES
    trace: bool = False
