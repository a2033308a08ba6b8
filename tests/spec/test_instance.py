"""What an instance has for itself in the loaded project, and what it is said to share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import compose_lite
from compose_lite.errors import SpecError
from compose_lite.spec.instance import base_project, instance_name, instance_project
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions

if TYPE_CHECKING:
    from pathlib import Path


def project(text: str, *, instance: str | None = "two", **environ: str) -> compose_lite.Project:
    return compose_lite.load(text=text, project_name="shop", instance=instance, environ=environ)


@pytest.mark.parametrize(
    ("instance", "environ", "name"),
    [
        ("two", {}, "shop-two"),
        ("Feature/42", {}, "shop-feature42"),
        (None, {"COMPOSE_LITE_INSTANCE": "three"}, "shop-three"),
        ("two", {"COMPOSE_LITE_INSTANCE": "three"}, "shop-two"),
        ("", {"COMPOSE_LITE_INSTANCE": "three"}, "shop"),
        (None, {}, "shop"),
        ("shop", {}, "shop"),
    ],
)
def test_the_projects_name(instance: str | None, environ: dict[str, str], name: str) -> None:
    found = project("services: {web: {image: a}}", instance=instance, **environ)
    assert found.name == name
    assert base_project(name, found.instance) == "shop"
    assert found.networks["default"].name == f"{name}_default"


def test_a_name_without_any_letter_is_refused() -> None:
    with pytest.raises(SpecError) as caught:
        project("services: {web: {image: a}}", instance="!!")
    assert caught.value.problems[0].code == "bad-instance-name"


def test_a_folder_that_is_called_as_the_instance_stands_for_itself() -> None:
    assert instance_project("review", "review") == "review"
    assert base_project("review", "review") == "review"


def test_the_files_see_the_instances_names() -> None:
    text = "services: {web: {image: a, hostname: '${COMPOSE_LITE_INSTANCE}.${COMPOSE_PROJECT_NAME}'}}"
    assert project(text).services["web"].hostname == "two.shop-two"


def test_auto_is_the_linked_worktree(tmp_path: Path) -> None:
    main, linked = tmp_path / "main", tmp_path / "Review"
    (main / ".git").mkdir(parents=True)
    (linked / "deep").mkdir(parents=True)
    (linked / ".git").write_text("gitdir: elsewhere\n")
    assert instance_name("auto", str(linked / "deep")) == "review"
    assert instance_name("auto", str(main)) == ""
    assert instance_name("auto", str(tmp_path)) == ""


NAMED = """
services:
  web:
    image: registry:5000/shop/web
    build: .
    container_name: front
    networks: {default: {aliases: [site]}, back: }
  worker: {image: 'registry:5000/shop/web', container_name: '${COMPOSE_PROJECT_NAME}-worker'}
  db: {image: 'postgres:17', network_mode: none, container_name: db, volumes: ['data:/data', 'kept:/kept']}
networks: {back: {name: back}}
volumes: {data: {name: data}, kept: {external: true, name: kept}}
"""


def test_fixed_names_get_the_instances() -> None:
    found = project(NAMED)
    services = found.services
    assert [services[name].container_name for name in ("db", "web", "worker")] == [
        "db-two",
        "front-two",
        "shop-two-worker",
    ]
    assert found.networks["back"].name == "back-two"
    assert [found.volumes[key].name for key in ("data", "kept")] == ["data-two", "kept"]


def test_a_renamed_container_still_answers_to_the_files_name() -> None:
    attached = {one.network: one.aliases for one in project(NAMED).services["web"].networks}
    assert attached == {"default": ("site", "front"), "back": ("front",)}


def test_builds_have_a_tag_of_the_instances_own() -> None:
    services = project(NAMED).services
    assert services["web"].image == services["worker"].image == "registry:5000/shop/web:latest-two"
    assert services["db"].image == "postgres:17"
    assert project("services: {web: {build: .}}").services["web"].image_name("shop-two") == "shop-two-web"
    tagged = project("services: {web: {build: ., image: 'web:1.0'}}").services["web"]
    assert tagged.image == "web:1.0-two"


def test_without_an_instance_nothing_is_renamed() -> None:
    found = project(NAMED, instance=None)
    assert found.services["web"].container_name == "front"
    assert found.services["web"].image == "registry:5000/shop/web"
    assert found.networks["back"].name == "back"


def test_what_is_shared_is_told_with_its_place() -> None:
    text = """
services:
  web: {image: a, network_mode: host, volumes: ['kept:/kept']}
  db: {image: b, networks: [proxy, fixed, own]}
networks: {proxy: {external: true}, fixed: {ipam: {config: [{subnet: 10.9.0.0/24}]}}, own: }
volumes: {kept: {external: true}, unused: {external: true}}
"""

    def told(instance: str) -> list[tuple[str, int | None]]:
        options = LoadOptions(
            working_dir="/stack", files=("-",), stdin=text.encode, project_name="shop", instance=instance
        )
        return [
            (one.path, one.location.line if one.location else None)
            for one in load(options).elsewhere
            if one.code == "instance-shares"
        ]

    assert told("") == []
    assert told("two") == [
        ("services.web.network_mode", 3),
        ("volumes.kept.external", 6),
        ("networks.proxy.external", 5),
        ("networks.fixed.ipam", 5),
    ]
