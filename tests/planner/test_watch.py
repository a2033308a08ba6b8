"""What is watched, and what a changed file means."""

from typing import Any

import pytest

from compose_lite.errors import PlanError
from compose_lite.planner.render import terse
from compose_lite.planner.watch import (
    PathFilter,
    ServiceWork,
    TreeChange,
    WatchedTree,
    check_rules,
    decide,
    live_already,
    relative_to,
    watched_trees,
)
from compose_lite.planner.watch_draft import draft_section
from compose_lite.planner.watch_rebuild import (
    built_first,
    plan_prune,
    with_changed_builds,
    with_followers,
)
from compose_lite.spec.model import Build, Dependency, FrozenMap, Hook, Mount, Project, Service, WatchRule

RELOAD = Hook(command=("reload",))


def rule(
    path: str = "/work/src", action: Any = "sync", target: str | None = "/app", **more: Any
) -> WatchRule:
    return WatchRule(path=path, action=action, target=target, **more)


def stack(*rules: WatchRule, **fields: Any) -> Project:
    """A project with one service `web`, built from /work."""
    fields.setdefault("build", Build(context="/work"))
    web = Service(name="web", watch=rules, **fields)
    return Project(name="demo", working_dir="/work", services=FrozenMap({"web": web}))


def only(project: Project, **ignored: tuple[str, ...]) -> WatchedTree:
    (tree,) = watched_trees(project, ignored=ignored)
    return tree


def work(project: Project, *paths: str) -> ServiceWork:
    """What changes of these files ask for."""
    changes = []
    for tree in watched_trees(project):
        inside = [relative_to(tree.path, path) for path in paths]
        kept = {path for path in inside if path is not None and tree.filter.keeps(path, folder=False)}
        changes.append(TreeChange(tree=tree, changed=frozenset(kept)))
    (found,) = decide(changes)
    return found


# which paths count


@pytest.mark.parametrize(
    "name",
    [
        ".git/HEAD",
        "a/.git/index",
        "page.html~",
        ".page.html.swp",
        "4913",
        "#notes#",
        ".#notes",
        ".idea/x.xml",
    ],
)
def test_what_editors_and_git_leave_behind_does_not_count(name: str) -> None:
    assert not PathFilter(root="/work").keeps(name, folder=False)


def test_ignored_paths_do_not_count_even_if_included() -> None:
    kept = PathFilter(root="/work", include=("**/*.py",), ignore=("tests",))
    assert kept.keeps("app.py", folder=False)
    assert not kept.keeps("app.css", folder=False)
    assert not kept.keeps("tests/app.py", folder=False)
    assert not kept.keeps("tests", folder=True)


def test_a_folder_counts_as_long_as_something_in_it_might() -> None:
    assert PathFilter(root="/work", include=("**/*.py",)).keeps("deep", folder=True)
    excepting = PathFilter(root="/work", ignore=("logs", "!logs/keep"))
    assert excepting.keeps("logs", folder=True)
    assert not excepting.keeps("logs/a", folder=False)
    assert excepting.keeps("logs/keep", folder=False)


def test_the_ignore_file_of_the_build_context_counts_from_the_context_on() -> None:
    tree = only(stack(rule()), web=("src/cache", "*.log"))
    assert not tree.filter.keeps("cache/x", folder=False)
    assert tree.filter.keeps("a.log", folder=False)


def test_the_ignore_file_says_nothing_about_paths_outside_of_the_context() -> None:
    tree = only(stack(rule(path="/elsewhere")), web=("*",))
    assert tree.filter.keeps("a", folder=False)


def test_a_rebuild_heeds_the_dockerfile_even_if_it_is_hidden_from_the_build() -> None:
    tree = only(stack(rule("/work", "rebuild", None)), web=("Dockerfile", "*.md"))
    assert tree.filter.keeps("Dockerfile", folder=False)
    assert not tree.filter.keeps("README.md", folder=False)


def test_a_watched_file_counts_itself() -> None:
    tree = only(stack(rule("/work/requirements.txt", "rebuild", None)), web=("*.txt",))
    assert tree.filter.keeps("", folder=False)


# what is watched


def test_only_the_named_services_are_watched() -> None:
    project = stack(rule())
    other = Service(name="db", image="db:1", watch=(rule("/work/db", "restart", None),))
    project = project.with_services((other,))
    assert [tree.service for tree in watched_trees(project)] == ["db", "web"]
    assert [tree.service for tree in watched_trees(project, ("db",))] == ["db"]


def test_every_rule_that_cannot_be_obeyed_is_told() -> None:
    rules = (rule(action="rebuild", target=None), rule(action="sync+exec"))
    with pytest.raises(PlanError) as refused:
        watched_trees(stack(*rules, build=None, image="web:1"))
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [
        ("watch-without-build", "services.web.develop.watch[0]"),
        ("watch-without-command", "services.web.develop.watch[1]"),
    ]


def test_an_unknown_service_is_told() -> None:
    with pytest.raises(PlanError, match="no such service: 'wep'"):
        watched_trees(stack(rule()), ("wep",))


def test_what_is_mounted_at_the_target_is_not_copied() -> None:
    mount = Mount(type="bind", source="/work", target="/code")
    project = stack(rule("/work/src", "sync", "/code/src"), volumes=(mount,))
    assert watched_trees(project) == ()
    assert [problem.code for problem in live_already(project)] == ["watch-live"]


def test_what_is_mounted_at_the_target_still_restarts() -> None:
    mount = Mount(type="bind", source="/work/src", target="/app")
    project = stack(rule(action="sync+restart"), volumes=(mount,))
    found = work(project, "/work/src/a.py")
    assert (found.syncs, found.restart) == ((), True)


def test_what_is_mounted_elsewhere_is_copied() -> None:
    mount = Mount(type="bind", source="/work/src", target="/other")
    project = stack(rule(), volumes=(mount,))
    assert only(project).target == "/app"
    assert live_already(project) == ()


# what a change means


def test_a_changed_file_is_copied() -> None:
    found = work(stack(rule()), "/work/src/a b.py", "/work/elsewhere", "/work/src2/a")
    assert found.paths == ("/work/src/a b.py",)
    assert [change.changed for change in found.syncs] == [frozenset({"a b.py"})]
    assert not found.rebuild
    assert not found.restart


def test_nothing_is_to_be_done_where_nothing_changed() -> None:
    assert decide(TreeChange(tree=tree) for tree in watched_trees(stack(rule()))) == ()


def test_a_deleted_file_is_deleted() -> None:
    (tree,) = watched_trees(stack(rule()))
    (found,) = decide([TreeChange(tree=tree, deleted=frozenset({"old.py"}))])
    assert found.paths == ("/work/src/old.py",)
    assert [change.deleted for change in found.syncs] == [frozenset({"old.py"})]


def test_a_rebuild_swallows_copies_and_restarts() -> None:
    rules = (rule(action="sync+restart"), rule("/work", "rebuild", None))
    found = work(stack(*rules), "/work/src/a.py")
    assert (found.rebuild, found.syncs, found.restart) == (True, (), False)


def test_a_copy_may_be_followed_by_a_restart() -> None:
    found = work(stack(rule(action="sync+restart")), "/work/src/a.py")
    assert len(found.syncs) == 1
    assert found.restart


def test_a_command_runs_once_a_batch() -> None:
    rules = (rule(action="sync+exec", exec=RELOAD), rule("/work/conf", "sync+exec", "/conf", exec=RELOAD))
    found = work(stack(*rules), "/work/src/a.py", "/work/conf/a")
    assert len(found.syncs) == 2
    assert found.execs == (RELOAD,)


# what goes with a rebuild


def test_those_follow_that_cannot_go_on_without() -> None:
    more = (
        Service(name="alone", image="alone:1"),
        Service(name="needs", image="needs:1", depends_on=(Dependency(service="web"),)),
        Service(name="restarts", image="r:1", depends_on=(Dependency(service="web", restart=True),)),
        Service(name="shares", image="s:1", network_mode="service:web"),
        Service(name="shares-too", image="s:1", pid="service:shares"),
        Service(name="twin", image="demo-web"),
    )
    project = stack().with_services(more)
    assert with_followers(project, "web") == ("web", "twin", "restarts", "shares", "shares-too")
    assert with_followers(project, "alone") == ("alone",)


def test_what_is_watched_is_built_at_the_start() -> None:
    project = stack(rule()).with_services((Service(name="db", build=Build(context="/db")),))
    policies = {name: service.pull_policy for name, service in built_first(project).services.items()}
    assert policies == {"web": "build", "db": None}
    assert built_first(project, ("db",)).services["web"].pull_policy is None


def test_a_changed_build_is_built_anew() -> None:
    before, after = stack(), stack(build=Build(context="/work", target="dev"))
    assert with_changed_builds(before, after).services["web"].pull_policy == "build"
    assert with_changed_builds(after, after) == after


def test_images_without_a_name_go_unless_they_are_used() -> None:
    assert terse(plan_prune("demo", ["sha256:2", "sha256:1"])) == (
        "[1] remove image sha256:1 (asked for by --prune)\n[2] remove image sha256:2 (asked for by --prune)"
    )


# a draft for a stack without rules


def test_a_draft_syncs_what_is_mounted_and_rebuilds_for_the_rest() -> None:
    mount = Mount(type="bind", source="/work/src", target="/app")
    socket = Mount(type="bind", source="/var/run/docker.sock", target="/var/run/docker.sock")
    assert draft_section(stack(volumes=(mount, socket))) == (
        "services:\n"
        "  web:\n"
        "    develop:\n"
        "      watch:\n"
        "        - action: sync\n"
        "          path: ./src\n"
        "          target: /app\n"
        "          # drop the mount ./src:/app then\n"
        "        - action: rebuild\n"
        "          path: .\n"
        "          ignore: [src/]\n"
    )


def test_a_draft_needs_something_to_watch() -> None:
    assert draft_section(stack(build=None, image="web:1")) == ""
    assert draft_section(stack(build=Build(context="https://example.com/x.git"))) == ""


def test_without_rules_the_draft_is_shown() -> None:
    with pytest.raises(PlanError) as refused:
        check_rules(stack())
    (problem,) = refused.value.problems
    assert problem.code == "nothing-to-watch"
    assert "- action: rebuild\n          path: .\n" in (problem.hint or "")


def test_rules_of_other_services_do_not_help() -> None:
    project = stack(rule()).with_services((Service(name="db", image="db:1"),))
    check_rules(project)
    check_rules(project, ("web",))
    with pytest.raises(PlanError, match="service db has no `develop` section"):
        check_rules(project, ("db",))
