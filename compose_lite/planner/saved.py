"""Plans kept in a file: what they were made from, and whether that still holds.

A saved plan is not carried out as it was written down: the same request is planned again, and the new plan must
be the same, made from the same state. So a saved plan holds no secret and no instruction that could be forged.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

from compose_lite.errors import PlanError, Problem
from compose_lite.lazy_dataclasses import fields
from compose_lite.planner import requests
from compose_lite.planner.files import files_of
from compose_lite.planner.hashing import network_hash, service_hash, volume_hash
from compose_lite.planner.render import to_dict
from compose_lite.spec.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compose_lite.planner.observed import Observed, ObservedContainer
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.requests import Contents
    from compose_lite.spec.model import Project

Request = TypeVar("Request")
Document = dict[str, Any]

FORMAT = "compose-lite-plan"
VERSION = 1
_DIGITS = 16
_HINT = "look at the new plan: compose-lite plan"

_PARTS: dict[str, tuple[type, ...]] = {
    "project": (str,),
    "source": (dict, type(None)),
    "definition": (dict,),
    "scale": (dict,),
    "requests": (list,),
    "state": (dict,),
    "plans": (list,),
}
_REQUESTS = {
    kind.__name__: kind
    for kind in (
        requests.UpRequest,
        requests.ImagesRequest,
        requests.DownRequest,
        requests.StartRequest,
        requests.StopRequest,
        requests.RestartRequest,
        requests.KillRequest,
        requests.PauseRequest,
        requests.UnpauseRequest,
        requests.RemoveRequest,
        requests.RollbackRequest,
        requests.PullRequest,
        requests.BuildRequest,
    )
}


def save(
    project: Project | None,
    observed: Observed,
    asked: Sequence[object],
    plans: Sequence[Plan],
    contents: Contents = EMPTY,
    *,
    scale: Mapping[str, int] = EMPTY,
) -> Document:
    """A plan as JSON-ready data, with all that is needed to make it again and to see whether it still holds.

    Args:
        asked: the requests that the plans were made from, in the order in which the verb takes them.
        contents: as for `converge.plan_up`.
        scale: numbers of containers that the command line asked for, by service.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "project": observed.project,
        "source": None if project is None else _source(project),
        "definition": {} if project is None else definition(project, contents),
        "scale": dict(sorted(scale.items())),
        "requests": [_request_to_dict(request) for request in asked],
        "state": fingerprint(observed),
        "plans": [to_dict(plan) for plan in plans],
    }


def read(text: str) -> Document:
    """The document that `save` made.

    Raises:
        PlanError: the text is none, or one of another version.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PlanError(f"this is no saved plan: {error}", code="not-a-plan") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PlanError(
            "this is no saved plan", hint="make one: compose-lite plan --out FILE", code="not-a-plan"
        )
    if document.get("version") != VERSION:
        raise PlanError(
            f"the saved plan has version {document.get('version')!r}, this program reads {VERSION}",
            hint="make it again with this program",
            code="not-a-plan",
        )
    damaged = [key for key, kinds in _PARTS.items() if not isinstance(document.get(key, ...), kinds)]
    if damaged or not document["requests"]:
        raise PlanError(
            f"the saved plan is damaged: {', '.join(damaged) or 'requests'}",
            hint="make it again",
            code="not-a-plan",
        )
    return document


def requests_of(document: Document) -> tuple[Any, ...]:
    """The requests that the plan was made from."""
    return tuple(_request_from_dict(told) for told in document["requests"])


def check(
    document: Document,
    project: Project | None,
    observed: Observed,
    plans: Sequence[Plan],
    contents: Contents = EMPTY,
) -> None:
    """Make sure that the plan, made again, is the one that was saved, from the files and the state of that time.

    Raises:
        PlanError: with each thing that moved; nothing may be carried out then.
    """
    state = moved(document["state"], fingerprint(observed))
    files = moved(document["definition"], {} if project is None else definition(project, contents))
    problems = [Problem(code="state-moved", message=line, hint=_HINT) for line in state]
    problems.extend(Problem(code="files-moved", message=f"{line} in the files", hint=_HINT) for line in files)
    if not problems and [to_dict(plan) for plan in plans] != document["plans"]:
        message = "the same request leads to another plan now"
        problems = [Problem(code="plan-moved", message=message, hint=_HINT)]
    if problems:
        raise PlanError(problems=problems)


def definition(project: Project, contents: Contents) -> dict[str, str]:
    """What the files say, one entry a service, network and volume, as digests."""
    told = {
        f"service {service.name}": service_hash(project, service, files_of(project, service, contents))
        for service in project.services.values()
    }
    told.update((f"network {n.key}", network_hash(n)) for n in project.networks.values())
    told.update((f"volume {v.key}", volume_hash(v)) for v in project.volumes.values())
    return {thing: digest[:_DIGITS] for thing, digest in sorted(told.items())}


def fingerprint(observed: Observed) -> dict[str, str]:
    """What the daemon has, one entry a thing: `container NAME (ID)` → its state and a digest of the rest.

    Health is left out: it changes by itself, and a plan waits for it anyway.
    """
    told = {f"container {c.name} ({c.id[:12]})": _container(c) for c in observed.containers}
    told.update((f"network {name}", network.id[:12]) for name, network in observed.networks.items())
    told.update((f"volume {name}", _digest(dict(v.labels))) for name, v in observed.volumes.items())
    told.update((f"image {ref}", image.id) for ref, image in observed.images.items())
    return dict(sorted(told.items()))


def _container(container: ObservedContainer) -> str:
    state = container.state if container.exit_code is None else f"{container.state} ({container.exit_code})"
    rest = {
        "image": container.image_id,
        "labels": dict(container.labels),
        "networks": sorted(endpoint.network for endpoint in container.endpoints),
        "mounts": sorted(f"{mount.target}={mount.name or mount.source}" for mount in container.mounts),
    }
    return f"{state} {_digest(rest)}"


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:_DIGITS]


def moved(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What changed between two fingerprints, one line each."""
    lines = []
    for thing in sorted(then.keys() | now.keys()):
        before, after = then.get(thing), now.get(thing)
        if before == after:
            continue
        if before is None:
            lines.append(f"{thing} is new")
        elif after is None:
            lines.append(f"{thing} is gone")
        else:
            lines.append(f"{thing} changed{_states(before, after)}")
    return tuple(lines)


def _states(before: str, after: str) -> str:
    """`: running → exited (1)` where that is what changed."""
    old, new = before.rpartition(" ")[0], after.rpartition(" ")[0]
    return f": {old} → {new}" if old != new else ""


def _source(project: Project) -> Document:
    """Where the project was read from, to read it again."""
    return {
        "name": project.name,
        "instance": project.instance,
        "working_dir": project.working_dir,
        "compose_files": list(project.compose_files),
        "env_files": list(project.env_files),
        "profiles": list(project.profiles),
    }


def _request_to_dict(request: Any) -> Document:
    told = {}
    for field in fields(request):
        value = getattr(request, field.name)
        if value != field.default:
            told[field.name] = sorted(value) if isinstance(value, frozenset) else value
    return {"kind": type(request).__name__, **told}


def _request_from_dict(told: Document) -> Any:
    known = dict(told)
    kind = _REQUESTS.get(str(known.pop("kind", "")))
    if kind is None:
        raise PlanError(f"the saved plan is for an unknown request {told.get('kind')!r}", code="not-a-plan")
    values = {}
    for field in fields(kind):
        if field.name in known:
            value = known.pop(field.name)
            if isinstance(value, list):
                value = frozenset(value) if isinstance(field.default, frozenset) else tuple(value)
            values[field.name] = value
    if known:
        raise PlanError(
            f"the saved plan asks for unknown things: {', '.join(sorted(known))}", code="not-a-plan"
        )
    return kind(**values)
