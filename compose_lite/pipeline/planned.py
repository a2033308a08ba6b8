"""Plans without carrying out: for any verb, for showing, for keeping in a file, and for carrying out later."""

from __future__ import annotations

from compose_lite.errors import PlanError
from compose_lite.lazy_dataclasses import dataclass, replace
from compose_lite.pipeline.execution import locked
from compose_lite.pipeline.observation import look_closer, observe_project, observe_stack, settled
from compose_lite.pipeline.provided import as_last_time, before_containers, with_doubt
from compose_lite.planner import requests
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from compose_lite.pipeline.means import Means, Stack
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.plan import Plan
    from compose_lite.planner.requests import Contents
    from compose_lite.runner.daemon import Daemon


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would be done, and all that this was concluded from.

    Attributes:
        asked: the requests; `up` and `run` take an `ImagesRequest` besides their own, every other verb one request.
        contents: digests of what secrets and configs contain.
    """

    stack: Stack
    asked: tuple[Any, ...]
    observed: Observed
    plans: tuple[Plan, ...]
    contents: Contents = EMPTY

    def document(self, scale: Mapping[str, int] = EMPTY) -> dict[str, Any]:
        """The plan as JSON-ready data, for a file; `scale` has the counts that the command line asked for."""
        from compose_lite.planner.saved import save

        return save(self.stack.project, self.observed, self.asked, self.plans, self.contents, scale=scale)


def preview(stack: Stack, asked: Sequence[Any], daemon: Daemon) -> Preview:
    """Plan what the requests ask for and change nothing; raises as the verb does.

    Raises:
        PlanError: there is no verb for these requests.
    """
    if isinstance(asked[0], requests.UpRequest) and stack.project is not None:
        return _preview_up(stack, tuple(asked), daemon)
    if isinstance(asked[0], requests.RunRequest) and stack.project is not None:
        return _preview_run(stack, tuple(asked), daemon)
    request = asked[0]
    decide = _decisions().get(type(request))
    if decide is None or (stack.project is None and isinstance(request, _OF_IMAGES)):
        raise PlanError("the saved plan needs the project's files, and has none", code="not-a-plan")
    observed = observe_stack(daemon, stack, images=_about_images(request))
    plan = decide(stack.project, observed, request)
    return Preview(stack=stack, asked=(request,), observed=observed, plans=(plan,))


def _about_images(request: Any) -> bool:
    """Whether the plan depends on the images that the daemon has."""
    removes = isinstance(request, requests.DownRequest) and request.rmi is not None
    return removes or isinstance(request, _OF_IMAGES)


def _preview_up(stack: Stack, asked: tuple[Any, ...], daemon: Daemon) -> Preview:
    from compose_lite.pipeline.contents import digests, read_contents
    from compose_lite.pipeline.elsewhere import with_warnings
    from compose_lite.pipeline.engine import check_engine
    from compose_lite.pipeline.ports import check_ports
    from compose_lite.planner.converge import plan_up
    from compose_lite.planner.images import plan_images

    project, (request, wanted) = stack.project, asked
    assert project is not None, "only a project with files can be brought up"
    contents = digests(read_contents(project))
    check_engine(project, request.services, daemon, with_dependencies=not request.no_deps)
    observed = observe_project(daemon, project)
    project = settled(project, observed, daemon)
    first = before_containers(
        project,
        plan_images(project, observed, wanted),
        request.services,
        with_dependencies=not request.no_deps,
        verb=request.verb,
    )
    project = as_last_time(project, observed, daemon)
    observed = look_closer(daemon, project, observed, request, contents)
    plan = plan_up(project, observed, request, contents)
    plan = with_doubt(with_warnings(plan, project, daemon.address), first, project)
    check_ports(plan, project, observed, daemon)
    return Preview(stack=stack, asked=asked, observed=observed, plans=(first, plan), contents=contents)


def _preview_run(stack: Stack, asked: tuple[Any, ...], daemon: Daemon) -> Preview:
    from compose_lite.pipeline.contents import digests, read_contents
    from compose_lite.pipeline.elsewhere import with_warnings
    from compose_lite.pipeline.engine import check_engine
    from compose_lite.planner.images import plan_images
    from compose_lite.planner.oneoff import one_off_project, plan_run

    given, (request, wanted) = stack.project, asked
    assert given is not None, "only a service of a project with files can be run"
    project = one_off_project(given, request)
    contents = digests(read_contents(project))
    check_engine(project, (request.service,), daemon, with_dependencies=not request.no_deps)
    observed = observe_project(daemon, project)
    project = one_off_project(settled(given, observed, daemon), request)
    first = before_containers(
        project,
        plan_images(project, observed, wanted),
        (request.service,),
        with_dependencies=not request.no_deps,
        verb="run",
    )
    project = as_last_time(project, observed, daemon)
    needs = requests.UpRequest(services=(request.service,), no_deps=request.no_deps)
    observed = look_closer(daemon, project, observed, needs, contents)
    plan = plan_run(project, observed, request, contents)
    plan = with_doubt(with_warnings(plan, project, daemon.address), first, project)
    return Preview(stack=stack, asked=asked, observed=observed, plans=(first, plan), contents=contents)


def apply(document: Mapping[str, Any], stack: Stack, means: Means) -> tuple[Plan, ...]:
    """Carry a saved plan out, if planning anew from what is there now leads to the same plan.

    Args:
        stack: what the plan was made for, loaded anew.

    Raises:
        PlanError: with each thing that moved since; nothing has been done then. Otherwise as the verb does.
    """
    from compose_lite.pipeline import verbs
    from compose_lite.planner.saved import check, requests_of

    asked = requests_of(dict(document))
    with locked(stack.name, means):
        found = preview(stack, asked, means.daemon)
        check(dict(document), stack.project, found.observed, found.plans, found.contents)
        unlocked = replace(means, lock=False)
        if isinstance(asked[0], requests.UpRequest):
            assert stack.project is not None, "its plan was just made anew"
            return verbs.up(stack.project, asked[0], asked[1], unlocked)
        carry = getattr(verbs, _VERBS[type(asked[0])])
        subject = stack.project if isinstance(asked[0], _OF_IMAGES) else stack
        return (carry(subject, asked[0], unlocked),)


# Verbs that need the project's files, and no container.
_OF_IMAGES = (requests.PullRequest, requests.BuildRequest)

_VERBS: dict[type[Any], str] = {
    requests.DownRequest: "down",
    requests.StopRequest: "stop",
    requests.StartRequest: "start",
    requests.RestartRequest: "restart",
    requests.KillRequest: "kill",
    requests.PauseRequest: "pause",
    requests.UnpauseRequest: "unpause",
    requests.RemoveRequest: "rm",
    requests.RollbackRequest: "rollback",
    requests.PullRequest: "pull",
    requests.BuildRequest: "build",
}


def _decisions() -> dict[type[Any], Any]:
    from compose_lite.planner import images, lifecycle, rollback, teardown

    return {
        requests.DownRequest: teardown.plan_down,
        requests.StopRequest: teardown.plan_stop,
        requests.StartRequest: lifecycle.plan_start,
        requests.RestartRequest: lifecycle.plan_restart,
        requests.KillRequest: teardown.plan_kill,
        requests.PauseRequest: teardown.plan_pause,
        requests.UnpauseRequest: teardown.plan_unpause,
        requests.RemoveRequest: teardown.plan_rm,
        requests.RollbackRequest: rollback.plan_rollback,
        requests.PullRequest: images.plan_pull,
        requests.BuildRequest: images.plan_build,
    }
