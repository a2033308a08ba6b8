"""Loads a project: puts the stages together, from the files' text to the frozen `Project`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from compose_lite.errors import SpecError
from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec import select
from compose_lite.spec.consistency import check_consistency, check_container_names
from compose_lite.spec.environment import EnvironmentResolver
from compose_lite.spec.evidence import Evidence
from compose_lite.spec.files import FileSet, find_files, set_built_in
from compose_lite.spec.instance import VARIABLE as INSTANCE
from compose_lite.spec.instance import instance_name, instance_project, isolate, normalize_name
from compose_lite.spec.model_files import FileScope, ModelLoader
from compose_lite.spec.normalize import normalize
from compose_lite.spec.problems import Problems
from compose_lite.spec.reading import Reader
from compose_lite.spec.second_look import cut
from compose_lite.spec.shape import shape_project
from compose_lite.spec.template import TemplateError, substitute
from compose_lite.spec.trace import Trace
from compose_lite.spec.tree import Map
from compose_lite.spec.variables import Variables

_YES = ("1", "t", "true", "y", "yes", "on")

if TYPE_CHECKING:
    from compose_lite.errors import Problem
    from compose_lite.spec.model import Project
    from compose_lite.spec.options import LoadOptions


@dataclass(kw_only=True)
class LoadResult:
    """What a load found out.

    Attributes:
        name: project name.
        working_dir: absolute project directory.
        model: the canonical model of the active services, as `config` prints it (before `$` is escaped).
        disabled: canonical services that profiles or the selection switched off.
        tree: the merged tree that the model was made from, with marks and extensions.
        files: absolute paths of the compose files named or found, in merge order.
        evidence: everything outside of the options that the result depends on.
        env_files: absolute paths of the project's env files.
        profiles: the active profiles.
        variables: what interpolation saw.
        warnings: problems that do not refuse the files.
        instance: which instance of the project it is, empty for the project itself.
        trace: who had a say in what, if asked for.
        interpolated: whether variables were replaced; if not, `model` is the merged tree as it stands.
        all_used: whether there is nothing that no service uses, so that it does not matter if that was dropped.
    """

    name: str
    working_dir: str
    model: Map
    disabled: Map
    tree: Map
    files: tuple[str, ...]
    evidence: Evidence
    env_files: tuple[str, ...]
    profiles: tuple[str, ...]
    variables: Variables
    warnings: tuple[Problem, ...] = ()
    instance: str = ""
    trace: Trace | None = None
    interpolated: bool = True
    separator: str = "-"
    all_used: bool = False
    _project: Project | None = field(default=None, repr=False)

    @property
    def read(self) -> tuple[str, ...]:
        """Every file that was read, included, extended and env files too."""
        return tuple(self.evidence.contents)

    @property
    def project(self) -> Project:
        """The typed project, bound when first asked for; there is none without interpolation."""
        if self._project is None:
            from compose_lite.spec.bind import bind_project

            self._project = bind_project(self)
        return self._project

    @property
    def elsewhere(self) -> list[Problem]:
        """Warnings about what is valid, but for another engine than a single Docker daemon, or for one instance."""
        from compose_lite.spec.elsewhere import elsewhere_problems
        from compose_lite.spec.instance import sharing_problems

        found = elsewhere_problems(self.model, self.tree)
        return [*found, *sharing_problems(self.model, self.tree)] if self.instance else found


def load(options: LoadOptions) -> LoadResult:
    """Load the project that `options` describe.

    Raises:
        SpecError: with every problem found in the files.
    """
    problems = Problems()
    reader = Reader(problems, base=options.working_dir, stdin=options.stdin)
    trace = Trace() if options.trace else None
    files = find_files(options, reader, problems)
    loader = ModelLoader(reader=reader, problems=problems, options=options, trace=trace)
    instance = _instance(options, files, loader, problems)
    name = instance_project(_project_name(options, files, loader, problems), instance)
    set_built_in(files.variables, "COMPOSE_PROJECT_NAME", name)
    if instance:
        set_built_in(files.variables, INSTANCE, instance)
    scope = FileScope(folder=files.working_dir, base=files.working_dir, variables=files.variables)
    tree = loader.load(files.files, scope)
    return _finish(options, files, (name, instance), tree, reader, problems, trace)


def _finish(
    options: LoadOptions,
    files: FileSet,
    names: tuple[str, str],
    tree: Map,
    reader: Reader,
    problems: Problems,
    trace: Trace | None,
) -> LoadResult:
    stages = options.stages
    name, instance = names
    if stages.normalize:
        variables = files.variables if stages.interpolate else Variables()
        normalize(tree, name, variables.get, trace)
        if instance:
            isolate(tree, name, instance)
    else:
        tree["name"] = name
    model, disabled, all_used = tree, Map(), False
    if stages.interpolate:
        problems.settle()
        known = len(problems.errors)
        model = shape_project(tree, problems)
        if len(problems.errors) > known:
            problems.lost += cut(tree, problems.places.values())
            model = shape_project(tree, problems)
        problems.settle()
        disabled, all_used = _select(options, files, tree, model, reader, problems, trace)
    problems.raise_errors()
    return LoadResult(
        name=name,
        working_dir=files.working_dir,
        model=model,
        disabled=disabled,
        tree=tree,
        files=files.files,
        evidence=Evidence(
            variables=frozenset(files.variables.asked),
            contents=reader.contents,
            kinds=reader.kinds,
            links=reader.links,
        ),
        env_files=files.env_files,
        profiles=files.profiles,
        variables=files.variables,
        warnings=tuple(problems.warnings),
        instance=instance,
        trace=trace,
        interpolated=stages.interpolate,
        separator="_" if _compatible(options, files) else "-",
        all_used=all_used,
    )


def _select(
    options: LoadOptions,
    files: FileSet,
    tree: Map,
    model: Map,
    reader: Reader,
    problems: Problems,
    trace: Trace | None,
) -> tuple[Map, bool]:
    """Reduce the model to the active services, complete their environment.

    Returns the other services, and whether all resources are used.
    """
    stages = options.stages
    selection = select.apply_profiles(model, files.profiles)
    if stages.consistency:
        check_consistency(selection, model, tree, problems)
    resolver = EnvironmentResolver(
        files.variables, reader, problems, root=tree, folder=options.working_dir, trace=trace
    )
    select.enable_services(selection, options.services, problems)
    for service_name, service in selection.active.items():
        resolver.resolve(service_name, service)
    problems.raise_errors()
    if options.reduce:
        select.keep_services(selection, options.services, problems, with_dependencies=options.dependencies)
    if stages.consistency:
        check_container_names(selection.active, tree, problems)
    unused = select.unused_resources(model, selection)
    if not options.all_resources:
        select.drop_resources(model, unused)
    return selection.disabled, not unused


def _compatible(options: LoadOptions, files: FileSet) -> bool:
    """Whether names are to be those that docker-compose gave before version 2."""
    return options.compatibility or (files.variables.get("COMPOSE_COMPATIBILITY") or "").lower() in _YES


def _instance(options: LoadOptions, files: FileSet, loader: ModelLoader, problems: Problems) -> str:
    """The instance that the caller or a variable names, empty for none; raises `SpecError` for a bad name."""
    wish = options.instance if options.instance is not None else files.variables.get(INSTANCE) or ""
    try:
        return instance_name(wish, files.working_dir, loader.reader.kind)
    except ValueError as error:
        problems.fail("bad-instance-name", str(error), hint="for example --instance two")


def _project_name(options: LoadOptions, files: FileSet, loader: ModelLoader, problems: Problems) -> str:
    """Decide the name: flag, variable, file (the last that has one), folder."""
    for given, origin in (
        (options.project_name, "-p"),
        (files.variables.get("COMPOSE_PROJECT_NAME"), "COMPOSE_PROJECT_NAME"),
    ):
        if given:
            if normalize_name(given) != given:
                problems.fail(
                    "bad-project-name",
                    f"the project name `{given}` (from {origin}) must consist of lower-case letters, digits, "
                    "hyphens and underscores, and start with a letter or digit",
                    hint=f"`{normalize_name(given)}` would do" if normalize_name(given) else None,
                )
            return given
    name = _name_from_files(options, files, loader)
    origin = "`name` in the file"
    if name is None:
        name = normalize_name(posixpath.basename(loader.reader.resolved(files.working_dir)))
        origin = "the folder's name"
    if not name:
        problems.fail(
            "bad-project-name",
            f"{origin} gives an empty project name: it has no letter or digit",
            hint="name the project with -p, COMPOSE_PROJECT_NAME or `name:` in the file",
        )
    return name


def _name_from_files(options: LoadOptions, files: FileSet, loader: ModelLoader) -> str | None:
    found: Any = None
    for path in files.files:
        try:
            documents = loader.documents(path)
        except SpecError:
            continue  # the load itself reports it, together with what is wrong elsewhere
        for document in documents:
            root = document.root
            name = root.get("name") if isinstance(root, dict) else None
            if isinstance(name, str) and name:
                found = name
    if found is None:
        return None
    if options.stages.interpolate:
        try:
            found = substitute(found, files.variables.get)
        except TemplateError:
            return "invalid"  # interpolation of the whole file reports it, with its place
    return normalize_name(found) if options.stages.normalize else found
