"""Asks registries for the digests of images, so that a file can name exactly what it means.

The form of references is that of the distribution project (reference grammar, `docker.io/library/` implied).
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from compose_lite.errors import ComposeLiteError, DaemonError, Problem
from compose_lite.lazy_dataclasses import dataclass
from compose_lite.runner.parallel import gather
from compose_lite.runner.pull import patiently

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compose_lite.runner.daemon import Daemon

_DEFAULT_DOMAIN, _DEFAULT_FOLDER = "docker.io", "library/"
_LONGEST_PATH = 255

_DOMAIN_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\Z")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
_TAG = re.compile(r"\w[\w.-]{0,127}\Z", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}\Z")
_IMAGE_ID = re.compile(r"[a-f0-9]{64}\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An image's full name: `name` with its registry, and a tag or a digest."""

    name: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse_reference(image: str) -> Reference:
    """Return the full name that a short one stands for; a digest makes the tag beside it void.

    Raises:
        ValueError: it is no image reference; the text says why.
    """
    rest, at, digest = image.partition("@")
    if at and not _DIGEST.match(digest):
        raise ValueError(f"{digest!r} is not a digest, such as sha256:<64 hexadecimal digits>")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        head, tag = rest, ""
    elif not _TAG.match(tag):
        raise ValueError(f"{tag!r} is not a tag")
    domain, path = _split_domain(head)
    if path != path.lower():
        raise ValueError(f"the repository name {path!r} must be in lower case")
    if not _DOMAIN.match(domain) or not _PATH.match(path) or _IMAGE_ID.match(head):
        raise ValueError(f"{image!r} is not the name of an image")
    if len(path) > _LONGEST_PATH:
        raise ValueError(f"the repository name is longer than {_LONGEST_PATH} characters")
    return Reference(name=f"{domain}/{path}", tag="" if digest else tag or "latest", digest=digest)


def _split_domain(name: str) -> tuple[str, str]:
    """The registry and the path: what stands before the first slash is a registry if it looks like a host."""
    first, slash, path = name.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost" or first != first.lower()):
        domain, path = _DEFAULT_DOMAIN, name
    else:
        domain = _DEFAULT_DOMAIN if first == f"index.{_DEFAULT_DOMAIN}" else first
    if domain == _DEFAULT_DOMAIN and "/" not in path:
        path = _DEFAULT_FOLDER + path
    return domain, path


def pinned(daemon: Daemon, images: Iterable[str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return for each image its full name with the digest that its registry has for it now.

    Images that name a digest already are only written in full. Registries are asked side by side, with the
    credentials that the `docker` command has stored.

    Raises:
        DigestError: for some images there is none; a problem for each, code `no-digest`.
    """
    wanted = sorted(set(images))
    outcomes = gather([partial(_pinned, daemon, image, environ) for image in wanted])
    problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    if problems:
        raise DigestError(problems=problems)
    return dict(zip(wanted, map(str, outcomes), strict=True))


class DigestError(ComposeLiteError):
    """The digests of some images can't be had."""

    code = "no-digest"


def _pinned(daemon: Daemon, image: str, environ: Mapping[str, str] | None) -> str | Problem:
    try:
        reference = parse_reference(image)
    except ValueError as error:
        return Problem(code="no-digest", message=f"the digest of {image} can't be resolved: {error}")
    if reference.digest:
        return str(reference)
    full = str(reference)
    try:
        found = patiently(
            "resolve the digest of",
            full,
            lambda auth: daemon.inspect_distribution(full, auth=auth),
            environ=environ,
        )
    except DaemonError as error:
        return Problem(code="no-digest", message=str(error), hint=error.hint)
    return f"{full}@{found['Descriptor']['digest']}"
