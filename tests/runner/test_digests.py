"""Image references in full, and what is said when a registry has no digest."""

from typing import Any

import pytest

from compose_lite.errors import DaemonError, NotFound
from compose_lite.runner.digests import DigestError, parse_reference, pinned

SHA = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("web", "docker.io/library/web:latest"),
        ("shop/web:2", "docker.io/shop/web:2"),
        ("index.docker.io/web", "docker.io/library/web:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("127.0.0.1:5000/a/b.c__d--e:1.0_x", "127.0.0.1:5000/a/b.c__d--e:1.0_x"),
        ("[::1]:5000/web", "[::1]:5000/web:latest"),
        (f"web@{SHA}", f"docker.io/library/web@{SHA}"),
        (f"host.example/web:1@{SHA}", f"host.example/web@{SHA}"),
    ],
)
def test_references_are_written_in_full(image: str, full: str) -> None:
    assert str(parse_reference(image)) == full


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("shop/Web", "lower case"),
        ("web:", "not a tag"),
        ("web:a b", "not a tag"),
        ("web@sha256:12", "not a digest"),
        ("", "not the name of an image"),
        ("a//b", "not the name of an image"),
        ("-a", "not the name of an image"),
        ("host.example:x/web", "not the name of an image"),
        ("ab" * 32, "not the name of an image"),
        ("a" * 300, "longer than 255"),
    ],
)
def test_what_is_no_reference_is_refused(image: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_reference(image)


class Registries:
    """A daemon that knows the digests of some images; `asked` notes for which it was asked."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.asked: list[str] = []

    def inspect_distribution(self, ref: str, *, auth: str | None = None) -> dict[str, Any]:
        self.asked.append(ref)
        name = ref.rpartition("/")[2].partition(":")[0]
        if name not in self.known:
            raise NotFound("manifest unknown")
        return {"Descriptor": {"digest": self.known[name]}}


def pin(daemon: Any, *images: str) -> dict[str, str]:
    return pinned(daemon, images, {"HOME": "/nowhere"})


def test_each_image_is_asked_for_once_and_pinned_ones_not_at_all() -> None:
    daemon = Registries(web=SHA)
    assert pin(daemon, "web:1", f"db@{SHA}", "web:1") == {
        "web:1": f"docker.io/library/web:1@{SHA}",
        f"db@{SHA}": f"docker.io/library/db@{SHA}",
    }
    assert daemon.asked == ["docker.io/library/web:1"]


def test_every_image_without_a_digest_is_named() -> None:
    with pytest.raises(DigestError) as caught:
        pin(Registries(web=SHA), "web", "db", "Cache")
    told = [problem.message for problem in caught.value.problems]
    assert len(told) == 2
    assert told[0].startswith("the digest of Cache can't be resolved")
    assert told[1] == "can't resolve the digest of docker.io/library/db:latest: manifest unknown"
    assert {problem.code for problem in caught.value.problems} == {"no-digest"}


def test_a_refusal_tells_how_to_log_in() -> None:
    class Refusing(Registries):
        def inspect_distribution(self, ref: str, *, auth: str | None = None) -> dict[str, Any]:
            raise DaemonError("unauthorized: authentication required", status=401)

    with pytest.raises(DigestError) as caught:
        pin(Refusing(), "host.example/web")
    assert "docker login host.example" in (caught.value.problems[0].hint or "")
