"""Plans `up`, `create` and `scale`: everything between what is observed and what the project says."""

from __future__ import annotations

from compose_lite.planner.decisions import decide, scope_of, situation_of
from compose_lite.planner.pace import paces
from compose_lite.planner.plan import Plan
from compose_lite.planner.refs import ref_of
from compose_lite.planner.survey import needs_look
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compose_lite.planner.observed import Observed
    from compose_lite.planner.requests import Contents, UpRequest
    from compose_lite.spec.model import Project


def needs_inspection(
    project: Project, observed: Observed, request: UpRequest, contents: Contents = EMPTY
) -> frozenset[str]:
    """Ids of the containers whose labels don't show that they are as they should be.

    `plan_up` is right about them, and can say what differs, only if they (and their services' images) have
    been inspected.
    """
    scope = scope_of(project, request)
    situation = situation_of(project, observed, request, contents, scope)
    return frozenset().union(*(needs_look(situation, project.services[name]) for name in scope.order))


def plan_up(project: Project, observed: Observed, request: UpRequest, contents: Contents = EMPTY) -> Plan:
    """What has to be done so that the project's services are as the files say.

    Raises:
        PlanError: a service is unknown, an external network or volume is missing, a name is taken …; all
            that was found.
    """
    decided = decide(project, observed, request, contents, scope_of(project, request))
    kept = decided.settled()
    if kept is not None:
        # Nothing to do is the most frequent case: it does not even load what makes actions.
        return Plan(
            project=project.name,
            verb=request.verb,
            unchanged=tuple(map(ref_of, kept)),
            warnings=decided.warnings(),
            paces=paces(project, observed),
        )
    from compose_lite.planner.emission import Emission

    emission = Emission(decided)
    emission.emit()
    return emission.plan()
