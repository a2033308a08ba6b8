"""Pulls and pushes: against a real registry, and what is tried again or not against scripted answers."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from compose_lite.errors import DaemonError, DaemonUnavailable, NotFound
from compose_lite.runner.progress import LayerProgress
from compose_lite.runner.pull import pull_image, push_image
from compose_lite.runner.registry import credentials_for_build, credentials_for_image
from tests.e2e.images import ensure_busybox
from tests.runner.registry_server import PASSWORD, USER, Registry

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = {"DOCKER_CONFIG": "/nonexistent"}


@pytest.fixture
def registry(tmp_path):
    server = Registry(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def guarded(tmp_path):
    server = Registry(tmp_path, password=True).start()
    yield server
    server.stop()


# a real registry


@pytest.mark.daemon
def test_an_image_goes_to_the_registry_and_comes_back(daemon, registry, make_reference):
    ref = make_reference(registry.host)
    original = daemon.inspect_image(ensure_busybox())["Id"]
    daemon.tag_image(ensure_busybox(), ref=ref)
    heard: list[tuple[str, int | None, int | None]] = []
    push_image(daemon, ref, report=lambda *news: heard.append(news), environ=NOWHERE)
    daemon.remove_image(ref)
    assert pull_image(daemon, ref, report=lambda *news: heard.append(news), environ=NOWHERE) == original
    assert heard
    assert heard[-1][0] == "1 of 1 layers done"


@pytest.mark.daemon
def test_a_password_is_taken_from_dockers_configuration(daemon, guarded, make_reference, tmp_path):
    ref = make_reference(guarded.host)
    daemon.tag_image(ensure_busybox(), ref=ref)
    with pytest.raises(DaemonError, match=ref) as refused:
        push_image(daemon, ref, environ=NOWHERE)
    assert f"docker login {guarded.host}" in str(refused.value.hint)

    environ = guarded.docker_config(tmp_path / "docker")
    push_image(daemon, ref, environ=environ)
    daemon.remove_image(ref)
    assert pull_image(daemon, ref, environ=environ)
    with pytest.raises(DaemonError, match="no basic auth credentials"):
        pull_image(daemon, make_reference(guarded.host), environ=NOWHERE)


@pytest.mark.daemon
def test_an_image_that_the_registry_lacks_is_said_at_once(daemon, registry):
    ref = f"{registry.host}/nobody/nothing:7"
    with pytest.raises(NotFound) as absent:
        pull_image(daemon, ref, environ=NOWHERE, pause=refuse_to_wait)
    assert f"can't pull {ref}: " in str(absent.value)
    assert any(
        words in str(absent.value) for words in ("manifest unknown", "not found")
    )  # by the image store
    assert "check the name and the tag" in str(absent.value.hint)


@pytest.mark.daemon
def test_a_registry_that_comes_up_late_is_waited_for(daemon, registry, make_reference):
    ref = make_reference(registry.host)
    daemon.tag_image(ensure_busybox(), ref=ref)
    push_image(daemon, ref, environ=NOWHERE)
    daemon.remove_image(ref)
    registry.stop()
    heard: list[str] = []
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            registry.start()

    assert pull_image(daemon, ref, report=lambda *news: heard.append(news[0]), environ=NOWHERE, pause=pause)
    assert waits == sorted(waits)
    assert len(waits) == 2
    assert sum(text.startswith("trying again in") for text in heard) == 2


@pytest.mark.daemon
def test_a_pull_that_brings_nothing_new_counts_as_fresh(daemon, registry, make_reference):
    ref = make_reference(registry.host)
    daemon.tag_image(ensure_busybox(), ref=ref)
    push_image(daemon, ref, environ=NOWHERE)
    before = daemon.inspect_image(ref)["Metadata"]["LastTagTime"]
    pull_image(daemon, ref, environ=NOWHERE)
    assert daemon.inspect_image(ref)["Metadata"]["LastTagTime"] > before


def refuse_to_wait(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s in vain")


# scripted answers


class Daemon:
    """Answers each pull with the next of some errors, then succeeds."""

    def __init__(self, *errors: DaemonError) -> None:
        self.errors = list(errors)
        self.asked: list[tuple[str, str | None, str | None]] = []

    def pull_image(self, ref, *, platform=None, auth=None):
        self.asked.append((ref, platform, auth))
        return Feed(self.errors.pop(0) if self.errors else None)

    def inspect_image(self, ref):
        return {"Id": "sha256:1"}

    def tag_image(self, image, *, ref):
        assert "@" not in ref


class Feed:
    def __init__(self, error: DaemonError | None) -> None:
        self.error = error

    def __iter__(self):
        yield {"status": "Pulling from x", "id": "latest"}
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "message",
    [
        'Get "https://r.example/v2/": net/http: TLS handshake timeout',
        "toomanyrequests: You have reached your pull rate limit.",
        "received unexpected HTTP status: 503 Service Unavailable",
        "dial tcp: lookup r.example on 10.0.0.1:53: server misbehaving",
        "read tcp 10.0.0.2:1->10.0.0.3:443: read: connection reset by peer",
        "unexpected EOF",
    ],
)
def test_what_may_pass_is_tried_again(message):
    daemon, waits = Daemon(DaemonError(message), DaemonError(message)), []
    assert pull_image(daemon, "x", environ=NOWHERE, pause=waits.append) == "sha256:1"
    assert len(daemon.asked) == 3
    assert waits == sorted(waits)


def test_patience_ends_and_the_last_words_are_shown():
    daemon = Daemon(*[DaemonError("i/o timeout")] * 9)
    with pytest.raises(DaemonError, match="can't pull x:1: i/o timeout") as failed:
        pull_image(daemon, "x:1", environ=NOWHERE, pause=lambda _: None)
    assert len(daemon.asked) == 4
    assert "several attempts failed" in str(failed.value.hint)


@pytest.mark.parametrize(
    ("message", "kind", "hint"),
    [
        ("pull access denied for x, repository does not exist or may require 'docker login': denied", DaemonError, "docker login"),
        ("unauthorized: authentication required", DaemonError, "docker login"),
        ("manifest for x:9 not found: manifest unknown", NotFound, "check the name"),
        ("no matching manifest for linux/amd64 in the manifest list entries", NotFound, "other platforms"),
        ("invalid reference format", NotFound, "check the name"),
        ("no space left on device", DaemonError, None),
    ],
)  # fmt: skip
def test_what_will_not_pass_is_not_tried_again(message, kind, hint):
    daemon = Daemon(DaemonError(message))
    with pytest.raises(DaemonError) as failed:
        pull_image(daemon, "x:9", environ=NOWHERE, pause=refuse_to_wait)
    assert type(failed.value) is kind
    assert message in str(failed.value)
    assert hint is None or hint in str(failed.value.hint)


def test_no_daemon_is_not_the_registrys_fault():
    with pytest.raises(DaemonUnavailable, match=r"^no daemon$"):
        pull_image(Daemon(DaemonUnavailable("no daemon")), "x", environ=NOWHERE, pause=refuse_to_wait)


def test_the_platform_and_the_credentials_are_sent(tmp_path):
    daemon = Daemon()
    environ = write_config(tmp_path, {"auths": {"r.example": {"auth": "YWxpOnNlc2FtZQ=="}}})
    pull_image(daemon, "r.example/x:1", platform="linux/arm64", environ=environ)
    [(ref, platform, auth)] = daemon.asked
    assert (ref, platform) == ("r.example/x:1", "linux/arm64")
    assert decoded(auth)["username"] == USER


# credentials


def write_config(folder: Path, config: dict[str, object]) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}


def write_helper(folder: Path, name: str, script: str) -> None:
    path = folder / f"docker-credential-{name}"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def decoded(header: str | None) -> dict[str, str]:
    import base64

    assert header is not None
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(header))
    return {key.lower(): value for key, value in found.items()}


def test_no_configuration_costs_no_import():
    import subprocess
    import sys

    code = (
        "import sys; from compose_lite.runner.registry import credentials_for_image as c; "
        "assert c('r.example/x', {'DOCKER_CONFIG': '/nonexistent'}).header is None; "
        "sys.exit('docker' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("ref", ["x", "me/x:1", "docker.io/me/x"])
def test_the_default_registry(tmp_path, ref):
    environ = write_config(tmp_path, {"auths": {"https://index.docker.io/v1/": {"auth": "YWxpOnNlc2FtZQ=="}}})
    assert decoded(credentials_for_image(ref, environ).header)["password"] == PASSWORD
    assert credentials_for_image("r.example/x", environ).header is None


def test_an_identity_token(tmp_path):
    environ = write_config(tmp_path, {"auths": {"r.example": {"identitytoken": "t0ken"}}})
    assert decoded(credentials_for_image("r.example/x", environ).header) == {"identitytoken": "t0ken"}


def test_a_name_and_a_password_that_stand_there_openly(tmp_path):
    environ = write_config(tmp_path, {"auths": {"r.example": {"username": USER, "password": PASSWORD}}})
    found = decoded(credentials_for_image("r.example/x", environ).header)
    assert (found["username"], found["password"]) == (USER, PASSWORD)


@pytest.mark.parametrize("entry", [{"auth": "###"}, {"auth": "bm9jb2xvbg=="}, None, "ali"])
def test_a_damaged_entry_is_mentioned_and_harms_no_other(tmp_path, entry):
    auths = {"r.example": entry, "other.example": {"auth": "YWxpOnNlc2FtZQ=="}}
    environ = write_config(tmp_path, {"auths": auths})
    found = credentials_for_image("r.example/x", environ)
    assert found.header is None
    assert (
        found.problem
        == "the login stored for r.example is damaged: log in anew with `docker login r.example`"
    )
    assert decoded(credentials_for_image("other.example/x", environ).header)["username"] == USER
    assert list(decoded(credentials_for_build(environ).header)) == ["other.example"]


@pytest.mark.parametrize("said", ["", "not json", "{}"])
def test_a_credential_helper_that_talks_nonsense(tmp_path, monkeypatch, said):
    write_helper(tmp_path, "ours", f"cat >/dev/null; echo '{said}'")
    environ = write_config(tmp_path, {"credsStore": "ours"})
    monkeypatch.setenv("PATH", environ["PATH"])
    found = credentials_for_image("r.example/x", environ)
    assert found.header is None
    assert str(found.problem).startswith("the stored credentials can't be read")


def test_an_identity_token_of_a_credential_helper(tmp_path, monkeypatch):
    write_helper(tmp_path, "ours", 'cat >/dev/null; echo \'{"Username": "<token>", "Secret": "t0ken"}\'')
    environ = write_config(tmp_path, {"credsStore": "ours"})
    monkeypatch.setenv("PATH", environ["PATH"])
    assert decoded(credentials_for_image("r.example/x", environ).header)["identitytoken"] == "t0ken"


@pytest.mark.parametrize("section", [{"credsStore": "ours"}, {"credHelpers": {"r.example": "ours"}}])
def test_a_credential_helper(tmp_path, monkeypatch, section):
    write_helper(tmp_path, "ours", 'cat >/dev/null; echo \'{"Username": "ali", "Secret": "sesame"}\'')
    environ = write_config(tmp_path, section)
    monkeypatch.setenv("PATH", environ["PATH"])
    found = decoded(credentials_for_image("r.example/x:1", environ).header)
    assert (found["username"], found["password"]) == (USER, PASSWORD)


def test_a_helper_that_fails_is_mentioned_only_when_the_registry_refuses(tmp_path):
    environ = write_config(tmp_path, {"credsStore": "missing"})
    assert pull_image(Daemon(), "r.example/x", environ=environ) == "sha256:1"
    with pytest.raises(DaemonError) as refused:
        pull_image(Daemon(DaemonError("denied")), "r.example/x", environ=environ)
    assert "docker-credential-missing" in str(refused.value.hint)


def test_a_broken_configuration_is_none(tmp_path):
    (tmp_path / "config.json").write_text("{")
    assert credentials_for_image("x", {"DOCKER_CONFIG": str(tmp_path)}).header is None


def test_a_build_gets_all_credentials(tmp_path):
    environ = write_config(tmp_path, {"auths": {"a.example": {"auth": "YWxpOnNlc2FtZQ=="}, "b.example": {}}})
    assert list(decoded(credentials_for_build(environ).header)) == ["a.example"]


# progress


def test_layers_add_up():
    progress = LayerProgress()
    messages = [
        {"status": "Pulling from x", "id": "latest"},
        {"status": "Already exists", "id": "a"},
        {"status": "Pulling fs layer", "id": "b"},
        {"status": "Downloading", "id": "b", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "c", "progressDetail": {"current": 5, "total": 50}},
        {"status": "Download complete", "id": "b"},
        {"status": "Extracting", "id": "b", "progressDetail": {"current": 1, "total": 100}},
        {"status": "Pull complete", "id": "b"},
        {"status": "Pull complete", "id": "c"},
        {"status": "Status: Downloaded newer image for x"},
    ]
    assert [progress.update(message) for message in messages] == [
        None,
        ("1 of 1 layers done", None, None),
        ("1 of 2 layers done", None, None),
        ("Downloading, 1 of 2 layers done", 10, 100),
        ("Downloading, 1 of 3 layers done", 15, 150),
        ("Downloading, 1 of 3 layers done", 105, 150),
        ("Downloading, 1 of 3 layers done", 105, 150),
        ("Downloading, 2 of 3 layers done", 105, 150),
        ("3 of 3 layers done", 150, 150),
        None,
    ]
