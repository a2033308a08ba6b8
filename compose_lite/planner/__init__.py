"""Pure decisions: what to do so that the daemon runs what the project says, and why.

The entry points (each raises `PlanError` with every problem found; none touches the outside world):

    converge.needs_inspection(project, observed, request, contents) -> frozenset[container id]
    converge.plan_up(project, observed, request, contents) -> Plan          up, create, scale
    images.plan_images(project, observed, request) -> Plan                  before up, create, run
    images.plan_pull(project, observed, request) -> Plan
    images.plan_build(project, observed, request) -> Plan
    teardown.plan_down | plan_stop | plan_rm | plan_kill | plan_pause | plan_unpause
                      (project | None, observed, request) -> Plan
    lifecycle.plan_start | plan_restart(project | None, observed, request) -> Plan
    oneoff.one_off_project(project, request) -> Project                     run: the overrides applied
    oneoff.plan_run(project, observed, request, contents) -> Plan
    render.text(plan, ...) -> str      render.to_dict(plan, ...) -> dict

Where the project may be `None`, the stack is known from the daemon alone (`-p NAME down`).
"""
