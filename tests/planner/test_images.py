"""Which images are pulled and built before anything else happens."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compose_lite.errors import PlanError
from compose_lite.planner.images import plan_build, plan_images, plan_pull
from compose_lite.planner.observed import Observed, ObservedImage
from compose_lite.planner.render import terse
from compose_lite.planner.requests import BuildRequest, ImagesRequest, PullRequest
from compose_lite.spec.model import Build, FrozenMap, Mount, Provider
from tests.planner.stacks import project, service, told

HOUR = 3600
BUILD = Build(context="/src")


def seen(*refs, tagged=0, platform="linux/amd64"):
    moment = f"{datetime.fromtimestamp(tagged, UTC):%Y-%m-%dT%H:%M:%S.123456789Z}" if tagged else ""
    found = [ObservedImage(ref=ref, id=f"sha256:{ref}", tagged=moment, platform=platform) for ref in refs]
    return Observed(project="p", images={image.ref: image for image in found})


def images(stack, observed, **request):
    return terse(plan_images(stack, observed, ImagesRequest(**request)))


def test_what_is_there_is_not_pulled():
    assert images(project(service("web")), seen("web:1")) == ""


def test_one_pull_serves_all_services_of_an_image():
    stack = project(service("a", image="x"), service("b", image="x"))
    plan = plan_images(stack, seen(), ImagesRequest())
    assert terse(plan) == "[1] pull image x (image x is not here)"
    assert plan.actions[0].action.services == ("a", "b")


def test_a_service_of_a_provider_has_no_image():
    """So that what is told is why it can't be brought up, not that an image can't be pulled."""
    stack = project(service("cloud", provider=Provider(type="awesome")), service("web"))
    assert images(stack, seen("web:1")) == ""


def test_a_selection_takes_the_images_of_its_dependencies_along():
    stack = project(service("db"), service("web", needs=["db"]), service("other"))
    assert "other:1" not in images(stack, seen(), services=("web",))
    assert "db:1" in images(stack, seen(), services=("web",))
    assert "db:1" not in images(stack, seen(), services=("web",), no_deps=True)


@pytest.mark.parametrize(
    ("policy", "age", "pulls"),
    [
        ("always", 0, True),
        ("missing", 10_000 * HOUR, False),
        ("if_not_present", 10_000 * HOUR, False),
        ("never", 10_000 * HOUR, False),
        ("daily", 23 * HOUR, False),
        ("daily", 25 * HOUR, True),
        ("weekly", 6 * 24 * HOUR, False),
        ("weekly", 8 * 24 * HOUR, True),
        ("every_1d12h", 35 * HOUR, False),
        ("every_1d12h", 37 * HOUR, True),
    ],
)
def test_policies(policy, age, pulls):
    stack = project(service("web", pull_policy=policy))
    plan = images(stack, seen("web:1", tagged=1_000_000), now=1_000_000 + age)
    assert plan == (f"[1] pull image web:1 (pull policy {policy})" if pulls else "")


class TestAnImageForAnotherPlatform:
    """What is there under the name serves as little as none."""

    def test_is_pulled_for_the_one_asked_for(self):
        stack = project(service("web", platform="linux/arm64"))
        plan = plan_images(stack, seen("web:1"), ImagesRequest())
        assert terse(plan) == "[1] pull image web:1 (image web:1 for linux/arm64 is not here)"
        assert plan.actions[0].action.platform == "linux/arm64"
        assert images(stack, seen("web:1", platform="linux/arm64/v8")) == ""

    def test_is_pulled_by_a_pull_of_the_missing_ones(self):
        stack = project(service("web", platform="linux/arm64"))
        assert len(plan_pull(stack, seen("web:1"), PullRequest(policy="missing")).actions) == 1

    def test_is_refused_where_no_pull_is_allowed(self):
        stack = project(service("web", platform="linux/arm64", pull_policy="never"))
        with pytest.raises(PlanError, match="image 'web:1' for linux/arm64 of service 'web' is not here"):
            images(stack, seen("web:1"))

    def test_does_not_keep_a_build_from_happening_when_the_pull_fails(self):
        stack = project(service("web", platform="linux/arm64", build=BUILD))
        pull, build = plan_images(stack, seen("web:1"), ImagesRequest()).actions
        assert pull.action.optional
        assert not build.action.if_missing


def test_the_command_line_overrides_the_policy():
    stack = project(service("web", pull_policy="never"))
    assert images(stack, seen("web:1"), pull="always") == "[1] pull image web:1 (pull policy always)"


def test_never_without_an_image_is_refused_for_all_services_at_once():
    stack = project(service("a", pull_policy="never"), service("b", pull_policy="never"))
    with pytest.raises(PlanError) as caught:
        images(stack, seen())
    assert [problem.code for problem in caught.value.problems] == ["image-missing"] * 2


def test_a_build_is_made_once():
    stack = project(service("web", image=None, build=BUILD))
    assert images(stack, seen()) == "[1] build image p-web (image p-web is not here)"
    assert images(stack, seen("p-web")) == ""
    assert images(stack, seen("p-web"), build="always") == "[1] build image p-web (asked for by --build)"


def test_a_build_with_a_name_tries_a_pull_first():
    stack = project(service("web", build=BUILD))
    plan = plan_images(stack, seen(), ImagesRequest())
    assert terse(plan) == told("""
        [1] pull image web:1 (image web:1 is not here)
        [2] build image web:1 <- ~[1] (image web:1 is not here)
    """)
    assert plan.actions[0].action.optional
    assert plan.actions[1].action.if_missing


def test_no_build_takes_the_pull_or_fails():
    stack = project(service("web", build=BUILD))
    plan = plan_images(stack, seen(), ImagesRequest(build="never"))
    assert terse(plan) == "[1] pull image web:1 (image web:1 is not here)"
    assert not plan.actions[0].action.optional
    with pytest.raises(PlanError, match="is not built, and --no-build was given"):
        images(project(service("web", image=None, build=BUILD)), seen(), build="never")


def test_pull_policy_build_builds_each_time():
    stack = project(service("web", build=BUILD, pull_policy="build"))
    assert images(stack, seen("web:1")) == "[1] build image web:1 (asked for by pull_policy: build)"


def test_an_image_that_another_service_builds_is_not_pulled():
    stack = project(
        service("a", image="x", build=Build(context="/a"), pull_policy="build"), service("b", image="x")
    )
    assert images(stack, seen(), services=("b",)) == "[1] build image x (image x is not here)"


def test_a_context_from_another_service_is_built_before():
    contexts = FrozenMap({"base": "service:base"})
    stack = project(
        service("base", image=None, build=BUILD, scale=0),
        service("web", image=None, build=Build(context="/src", additional_contexts=contexts)),
    )
    assert images(stack, seen(), services=("web",)) == told("""
        [1] build image p-base (needed by web)
        [2] build image p-web <- [1] (image p-web is not here)
    """)


def test_images_that_are_mounted_are_pulled():
    mount = Mount(type="image", source="data:1", target="/data")
    stack = project(service("web"))
    stack = stack.with_services([type(stack.services["web"])(name="web", image="web:1", volumes=(mount,))])
    assert images(stack, seen("web:1")) == "[1] pull image data:1 (image data:1 is not here)"


class TestPull:
    STACK = project(service("db"), service("web", needs=["db"], build=BUILD))

    def pull(self, observed, **request):
        return terse(plan_pull(self.STACK, observed, PullRequest(**request)))

    def test_takes_what_is_there_too(self):
        assert self.pull(seen("db:1")).splitlines()[0] == "[1] pull image db:1 (asked for by pull)"

    def test_unless_only_the_missing_are_wanted(self):
        assert "db:1" not in self.pull(seen("db:1"), policy="missing")

    @pytest.mark.parametrize(
        ("own", "asked", "pulls"),
        [("never", None, False), ("build", None, False), ("missing", None, False), ("never", "always", True)],
    )
    def test_the_service_s_own_policy_counts_unless_another_is_given(self, own, asked, pulls):
        stack = project(service("db", pull_policy=own))
        plan = plan_pull(stack, seen("db:1"), PullRequest(policy=asked))
        assert len(plan.actions) == pulls

    def test_dependencies_and_buildable_ones_are_options(self):
        assert "db:1" not in self.pull(seen(), services=("web",))
        assert "db:1" in self.pull(seen(), services=("web",), include_deps=True)
        assert "web:1" not in self.pull(seen(), ignore_buildable=True)


def test_build_takes_only_what_can_be_built():
    stack = project(service("db"), service("web", needs=["db"], build=BUILD))
    plan = plan_build(stack, seen("web:1"), BuildRequest())
    assert terse(plan) == "[1] build image web:1 (asked for by build)"
