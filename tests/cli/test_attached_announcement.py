"""Whose logs an attached `up` says that it shows."""

from compose_lite.cli.attached_announcement import Announcement, coming_up
from compose_lite.spec.model import FrozenMap, Project, Provider, Service


def project(*services: Service) -> Project:
    return Project(
        name="p", working_dir="/", services=FrozenMap({service.name: service for service in services})
    )


def names(of: Project, *before: tuple[str, int]) -> list[str]:
    return [name for _, _, name in coming_up(of, of.services.keys(), before)]


def test_each_replica_is_named() -> None:
    assert names(project(Service(name="web", scale=2), Service(name="db"))) == [
        "p-db-1",
        "p-web-1",
        "p-web-2",
    ]


def test_a_name_of_its_own_is_told() -> None:
    assert names(project(Service(name="web", container_name="shop"))) == ["shop"]


def test_containers_keep_their_numbers_and_gaps_are_filled() -> None:
    assert names(project(Service(name="web", scale=3)), ("web", 2), ("web", 5)) == [
        "p-web-2",
        "p-web-5",
        "p-web-1",
    ]


def test_those_that_are_too_many_are_left_out() -> None:
    assert names(project(Service(name="web")), ("web", 1), ("web", 2), ("old", 1)) == ["p-web-1"]


def test_what_a_provider_runs_has_no_logs() -> None:
    assert names(project(Service(name="db", provider=Provider(type="cloud")))) == []


def test_only_those_that_are_shown_are_named() -> None:
    found = coming_up(project(Service(name="web"), Service(name="db")), {"db"}, ())
    assert found == [("db", 1, "p-db-1")]


def test_it_is_told_once() -> None:
    told: list[str] = []
    announcement = Announcement(lambda: told.append("attaching"))
    announcement.make()
    announcement.make()
    assert told == ["attaching"]
