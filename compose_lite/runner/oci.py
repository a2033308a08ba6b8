"""Speaks with a registry about artifacts: manifests and blobs, with the login that the `docker` command has stored.

As the OCI distribution specification 1.1 has it, as far as pushing and fetching small artifacts needs it.
"""

from __future__ import annotations

import http.client
import json
import re
from base64 import b64encode, urlsafe_b64decode
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

from compose_lite.errors import ComposeLiteError
from compose_lite.runner.registry import credentials_for_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_IMAGE_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
# What names others instead of being an image itself, and all that stands for an image.
INDEXES = (INDEX, _MANIFEST_LIST)
IMAGES = (*INDEXES, MANIFEST, _IMAGE_MANIFEST)
# A registry that keeps us waiting (seconds), or sends more than compose files can be, is given up.
_TIMEOUT = 30
_LARGEST = 16 * 1024 * 1024
_REDIRECTS = 5
_REDIRECTED = (301, 302, 303, 307, 308)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RegistryError(ComposeLiteError):
    """A registry can't be reached, refuses, or answers what can't be.

    Attributes:
        status: HTTP status of the answer, None if there was none.
    """

    code = "registry"

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Manifest(NamedTuple):
    """A manifest as a registry has it, and what kind it is."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """The digest under which the registry keeps it."""
        return digest_of(self.content)


class _Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def digest_of(data: bytes) -> str:
    """The digest under which a registry keeps these bytes."""
    return f"sha256:{sha256(data).hexdigest()}"


class Repository:
    """One repository of a registry.

    Args:
        name: with its registry: `registry.example/team/app`.
        environ: variables that say where logins are stored.
        plain_http: speak to the registry without TLS; with those on loopback that is done in any case.
    """

    def __init__(self, name: str, environ: Mapping[str, str], *, plain_http: bool = False) -> None:
        self._host, _, self._path = name.partition("/")
        self._name = name
        self._plain_http = plain_http
        self._environ = environ
        self._authorization: str | None = None

    def beside(self, name: str) -> Repository:
        """Another repository, spoken to in the same way if it is in the same registry."""
        here = name.partition("/")[0] == self._host
        return Repository(name, self._environ, plain_http=self._plain_http and here)

    def put_blob(self, data: bytes) -> str:
        """Upload bytes unless they are there; returns their digest."""
        digest = digest_of(data)
        if not self._has_blob(digest):
            begun = self._ask("POST", "blobs/uploads/", wanted=(202,))
            self._upload(begun, digest, data, len(data))
        return digest

    def copy_blob(self, source: Repository, digest: str, size: int) -> None:
        """Have a blob of another repository, without a way through this machine if the registry can do that."""
        if self._has_blob(digest):
            return
        wish = {"mount": digest, "from": source._path} if source._host == self._host else {}
        begun = self._ask("POST", f"blobs/uploads/?{urlencode(wish)}", wanted=(201, 202))
        if begun.status == 202:
            with source._blob_stream(digest) as stream:
                self._upload(begun, digest, stream, size)

    def put_manifest(self, reference: str, manifest: bytes, media_type: str = MANIFEST) -> str:
        """Put a manifest under a tag or its own digest; returns its digest."""
        self._ask("PUT", f"manifests/{reference}", manifest, {"Content-Type": media_type}, wanted=(201,))
        return digest_of(manifest)

    def put_referrer(self, manifest: bytes, subject: str, *, media_type: str, artifact_type: str) -> None:
        """Put a manifest that refers to the one with the digest `subject`, where it can be found from that one."""
        digest = digest_of(manifest)
        sent = {"Content-Type": media_type}
        answer = self._ask("PUT", f"manifests/{digest}", manifest, sent, wanted=(201,))
        if "OCI-Subject" not in answer.headers:  # the registry keeps no list of referrers itself
            entry = {"mediaType": media_type, "digest": digest, "size": len(manifest)}
            self._list_referrer(subject, {**entry, "artifactType": artifact_type})

    def _list_referrer(self, subject: str, entry: dict[str, object]) -> None:
        """Keep the list under the tag that the distribution specification has for such registries."""
        tag = subject.replace(":", "-", 1)
        try:
            known = json.loads(self.manifest(tag, (INDEX,)).content)["manifests"]
        except RegistryError as error:
            if error.status != 404:
                raise
            known = []
        others = [other for other in known if other["digest"] != entry["digest"]]
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*others, entry]}
        self.put_manifest(tag, json.dumps(index).encode(), INDEX)

    def manifest(self, reference: str, accept: tuple[str, ...] = (MANIFEST,)) -> Manifest:
        """The manifest of a tag or a digest; of a digest, it is what the digest says."""
        answer = self._ask(
            "GET", f"manifests/{reference}", headers={"Accept": ", ".join(accept)}, wanted=(200,)
        )
        content = self._checked(answer.body, reference) if ":" in reference else answer.body
        return Manifest(media_type=answer.headers.get_content_type(), content=content)

    def blob(self, digest: str) -> bytes:
        """The bytes with a digest."""
        return self._checked(self._ask("GET", f"blobs/{digest}", wanted=(200,)).body, digest)

    def _has_blob(self, digest: str) -> bool:
        return self._ask("HEAD", f"blobs/{digest}", wanted=(200, 404)).status == 200

    def _upload(self, begun: _Answer, digest: str, data: bytes | http.client.HTTPResponse, size: int) -> None:
        """Send what was announced; the registry checks it against the digest."""
        place = urljoin(self._url("blobs/uploads/"), begun.headers.get("Location", ""))
        place += f"{'&' if urlsplit(place).query else '?'}digest={quote(digest)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self._ask("PUT", place, data, headers, wanted=(201,))

    @contextmanager
    def _blob_stream(self, digest: str) -> Iterator[http.client.HTTPResponse]:
        """The bytes with a digest as they come; nobody has checked them yet."""
        self._ask("HEAD", f"blobs/{digest}", wanted=(200,))  # a login is found out without the bytes
        with self._answered("GET", self._url(f"blobs/{digest}"), None, {}) as response:
            if response.status != 200:
                raise self._refused(_answer(response, self._host))
            yield response

    def _checked(self, data: bytes, digest: str) -> bytes:
        if digest_of(data) != digest:
            raise RegistryError(
                f"{self._host} sent something else than {self._name}@{digest}",
                hint="somebody may have changed it on the way or in the registry: don't use it",
            )
        return data

    def _url(self, path: str) -> str:
        host = urlsplit(f"//{self._host}").hostname or ""
        scheme = "http" if self._plain_http or host in _LOOPBACK else "https"
        return urljoin(f"{scheme}://{self._host}/v2/{self._path}/", path)

    def _ask(
        self,
        method: str,
        path: str,
        data: bytes | http.client.HTTPResponse | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        wanted: tuple[int, ...],
    ) -> _Answer:
        """Send a request, with a login where one is asked for; raises `RegistryError` for an unwanted status."""
        answer = self._send(method, self._url(path), data, headers or {})
        if answer.status == 401 and not isinstance(data, http.client.HTTPResponse):
            self._log_in(answer.headers.get("WWW-Authenticate", ""))
            answer = self._send(method, self._url(path), data, headers or {})
        if answer.status not in wanted:
            raise self._refused(answer)
        return answer

    def _send(
        self,
        method: str,
        url: str,
        data: bytes | http.client.HTTPResponse | None,
        headers: Mapping[str, str],
    ) -> _Answer:
        with self._answered(method, url, data, headers) as response:
            return _answer(response, self._host)

    @contextmanager
    def _answered(
        self,
        method: str,
        url: str,
        data: bytes | http.client.HTTPResponse | None,
        headers: Mapping[str, str],
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer to a request, wherever the registry sends us for it; a stream can only be sent once."""
        for _ in range(1 if isinstance(data, http.client.HTTPResponse) else _REDIRECTS):
            sent = dict(headers)
            if self._authorization is not None and urlsplit(url).netloc == self._host:
                sent["Authorization"] = self._authorization  # for nobody else's eyes
            with self._exchange(method, url, data, sent) as response:
                if response.status not in _REDIRECTED:
                    yield response
                    return
                url = urljoin(url, response.headers.get("Location", ""))
        raise RegistryError(f"{self._host} sends us from one place to the next")

    @contextmanager
    def _exchange(
        self,
        method: str,
        url: str,
        data: bytes | http.client.HTTPResponse | None,
        headers: Mapping[str, str],
    ) -> Iterator[http.client.HTTPResponse]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RegistryError(f"{self._host} names an address that is none: {url}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT)
        path = url[url.index(parts.netloc) + len(parts.netloc) :] or "/"
        try:
            connection.request(method, path, data, dict(headers))
            yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise RegistryError(f"the registry {self._host} can't be reached: {error}") from error
        finally:
            connection.close()

    def _log_in(self, challenge: str) -> None:
        """Have ready what the registry's challenge asks for."""
        stored = credentials_for_image(self._name, self._environ)
        login = json.loads(urlsafe_b64decode(stored.header)) if stored.header else {}
        basic = None
        if login.get("username"):
            pair = f"{login['username']}:{login.get('password', '')}".encode()
            basic = f"Basic {b64encode(pair).decode()}"
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() != "bearer":
            self._authorization = basic
            return
        asked = dict(_CHALLENGE.findall(rest))
        self._authorization = f"Bearer {self._token(asked, basic, login.get('identitytoken'))}"

    def _token(self, asked: Mapping[str, str], basic: str | None, identity: str | None) -> str:
        scope = asked.get("scope") or f"repository:{self._path}:pull,push"
        wish = {"service": asked.get("service", ""), "scope": scope}
        realm = asked.get("realm", "")
        if identity:
            form = {
                **wish,
                "grant_type": "refresh_token",
                "client_id": "compose-lite",
                "refresh_token": identity,
            }
            sent = {"Content-Type": "application/x-www-form-urlencoded"}
            asking = self._exchange("POST", realm, urlencode(form).encode(), sent)
        else:
            headers = {"Authorization": basic} if basic else {}
            asking = self._exchange("GET", f"{realm}?{urlencode(wish)}", None, headers)
        with asking as response:
            answer = _answer(response, self._host)
        if answer.status != 200:
            raise self._refused(answer)
        try:
            found = json.loads(answer.body)
            return str(found.get("token") or found["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise RegistryError(f"{realm} did not answer with a token") from error

    def _refused(self, answer: _Answer) -> RegistryError:
        if answer.status in (401, 403):
            hint = f"log in with `docker login {self._host}`, as somebody who may"
            return RegistryError(
                f"{self._host} denies access to {self._name}", hint=hint, status=answer.status
            )
        if answer.status == 404:
            return RegistryError(f"{self._host} has nothing under that name in {self._path}", status=404)
        return RegistryError(
            f"{self._host} answered with status {answer.status}: {_words(answer.body)}", status=answer.status
        )


def _answer(response: http.client.HTTPResponse, host: str) -> _Answer:
    """All of a small answer; raises `RegistryError` for one that is too large to be one of ours."""
    body = response.read(_LARGEST + 1)
    if len(body) > _LARGEST:
        raise RegistryError(f"{host} sends more than compose files can be")
    return _Answer(response.status, response.headers, body)


def _words(body: bytes) -> str:
    """The registry's own words."""
    try:
        return "; ".join(str(error.get("message")) for error in json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return body[:200].decode(errors="replace").strip()
