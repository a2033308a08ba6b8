"""The verbs that change a stack. Each observes, plans and executes; the plan is what they return."""

from __future__ import annotations

from compose_lite.errors import ExecutionError
from compose_lite.pipeline.contents import digests, read_contents
from compose_lite.pipeline.engine import check_engine
from compose_lite.pipeline.execution import carry_out, locked
from compose_lite.pipeline.observation import look_closer, observe_project, observe_stack, settled
from compose_lite.pipeline.provided import as_said, before_containers, with_doubt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from typing import TypeVar

    from compose_lite.pipeline.means import Means, Stack
    from compose_lite.planner import requests
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.plan import Plan
    from compose_lite.spec.model import Project

    Request = TypeVar("Request")


def up(
    project: Project, request: requests.UpRequest, wanted: requests.ImagesRequest, means: Means
) -> tuple[Plan, Plan]:
    """Bring the project's services to what the files say: `up`, `create`, `scale`.

    Images come first, so that nothing has been touched when a pull or a build fails; then providers, whose answers
    are part of what containers should be.

    Returns:
        The plan of the images and providers, and the plan of the containers.

    Raises:
        SpecError: the content of a secret or config can't be read.
        PlanError: what was asked can't be planned from the state that the daemon is in.
        ExecutionError: an action failed; the others are done as far as they don't depend on it.
        LockHeld: another invocation works on the project.
    """
    from compose_lite.pipeline.elsewhere import with_warnings
    from compose_lite.pipeline.ports import check_ports
    from compose_lite.planner.converge import plan_up
    from compose_lite.planner.images import plan_images
    from compose_lite.planner.situation import update_config

    contents = read_contents(project)
    with locked(project.name, means):
        check_engine(project, request.services, means.daemon, with_dependencies=not request.no_deps)
        observed = observe_project(means.daemon, project)
        project = settled(project, observed, means.daemon)
        first = before_containers(
            project,
            plan_images(project, observed, wanted),
            request.services,
            with_dependencies=not request.no_deps,
            verb=request.verb,
        )
        done = carry_out(first, project, means)
        if done:
            observed = observe_project(means.daemon, project)
        project = as_said(project, observed, means, done)
        known = digests(contents)
        observed = look_closer(means.daemon, project, observed, request, known)
        plan = plan_up(project, observed, request, known)
        plan = with_warnings(plan, project, means.daemon.address)
        if done is None:
            plan = with_doubt(plan, first, project)
        check_ports(plan, project, observed, means.daemon)
        try:
            carry_out(plan, project, means, contents=contents)
        except ExecutionError as error:
            if not any(update_config(service) for service in project.services.values()):
                raise
            from compose_lite.pipeline.updates import after_failure

            before = frozenset(container.id for container in observed.containers)
            raise after_failure(project, means, error, before=before) from error
    return first, plan


def rollback(stack: Stack, request: requests.RollbackRequest, means: Means) -> Plan:
    """Go back to the old containers of an update that has not ended, or that kept them.

    Raises:
        PlanError: there is none. Otherwise as `up` does.
    """
    from compose_lite.planner.rollback import plan_rollback

    return _move(stack, request, means, plan_rollback)


def create_one_off(
    project: Project,
    request: requests.RunRequest,
    wanted: requests.ImagesRequest,
    means: Means,
    *,
    lock: ExitStack,
) -> str | None:
    """Bring up what a service needs and create a one-off container of it; started only if detached.

    Args:
        lock: gets the project's lock; to be closed once the container has been started. Another invocation
            takes a container that was not started for one that nobody is going to start.

    Returns:
        The container's id, or `None` if the plan was not carried out. Raises as `up` does.
    """
    from compose_lite.pipeline.elsewhere import with_warnings
    from compose_lite.planner.images import plan_images
    from compose_lite.planner.naming import one_off_name
    from compose_lite.planner.oneoff import one_off_project, plan_run
    from compose_lite.planner.requests import UpRequest

    given, project = project, one_off_project(project, request)
    contents = read_contents(project)
    lock.enter_context(locked(project.name, means))
    check_engine(project, (request.service,), means.daemon, with_dependencies=not request.no_deps)
    observed = observe_project(means.daemon, project)
    project = one_off_project(settled(given, observed, means.daemon), request)
    first = before_containers(
        project,
        plan_images(project, observed, wanted),
        (request.service,),
        with_dependencies=not request.no_deps,
        verb="run",
    )
    done = carry_out(first, project, means)
    if done:
        observed = observe_project(means.daemon, project)
    project = as_said(project, observed, means, done)
    known = digests(contents)
    needs = UpRequest(services=(request.service,), no_deps=request.no_deps)
    observed = look_closer(means.daemon, project, observed, needs, known)
    plan = plan_run(project, observed, request, known)
    plan = with_warnings(plan, project, means.daemon.address)
    result = carry_out(plan, project, means, contents=contents)
    name = request.name or one_off_name(project.name, project.services[request.service], request.slug)
    return result.created[name] if result is not None else None


def pull(project: Project, request: requests.PullRequest, means: Means) -> Plan:
    """Pull the services' images. Raises as `up` does."""
    from compose_lite.planner.images import plan_pull

    plan = plan_pull(project, observe_project(means.daemon, project), request)
    carry_out(plan, project, means)
    return plan


def build(project: Project, request: requests.BuildRequest, means: Means) -> Plan:
    """Build the services' images. Raises as `up` does."""
    from compose_lite.planner.images import plan_build

    plan = plan_build(project, observe_project(means.daemon, project), request)
    carry_out(plan, project, means)
    return plan


def down(stack: Stack, request: requests.DownRequest, means: Means) -> Plan:
    """Stop and remove the stack's containers and networks. Raises as `up` does."""
    from compose_lite.planner.teardown import plan_down

    return _move(stack, request, means, plan_down, with_images=request.rmi is not None)


def stop(stack: Stack, request: requests.StopRequest, means: Means) -> Plan:
    """Stop containers. Raises as `up` does."""
    from compose_lite.planner.teardown import plan_stop

    return _move(stack, request, means, plan_stop)


def rm(stack: Stack, request: requests.RemoveRequest, means: Means) -> Plan:
    """Remove stopped containers. Raises as `up` does."""
    from compose_lite.planner.teardown import plan_rm

    return _move(stack, request, means, plan_rm)


def removable(stack: Stack, request: requests.RemoveRequest, means: Means) -> list[str]:
    """The names of the containers that `rm` would remove."""
    from compose_lite.planner.actions import RemoveContainer
    from compose_lite.planner.teardown import plan_rm

    plan = plan_rm(stack.project, observe_stack(means.daemon, stack), request)
    return [step.action.name for step in plan.actions if isinstance(step.action, RemoveContainer)]


def kill(stack: Stack, request: requests.KillRequest, means: Means) -> Plan:
    """Send containers a signal. Raises as `up` does."""
    from compose_lite.planner.teardown import plan_kill

    return _move(stack, request, means, plan_kill)


def pause(stack: Stack, request: requests.PauseRequest, means: Means) -> Plan:
    """Freeze containers. Raises as `up` does."""
    from compose_lite.planner.teardown import plan_pause

    return _move(stack, request, means, plan_pause)


def unpause(stack: Stack, request: requests.UnpauseRequest, means: Means) -> Plan:
    """Let paused containers go on. Raises as `up` does."""
    from compose_lite.planner.teardown import plan_unpause

    return _move(stack, request, means, plan_unpause)


def start(stack: Stack, request: requests.StartRequest, means: Means) -> Plan:
    """Start containers that exist. Raises as `up` does."""
    from compose_lite.planner.lifecycle import plan_start

    return _move(stack, request, means, plan_start)


def restart(stack: Stack, request: requests.RestartRequest, means: Means) -> Plan:
    """Stop containers and start them again. Raises as `up` does."""
    from compose_lite.planner.lifecycle import plan_restart

    return _move(stack, request, means, plan_restart)


def _move(
    stack: Stack,
    request: Request,
    means: Means,
    decide: Callable[[Project | None, Observed, Request], Plan],
    *,
    with_images: bool = False,
) -> Plan:
    """Observe a stack, decide what to do about it and do it, while nobody else does."""
    with locked(stack.name, means):
        observed = observe_stack(means.daemon, stack, images=with_images)
        plan = decide(stack.project, observed, request)
        carry_out(plan, stack.project, means)
    return plan
