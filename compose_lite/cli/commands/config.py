"""The command `config`: what all files, overrides and variables finally say."""

from __future__ import annotations

from compose_lite.cli.commands import Command
from compose_lite.cli.options import flag, text, words
from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.options import ALL_STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from compose_lite.cli.invocation import Invocation
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.options import Stages
    from compose_lite.spec.template import Reference

_LISTS = "Print only"
_STAGES = "Leave out"
_LEAST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigOptions:
    """Options of `config`."""

    selected: tuple[str, ...] = words("SERVICE")
    format: str | None = text("Output format (yaml)", choices=("yaml", "json"))
    output: str | None = text("Write to a file", short="-o", metavar="FILE")
    quiet: bool = flag("Print nothing: the exit code tells whether the files are right", short="-q")
    services: bool = flag("Names of services", group=_LISTS)
    images: bool = flag("Images", group=_LISTS)
    volumes: bool = flag("Names of volumes", group=_LISTS)
    networks: bool = flag("Names of networks", group=_LISTS)
    models: bool = flag("The models that services use", group=_LISTS)
    profiles: bool = flag("Names of profiles", group=_LISTS)
    hash: str | None = text("Configuration hashes of services (* for all)", metavar="SERVICES", group=_LISTS)
    environment: bool = flag("The variables that are at hand for interpolation", group=_LISTS)
    variables: bool = flag("The variables that the files use", group=_LISTS)
    resolve_image_digests: bool = flag("Write images with the digests that their registries have now")
    lock_image_digests: bool = flag("Print only an override file that pins the images' digests")
    no_interpolate: bool = flag("Leave variables in place", group=_STAGES)
    no_normalize: bool = flag("Don't fill in what is implied", group=_STAGES)
    no_path_resolution: bool = flag("Leave paths as written", group=_STAGES)
    # docker compose's `config` takes this and reads env files all the same; so do we.
    no_env_resolution: bool = flag("Without effect", group=_STAGES, hidden=True)
    no_consistency: bool = flag("Don't check how things fit together", group=_STAGES)


def run_config(ctx: Invocation, options: ConfigOptions) -> int:
    """Print the model, or a part of it."""
    from compose_lite.cli.project import check_project, load_options, loaded

    loading = load_options(ctx, services=options.selected, stages=_stages(ctx, options))
    pinned = options.resolve_image_digests or options.lock_image_digests
    if options.quiet and not pinned and loading.stages == ALL_STAGES:
        check_project(ctx, loading)
        return 0
    result = loaded(ctx, loading)
    if pinned:
        _pin_images(ctx, result)
    if not options.quiet:
        columns = ctx.terminal.columns() if options.output is None else None
        _write(ctx, options.output, _shown(options, result, columns))
    return 0


def _stages(ctx: Invocation, options: ConfigOptions) -> Stages:
    from compose_lite.spec.options import Stages

    return Stages(
        interpolate=not (options.no_interpolate or options.variables),
        # docker compose's --compatibility makes its `config` skip this stage, and nothing else.
        normalize=not (options.no_normalize or ctx.common.compatibility),
        resolve_paths=not options.no_path_resolution,
        consistency=not options.no_consistency,
    )


def _pin_images(ctx: Invocation, result: LoadResult) -> None:
    """Put the digests that the registries have now into the model."""
    from compose_lite.runner.digests import pinned

    services = [service for service in result.model["services"].values() if service.get("image")]
    if services:
        found = pinned(ctx.connect(), (service["image"] for service in services), ctx.environ)
        for service in services:
            service["image"] = found[service["image"]]


def _shown(options: ConfigOptions, result: LoadResult, columns: int | None) -> str:
    """The text that the options ask for; a table in so many columns, if it is for a window."""
    from compose_lite.cli.views.text import harmless_json, safe

    for wanted, show in _PARTS.items():
        if getattr(options, wanted):
            return "".join(f"{safe(line)}\n" for line in show(result))
    if options.hash is not None:
        return "".join(f"{name} {digest}\n" for name, digest in _hashes(result, options.hash))
    if options.variables:
        return _variables(result, as_json=options.format == "json", columns=columns)
    from compose_lite.spec.render import lock_file, to_json, to_yaml

    if options.lock_image_digests:
        return lock_file(result, as_json=options.format == "json")
    return harmless_json(to_json(result)) if options.format == "json" else to_yaml(result)


def _services(result: LoadResult) -> Iterable[str]:
    return sorted(result.model["services"])


def _images(result: LoadResult) -> Iterable[str]:
    services = sorted(result.model["services"].items())
    return [service.get("image") or f"{result.name}{result.separator}{name}" for name, service in services]


def _section(name: str) -> Callable[[LoadResult], Iterable[str]]:
    return lambda result: sorted(result.model.get(name) or ())


def _models(result: LoadResult) -> Iterable[str]:
    return sorted({str(model.get("model", "")) for model in (result.model.get("models") or {}).values()})


def _profiles(result: LoadResult) -> Iterable[str]:
    services = (*result.model["services"].values(), *result.disabled.values())
    return sorted({profile for service in services for profile in service.get("profiles") or ()})


def _environment(result: LoadResult) -> Iterable[str]:
    return [f"{name}={value}" for name, value in sorted(result.variables.values.items())]


_PARTS: dict[str, Callable[[LoadResult], Iterable[str]]] = {
    "services": _services,
    "images": _images,
    "volumes": _section("volumes"),
    "networks": _section("networks"),
    "models": _models,
    "profiles": _profiles,
    "environment": _environment,
}


def _hashes(result: LoadResult, wish: str) -> Iterator[tuple[str, str]]:
    """The configuration hashes of the named services; raises `UsageError` for one that there is not."""
    from compose_lite.pipeline import config_hashes
    from compose_lite.spec.suggest import did_you_mean

    hashes = config_hashes(result.project)
    for name in sorted(hashes) if wish == "*" else wish.split(","):
        if name not in hashes:
            raise UsageError(f"no such service: {name}", hint=did_you_mean(name, hashes))
        yield name, hashes[name]


def _variables(result: LoadResult, *, as_json: bool, columns: int | None) -> str:
    """The variables that the files use: whether they are required, and what stands in for them."""
    from compose_lite.cli.views.table import table

    found: dict[str, dict[str, Any]] = {}
    for reference in _references(result.model):
        known = found.setdefault(
            reference.name,
            {"Name": reference.name, "DefaultValue": "", "PresenceValue": "", "Required": False},
        )
        kind = reference.operator[-1:]
        known["Required"] = known["Required"] or kind == "?"
        if kind in ("-", "+"):
            known["DefaultValue" if kind == "-" else "PresenceValue"] = reference.argument
    if as_json:
        from compose_lite.cli.views.text import json_text

        return json_text(dict(sorted(found.items())), indent=4) + "\n"
    rows = [
        (name, str(known["Required"]).lower(), known["DefaultValue"], known["PresenceValue"])
        for name, known in sorted(found.items())
    ]
    titles = ("NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE")
    return table(titles, rows, least=_LEAST, columns=columns) + "\n"


def _references(value: Any) -> Iterator[Reference]:
    """The variables in every text of a model that was not interpolated."""
    from compose_lite.spec.template import TemplateError, references

    if isinstance(value, str):
        try:
            found = references(value)
        except TemplateError:
            return  # a lone dollar sign is no variable
        for reference in found:
            yield reference
            if not reference.operator.endswith("?"):  # what follows is a message
                yield from _references(reference.argument)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _write(ctx: Invocation, path: str | None, shown: str) -> None:
    if path is None:
        ctx.terminal.print(shown, end="")
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(shown)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}") from error


COMMANDS = {"config": Command(options=ConfigOptions, run=run_config, example="config --format json")}
