"""Every attribute of `build` reaches BuildKit, and no secret's content is in the definition."""

from __future__ import annotations

import json

import pytest

from compose_lite import labels
from compose_lite.errors import UsageError
from compose_lite.runner.bake_file import bake_file
from compose_lite.runner.image_build import image_builds
from compose_lite.spec.model import Build, FileGrant, FileObject, Project, Service, Ulimit


def project(*services: Service, **more: object) -> Project:
    return Project(
        name="shop", working_dir="/src", services={service.name: service for service in services}, **more
    )


def service(name: str, **build: object) -> Service:
    return Service(name=name, build=Build(**{"context": "/src", **build}))


def target(found: Service, name: str = "web", **more: object) -> dict[str, object]:
    stack = project(found, **more)
    bake = bake_file(image_builds(stack, (name,)), (name,), variables=stack.environment)
    target = bake.definition["target"][name]
    assert isinstance(target, dict)
    return target


def test_the_plainest_build():
    assert target(service("web")) == {
        "context": "/src",
        "tags": ["shop-web"],
        "labels": {labels.PROJECT: "shop", labels.SERVICE: "web"},
        "output": ["type=docker"],
    }


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ({"dockerfile": "deploy/Dockerfile"}, {"dockerfile": "deploy/Dockerfile"}),
        ({"dockerfile_inline": "FROM x\n"}, {"dockerfile-inline": "FROM x\n"}),
        ({"args": {"A": "1", "UNSET": None}}, {"args": {"A": "1"}}),
        ({"additional_contexts": {"base": "docker-image://x"}}, {"contexts": {"base": "docker-image://x"}}),
        ({"cache_from": ("type=registry,ref=x",)}, {"cache-from": ["type=registry,ref=x"]}),
        ({"cache_to": ("type=inline",)}, {"cache-to": ["type=inline"]}),
        ({"entitlements": ("network.host",)}, {"entitlements": ["network.host"]}),
        ({"privileged": True}, {"entitlements": ["security.insecure"]}),
        (
            {"extra_hosts": (("a", "1.1.1.1"), ("a", "::1"), ("b", "2.2.2.2"))},
            {"extra-hosts": {"a": "1.1.1.1,::1", "b": "2.2.2.2"}},
        ),
        ({"isolation": "default"}, {}),
        ({"network": "none"}, {"network": "none"}),
        ({"no_cache": True}, {"no-cache": True}),
        ({"pull": True}, {"pull": True}),
        ({"provenance": "mode=max"}, {"attest": ["type=provenance,mode=max"]}),
        ({"provenance": "false", "sbom": "true"}, {"attest": ["type=provenance,disabled=true", "type=sbom"]}),
        ({"shm_size": 67108864}, {"shm-size": "67108864"}),
        ({"ssh": ("default", "key=/k")}, {"ssh": ["default", "key=/k"]}),
        ({"tags": ("shop-web:2", "r.example/web")}, {"tags": ["shop-web", "shop-web:2", "r.example/web"]}),
        ({"target": "dev"}, {"target": "dev"}),
        ({"ulimits": {"nofile": Ulimit(soft=1, hard=2)}}, {"ulimits": ["nofile=1:2"]}),
        ({"platforms": ("linux/arm64",)}, {"platforms": ["linux/arm64"]}),
    ],
)
def test_an_attribute(build, expected):
    assert target(service("web", **build)) == {**target(service("web")), **expected}


def test_labels_are_the_given_ones_and_the_projects():
    found = target(service("web", labels={"team": "blue", labels.SERVICE: "spoofed"}))
    assert found["labels"] == {"team": "blue", labels.PROJECT: "shop", labels.SERVICE: "web"}


def test_what_looks_like_a_template_is_taken_literally():
    found = target(service("web", args={"A": "${x} %{y} $z $$", "${K}": "v"}))
    assert found["args"] == {"A": "$${x} %%{y} $z $$", "$${K}": "v"}


def test_secrets_are_handed_over_by_path_or_in_the_environment():
    grants = tuple(FileGrant(source=name, target=name) for name in ("file", "variable", "text"))
    secrets = {
        "file": FileObject(key="file", name="file", file='/src/a,"b"'),
        "variable": FileObject(key="variable", name="variable", environment="TOKEN"),
        "text": FileObject(key="text", name="text", content="from the file format"),
    }
    stack = project(service("web", secrets=grants), secrets=secrets, environment={"TOKEN": "open sesame"})
    bake = bake_file(image_builds(stack, ("web",)), ("web",), variables=stack.environment)
    first, second = "COMPOSE_LITE_BUILD_SECRET_0", "COMPOSE_LITE_BUILD_SECRET_1"
    assert bake.definition["target"]["web"]["secret"] == [
        'type=file,id=file,"src=/src/a,""b"""',
        f"type=env,id=text,env={first}",
        f"type=env,id=variable,env={second}",
    ]
    assert bake.secrets == {first: "from the file format", second: "open sesame"}
    assert "sesame" not in json.dumps(bake.definition)


def test_a_secret_whose_variable_is_not_set_is_missed_before_the_build():
    grant = FileGrant(source="token", target="token")
    secret = FileObject(key="token", name="token", environment="TOKEN")
    with pytest.raises(UsageError, match="'token' has no content") as missed:
        target(service("web", secrets=(grant,)), secrets={"token": secret})
    assert "TOKEN" in str(missed.value.hint)


def test_several_services_share_one_definition_under_names_that_bake_accepts():
    stack = project(service("a.b"), service("a_b"), service("c"))
    bake = bake_file(image_builds(stack, ("a.b", "a_b", "c")), ("a.b", "a_b", "c"), variables={})
    assert bake.targets == {"a_b": "a.b", "a_b_2": "a_b", "c": "c"}
    assert bake.definition["group"] == {"default": {"targets": ["a_b", "a_b_2", "c"]}}


def test_a_context_that_is_another_services_image():
    stack = project(
        service("web", additional_contexts={"base": "service:base", "db": "service:db"}),
        service("base", additional_contexts={"root": "service:root.fs"}),
        service("root.fs"),
        Service(name="db", image="postgres:16"),
    )
    builds = image_builds(stack, ("web",))
    assert list(builds) == ["web", "base", "root.fs"]
    bake = bake_file(builds, ("web",), variables={})
    targets = bake.definition["target"]
    assert targets["web"]["contexts"] == {"base": "target:base", "db": "docker-image://postgres:16"}
    assert targets["base"]["contexts"] == {"root": "target:root_fs"}
    assert targets["base"]["output"] == ["type=cacheonly"]
    assert "tags" not in targets["base"]
    assert bake.definition["group"] == {"default": {"targets": ["web"]}}


@pytest.mark.parametrize(
    ("build", "allowed"),
    [
        ({}, ()),
        ({"network": "host"}, ("network.host",)),
        ({"privileged": True, "entitlements": ("network.host",)}, ("network.host", "security.insecure")),
        ({"ssh": ("default",)}, ("ssh",)),
    ],
)
def test_privileges_that_the_file_asks_for_are_granted_without_a_question(build, allowed):
    stack = project(service("web", **build))
    assert bake_file(image_builds(stack, ("web",)), ("web",), variables={}).allow == allowed


@pytest.mark.parametrize(
    ("platforms", "own", "up", "build"),
    [
        ((), None, (), ()),
        (("linux/arm64",), None, ("linux/arm64",), ("linux/arm64",)),
        (("linux/amd64", "linux/arm64"), None, (), ("linux/amd64", "linux/arm64")),
        (("linux/amd64", "linux/arm64"), "linux/arm64", ("linux/arm64",), ("linux/amd64", "linux/arm64")),
        ((), "linux/386", ("linux/386",), ("linux/386",)),
    ],
)
def test_up_builds_for_one_platform_and_build_for_all(platforms, own, up, build):
    web = Service(name="web", build=Build(context="/src", platforms=platforms), platform=own)
    assert image_builds(project(web), ("web",))["web"].platforms == up
    assert image_builds(project(web), ("web",), all_platforms=True)["web"].platforms == build


def test_several_platforms_and_pushing_need_another_output():
    stack = project(service("web", platforms=("linux/amd64", "linux/arm64")))
    builds = image_builds(stack, ("web",), all_platforms=True)
    outputs = [
        bake_file(builds, ("web",), variables={}, push=push).definition["target"]["web"]["output"]
        for push in (False, True)
    ]
    assert outputs == [["type=image,push=false"], ["type=image,push=true"]]


def test_checking_builds_nothing():
    stack = project(service("web"))
    found = bake_file(image_builds(stack, ("web",)), ("web",), variables={}, check=True)
    assert found.definition["target"]["web"]["call"] == "check"
    assert "output" not in found.definition["target"]["web"]


def test_what_cannot_be_built_is_named():
    with pytest.raises(UsageError, match="service 'db' has no build section"):
        image_builds(project(Service(name="db", image="postgres")), ("db",))
    with pytest.raises(UsageError, match=r"'web'.*service:base can't be the build context"):
        image_builds(project(service("web", context="service:base")), ("web",))
    with pytest.raises(UsageError, match=r"'web'.*build\.isolation"):
        target(service("web", isolation="hyperv"))
