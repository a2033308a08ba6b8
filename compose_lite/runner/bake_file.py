"""Translates builds into a definition for `buildx bake`, in which shared stages are built once."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from compose_lite.errors import UsageError
from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from compose_lite.runner.image_build import ImageBuild
    from compose_lite.spec.model import FileObject

_SECRET_VARIABLE = "COMPOSE_LITE_BUILD_SECRET_"


@dataclass(frozen=True, kw_only=True, slots=True)
class BakeFile:
    """A bake definition, ready to be sent as JSON.

    Attributes:
        definition: without any secret's content.
        targets: the service that each target's name stands for.
        secrets: variables for the build tool's environment, with the content of the secrets.
        allow: privileges that the user's files ask for (`network.host`, `security.insecure`, `ssh`).
    """

    definition: Mapping[str, Any]
    targets: Mapping[str, str]
    secrets: Mapping[str, str]
    allow: tuple[str, ...] = ()


def bake_file(
    builds: Mapping[str, ImageBuild],
    wanted: Collection[str],
    *,
    variables: Mapping[str, str],
    push: bool = False,
    check: bool = False,
) -> BakeFile:
    """Return the definition that builds the services in `wanted`; the others only serve as their contexts.

    `variables` has those that secrets come from. Raises UsageError for what bake can't do.
    """
    names = _target_names(builds)
    secrets: dict[str, str] = {}
    targets: dict[str, Any] = {}
    for service, build in builds.items():
        target = _target(build, names, _Secrets(secrets, variables))
        if check:
            target["call"] = "check"
        elif service not in wanted:
            target |= {"output": ["type=cacheonly"], "tags": []}
        else:
            target["output"] = [_output(build, push=push)]
        targets[names[service]] = {key: value for key, value in target.items() if value}
    definition = {
        "group": {"default": {"targets": [names[service] for service in builds if service in wanted]}},
        "target": targets,
    }
    return BakeFile(
        definition=_escaped(definition),
        targets={name: service for service, name in names.items()},
        secrets=secrets,
        allow=_allowed(builds.values()),
    )


def _target_names(builds: Iterable[str]) -> dict[str, str]:
    """Return a name for each service that bake accepts (it takes no dots) and that is unique."""
    names: dict[str, str] = {}
    for service in builds:
        name = plain = re.sub(r"[^a-zA-Z0-9_-]", "_", service)
        number = 1
        while name in names.values():
            number += 1
            name = f"{plain}_{number}"
        names[service] = name
    return names


def _target(image: ImageBuild, names: Mapping[str, str], secrets: _Secrets) -> dict[str, Any]:
    build = image.build
    if build.isolation not in (None, "", "default"):
        raise UsageError(
            f"service {image.service!r}: BuildKit knows no build.isolation ({build.isolation})",
            hint="build with the classic builder (DOCKER_BUILDKIT=0), or remove it",
            code="unsupported-build",
        )
    contexts = {
        key: f"target:{names[value.removeprefix('target:')]}" if value.startswith("target:") else value
        for key, value in image.contexts.items()
    }
    return {
        "context": build.context,
        "dockerfile": build.dockerfile,
        "dockerfile-inline": build.dockerfile_inline,
        "contexts": contexts,
        "args": {key: value for key, value in build.args.items() if value is not None},
        "labels": dict(image.labels),
        "tags": list(image.tags),
        "target": build.target,
        "platforms": list(image.platforms),
        "cache-from": list(build.cache_from),
        "cache-to": list(build.cache_to),
        "no-cache": build.no_cache,
        "pull": build.pull,
        "network": build.network,
        "secret": [secrets.option(key, source) for key, source in sorted(image.secrets.items())],
        "ssh": list(build.ssh),
        "shm-size": None if build.shm_size is None else str(build.shm_size),
        "ulimits": [f"{name}={limit.soft}:{limit.hard}" for name, limit in sorted(build.ulimits.items())],
        "extra-hosts": _extra_hosts(image),
        "entitlements": list(_entitlements(image)),
        "attest": [
            *_attestation("provenance", build.provenance),
            *_attestation("sbom", build.sbom),
        ],
    }


class _Secrets:
    """Gives secrets to bake: files by path, all others in `handed_over`, variables for its environment."""

    def __init__(self, handed_over: dict[str, str], variables: Mapping[str, str]) -> None:
        self._handed_over = handed_over
        self._variables = variables

    def option(self, identity: str, source: FileObject) -> str:
        if source.file is not None:
            return _csv("type=file", f"id={identity}", f"src={source.file}")
        name = f"{_SECRET_VARIABLE}{len(self._handed_over)}"
        self._handed_over[name] = self._content(source)
        return _csv("type=env", f"id={identity}", f"env={name}")

    def _content(self, source: FileObject) -> str:
        if source.content is not None:
            return source.content
        if source.environment is not None and source.environment in self._variables:
            return self._variables[source.environment]
        raise UsageError(
            f"build secret {source.key!r} has no content here",
            hint=f"set the variable {source.environment}" if source.environment else "give it a file",
            code="missing-secret",
        )


def _extra_hosts(image: ImageBuild) -> dict[str, str]:
    """Return the addresses by host; several for one host go together, as BuildKit takes them."""
    hosts: dict[str, str] = {}
    for host, address in image.build.extra_hosts:
        hosts[host] = f"{hosts[host]},{address}" if host in hosts else address
    return hosts


def _output(image: ImageBuild, *, push: bool) -> str:
    if push:
        return "type=image,push=true"
    # Several platforms make an index, which only an image store can hold: `type=docker` can't.
    return "type=image,push=false" if len(image.platforms) > 1 else "type=docker"


def _attestation(kind: str, wish: str | None) -> list[str]:
    if wish is None:
        return []
    if wish.lower() == "false":
        return [f"type={kind},disabled=true"]
    return [f"type={kind}" if wish.lower() == "true" else f"type={kind},{wish}"]


def _entitlements(image: ImageBuild) -> tuple[str, ...]:
    insecure = ("security.insecure",) if image.build.privileged else ()
    return tuple(dict.fromkeys((*image.build.entitlements, *insecure)))


def _allowed(builds: Iterable[ImageBuild]) -> tuple[str, ...]:
    """Return what bake asks confirmation for: whoever wrote the compose file has decided already."""
    allowed: dict[str, None] = {}
    for image in builds:
        allowed |= dict.fromkeys(_entitlements(image))
        if image.build.network == "host":
            allowed["network.host"] = None
        if image.build.ssh:
            allowed["ssh"] = None
    return tuple(sorted(allowed))


def _csv(*fields: str) -> str:
    """Join fields as bake splits them: one that has a comma or a quote is quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _escaped(value: Any) -> Any:
    """Return `value` with every text protected: bake evaluates `${…}` and `%{…}`, in keys too."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value
