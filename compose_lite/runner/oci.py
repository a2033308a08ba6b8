"""Speaks with a registry about artifacts: manifests and blobs, with the login that the `docker` command has stored.

As the OCI distribution specification 1.1 has it, as far as pushing and fetching small artifacts needs it.
"""

from __future__ import annotations

import http.client
import json
import re
from base64 import b64encode, urlsafe_b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

from compose_lite.errors import ComposeLiteError
from compose_lite.runner.registry import credentials_for_image

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
# A registry that keeps us waiting (seconds), or sends more than compose files can be, is given up.
_TIMEOUT = 30
_LARGEST = 16 * 1024 * 1024
_REDIRECTS = 5
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
    """

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        self._host, _, self._path = name.partition("/")
        self._name = name
        self._environ = environ
        self._authorization: str | None = None

    def put_blob(self, data: bytes) -> str:
        """Upload bytes unless they are there; returns their digest."""
        digest = digest_of(data)
        if self._ask("HEAD", f"blobs/{digest}", wanted=(200, 404)).status == 200:
            return digest
        begun = self._ask("POST", "blobs/uploads/", wanted=(202,))
        place = urljoin(self._url("blobs/uploads/"), begun.headers.get("Location", ""))
        place += f"{'&' if urlsplit(place).query else '?'}digest={quote(digest)}"
        self._ask("PUT", place, data, {"Content-Type": "application/octet-stream"}, wanted=(201,))
        return digest

    def put_manifest(self, reference: str, manifest: bytes) -> str:
        """Put a manifest under a tag; returns its digest."""
        self._ask("PUT", f"manifests/{reference}", manifest, {"Content-Type": MANIFEST}, wanted=(201,))
        return digest_of(manifest)

    def manifest(self, reference: str) -> bytes:
        """The manifest of a tag or a digest; of a digest, it is what the digest says."""
        found = self._ask("GET", f"manifests/{reference}", headers={"Accept": MANIFEST}, wanted=(200,)).body
        return self._checked(found, reference) if ":" in reference else found

    def blob(self, digest: str) -> bytes:
        """The bytes with a digest."""
        return self._checked(self._ask("GET", f"blobs/{digest}", wanted=(200,)).body, digest)

    def _checked(self, data: bytes, digest: str) -> bytes:
        if digest_of(data) != digest:
            raise RegistryError(
                f"{self._host} sent something else than {self._name}@{digest}",
                hint="somebody may have changed it on the way or in the registry: don't use it",
            )
        return data

    def _url(self, path: str) -> str:
        host = urlsplit(f"//{self._host}").hostname or ""
        scheme = "http" if host in _LOOPBACK else "https"
        return urljoin(f"{scheme}://{self._host}/v2/{self._path}/", path)

    def _ask(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        wanted: tuple[int, ...],
    ) -> _Answer:
        """Send a request, with a login where one is asked for; raises `RegistryError` for an unwanted status."""
        answer = self._send(method, self._url(path), data, headers or {})
        if answer.status == 401:
            self._log_in(answer.headers.get("WWW-Authenticate", ""))
            answer = self._send(method, self._url(path), data, headers or {})
        if answer.status not in wanted:
            raise self._refused(answer)
        return answer

    def _send(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> _Answer:
        for _ in range(_REDIRECTS):
            sent = dict(headers)
            if self._authorization is not None and urlsplit(url).netloc == self._host:
                sent["Authorization"] = self._authorization  # for nobody else's eyes
            answer = self._exchange(method, url, data, sent)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            url = urljoin(url, answer.headers.get("Location", ""))
        raise RegistryError(f"{self._host} sends us from one place to the next")

    def _exchange(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> _Answer:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RegistryError(f"{self._host} names an address that is none: {url}")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT)
        try:
            connection.request(
                method, url[url.index(parts.netloc) + len(parts.netloc) :] or "/", data, dict(headers)
            )
            answer = connection.getresponse()
            body = answer.read(_LARGEST + 1)
        except (OSError, http.client.HTTPException) as error:
            raise RegistryError(f"the registry {self._host} can't be reached: {error}") from error
        finally:
            connection.close()
        if len(body) > _LARGEST:
            raise RegistryError(f"{self._host} sends more than compose files can be")
        return _Answer(answer.status, answer.headers, body)

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
            answer = self._exchange("POST", realm, urlencode(form).encode(), sent)
        else:
            headers = {"Authorization": basic} if basic else {}
            answer = self._exchange("GET", f"{realm}?{urlencode(wish)}", None, headers)
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


def _words(body: bytes) -> str:
    """The registry's own words."""
    try:
        return "; ".join(str(error.get("message")) for error in json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return body[:200].decode(errors="replace").strip()
