"""What `up` decides: situation in, plan out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from compose_lite import labels
from compose_lite.errors import PlanError
from compose_lite.planner.converge import needs_inspection, plan_up
from compose_lite.planner.naming import aside_name, temporary_name
from compose_lite.planner.observed import ForeignContainer, ObservedPort
from compose_lite.planner.requests import UpRequest
from compose_lite.spec.model import (
    Deploy,
    FrozenMap,
    Hook,
    IpamPool,
    Network,
    Provider,
    RestartPolicy,
    Volume,
)
from tests.planner.stacks import daemon_for, planned, project, running, service, told, up

if TYPE_CHECKING:
    from tests.fakes.simulated_daemon import SimulatedDaemon

SHORT = "············"  # stands for the first 12 digits of the id of the container that is replaced


def edited(stack, name, **fields):
    return stack.with_services([replace(stack.services[name], **fields)])


def with_port(stack, name, value):
    return edited(stack, name, environment=FrozenMap({"PORT": value}))


def short(text: str, daemon: SimulatedDaemon) -> str:
    """The plan with ids of containers made the same for everybody; other digits come from a hash."""
    for id_ in daemon.containers:
        for name in (temporary_name(id_, ""), aside_name(id_, "")):
            text = text.replace(name, f"{SHORT}_")
    return re.sub("[0-9a-f]{12}_", "(hash)_", text)


WEB_AND_DB = project(
    service("db", volumes={"/data": "data"}, healthy=True),
    service("web", needs={"db": "healthy"}, environment=FrozenMap({"PORT": "80"})),
)


def test_first_up_creates_at_once_and_starts_in_order():
    assert planned(WEB_AND_DB, daemon_for(WEB_AND_DB)) == told("""
        [1] create network p_default (no network yet)
        [2] create volume p_data (no volume yet)
        [3] create container p-db-1 <- [1] [2] (no container yet)
        [4] start container p-db-1 <- [3] (no container yet)
        [5] wait for service db healthy <- [4] (needed by web)
        [6] create container p-web-1 <- [1] (no container yet)
        [7] start container p-web-1 <- [5] [6] (no container yet)
    """)


def test_nothing_to_do_is_an_empty_plan():
    daemon = running(WEB_AND_DB)
    plan = plan_up(WEB_AND_DB, daemon.observe(inspected=False), UpRequest())
    assert plan.empty
    assert [ref.name for ref in plan.unchanged] == ["p-db-1", "p-web-1"]
    assert needs_inspection(WEB_AND_DB, daemon.observe(inspected=False), UpRequest()) == frozenset()


def test_a_changed_field_replaces_only_that_container():
    daemon = running(WEB_AND_DB)
    stack = with_port(WEB_AND_DB, "web", "8080")
    assert short(planned(stack, daemon), daemon) == told("""
        [1] create container ············_p-web-1 for p-web-1 (environment.PORT: 80 → 8080)
        [2] stop container p-web-1 <- [1] (environment.PORT: 80 → 8080)
        [3] remove container p-web-1 <- [1] [2] (environment.PORT: 80 → 8080)
        [4] rename container ············_p-web-1 to p-web-1 <- [3] (environment.PORT: 80 → 8080)
        [5] start container p-web-1 <- [4] (environment.PORT: 80 → 8080)
    """)


def test_a_container_whose_hash_differs_has_to_be_inspected():
    daemon = running(WEB_AND_DB)
    stack = with_port(WEB_AND_DB, "web", "8080")
    web = daemon.by_name("p-web-1").id
    assert needs_inspection(stack, daemon.observe(inspected=False), UpRequest()) == {web}


def test_a_rebuilt_image_replaces_the_container():
    stack = project(service("web", build=object()))
    daemon = running(stack)
    old = daemon.by_name("p-web-1").image_id[:19]
    daemon.add_image("web:1", generation=2)
    new = daemon.images["web:1"].id[:19]
    assert f"(image: {old} → {new} (rebuilt))" in planned(stack, daemon)


def test_with_no_recreate_an_old_configuration_stays():
    daemon = running(WEB_AND_DB)
    stack = with_port(WEB_AND_DB, "web", "8080")
    assert planned(stack, daemon, recreate="never", recreate_dependencies="never") == ""


def test_force_recreate_of_a_named_service_leaves_its_dependencies():
    daemon = running(WEB_AND_DB)
    plan = planned(WEB_AND_DB, daemon, services=("web",), recreate="force")
    assert "db" not in plan
    assert "replacement was asked for" in plan


def test_always_recreate_deps_replaces_them_first():
    daemon = running(WEB_AND_DB)
    request = {"services": ("web",), "recreate": "force", "recreate_dependencies": "force"}
    assert short(planned(WEB_AND_DB, daemon, **request), daemon) == told("""
        [1] create container ············_p-db-1 for p-db-1 (replacement was asked for)
        [2] create container ············_p-web-1 for p-web-1 (replacement was asked for)
        [3] stop container p-web-1 <- [2] (replacement was asked for)
        [4] stop container p-db-1 <- [1] ~[3] (replacement was asked for)
        [5] remove container p-db-1 <- [1] [4] (replacement was asked for)
        [6] rename container ············_p-db-1 to p-db-1 <- [5] (replacement was asked for)
        [7] start container p-db-1 <- [6] (replacement was asked for)
        [8] wait for service db healthy <- [7] (needed by web)
        [9] remove container p-web-1 <- [2] [3] (replacement was asked for)
        [10] rename container ············_p-web-1 to p-web-1 <- [9] (replacement was asked for)
        [11] start container p-web-1 <- [8] [10] (replacement was asked for)
    """)


@pytest.mark.parametrize(
    ("state", "plan"),
    [
        ("created", "[1] start container p-web-1 (not running: created)"),
        ("exited", "[1] start container p-web-1 (not running: exited (3))"),
        ("paused", "[1] unpause container p-web-1 (paused)"),
        ("running", ""),
        ("restarting", ""),
        (
            "dead",
            """
            [1] create container ············_p-web-1 for p-web-1 (dead)
            [2] remove container p-web-1 <- [1] (dead)
            [3] rename container ············_p-web-1 to p-web-1 <- [2] (dead)
            [4] start container p-web-1 <- [3] (dead)
            """,
        ),
        (
            "removing",
            """
            [1] remove container p-web-1 (dead: its removal did not end)
            [2] create container (hash)_p-web-1 (no container yet)
            [3] rename container (hash)_p-web-1 to p-web-1 <- [1] [2] (no container yet)
            [4] start container p-web-1 <- [3] (no container yet)
            """,
        ),
    ],
)
def test_every_state_leads_to_running(state, plan):
    stack = project(service("web"))
    daemon = running(stack)
    web = daemon.by_name("p-web-1")
    web.state, web.exit_code = state, 3 if state == "exited" else None
    assert short(planned(stack, daemon), daemon) == told(plan)


def test_create_starts_nothing():
    daemon = daemon_for(WEB_AND_DB)
    plan = plan_up(WEB_AND_DB, daemon.observe(), UpRequest(start=False, verb="create"))
    assert {planned.action.verb for planned in plan.actions} == {"create"}
    daemon.apply(plan, WEB_AND_DB)
    assert plan_up(WEB_AND_DB, daemon.observe(), UpRequest(start=False)).empty


class TestScale:
    STACK = project(service("web", scale=2))

    def test_up_fills_the_lowest_free_numbers(self):
        daemon = running(project(service("web", scale=3)))
        daemon.containers.pop(daemon.by_name("p-web-2").id)
        plan = planned(project(service("web", scale=4)), daemon)
        assert plan == told("""
            [1] create container p-web-2 (scaled up to 4)
            [2] start container p-web-2 <- [1] (scaled up to 4)
            [3] create container p-web-4 (scaled up to 4)
            [4] start container p-web-4 <- [3] (scaled up to 4)
        """)

    def test_down_takes_the_highest_numbers(self):
        assert planned(project(service("web")), running(self.STACK)) == told("""
            [1] stop container p-web-2 (scaled down to 1)
            [2] remove container p-web-2 <- [1] (scaled down to 1)
        """)

    def test_numbers_above_the_count_stay_when_there_are_few_enough(self):
        daemon = running(project(service("web", scale=3)))
        daemon.containers.pop(daemon.by_name("p-web-1").id)
        assert planned(self.STACK, daemon) == ""

    def test_of_two_containers_with_one_number_the_better_stays(self):
        stack = project(service("web"))
        daemon = running(stack)
        web = daemon.by_name("p-web-1")
        twin = replace(web, id="f" * 64, name="twin", state="exited", labels=dict(web.labels))
        daemon.containers[twin.id] = twin
        assert planned(stack, daemon) == "[1] remove container twin (another container has the same number)"

    def test_a_container_name_forbids_it(self):
        stack = project(service("web", container_name="one", scale=2))
        with pytest.raises(PlanError, match="container name 'one', so it can't have 2 containers"):
            planned(stack, daemon_for(stack))

    def test_so_does_a_fixed_port(self):
        stack = project(service("web", port=8080, scale=2))
        with pytest.raises(PlanError, match="port 8080 of service 'web' can't be published by 2 containers"):
            planned(stack, daemon_for(stack))

    def test_two_services_can_t_have_one_port(self):
        stack = project(service("a", port=8080), service("b", port=8080))
        with pytest.raises(PlanError, match="services 'a' and 'b' both publish port 8080"):
            planned(stack, daemon_for(stack))

    def test_but_on_addresses_of_their_own_and_after_a_job_they_can(self):
        stack = project(service("a", port=8080), service("b", port=8080))
        for name, address in (("a", "127.0.0.1"), ("b", "127.0.0.2")):
            port = replace(stack.services[name].ports[0], host_ip=address)
            stack = edited(stack, name, ports=(port,))
        assert planned(stack, daemon_for(stack))
        job = project(
            service("job", port=8080), service("web", port=8080, needs={"job": "completed_successfully"})
        )
        assert planned(job, daemon_for(job))


class TestLinks:
    def test_a_linked_container_is_created_before_the_one_that_links_to_it(self):
        stack = project(service("a", needs=["z"], links=("z:other",)), service("z", scale=2))
        assert planned(stack, daemon_for(stack)) == told("""
            [1] create network p_default (no network yet)
            [2] create container p-z-1 <- [1] (no container yet)
            [3] start container p-z-1 <- [2] (no container yet)
            [4] create container p-z-2 <- [1] (no container yet)
            [5] start container p-z-2 <- [4] (no container yet)
            [6] create container p-a-1 <- [1] [2] [4] (no container yet)
            [7] start container p-a-1 <- [3] [5] [6] (no container yet)
        """)


class TestNames:
    def test_a_renamed_container_gets_its_name_back(self):
        stack = project(service("web"))
        daemon = running(stack)
        daemon.by_name("p-web-1").name = "mine"
        assert planned(stack, daemon) == "[1] rename container mine to p-web-1 (has the name mine)"

    def test_a_new_container_name_renames_without_a_stop(self):
        stack = project(service("web"))
        daemon = running(stack)
        assert planned(edited(stack, "web", container_name="site"), daemon) == (
            "[1] rename container p-web-1 to site (has the name p-web-1)"
        )

    def test_swapped_names_go_by_way_of_a_temporary_one(self):
        stack = project(service("a"), service("b"))
        daemon = running(stack)
        a, b = daemon.by_name("p-a-1"), daemon.by_name("p-b-1")
        a.name, b.name = b.name, a.name
        assert short(planned(stack, daemon), daemon) == told("""
            [1] rename container p-a-1 to ············_p-b-1 (has the name p-a-1)
            [2] rename container p-b-1 to p-a-1 <- [1] (has the name p-b-1)
            [3] rename container p-a-1 to p-b-1 <- [1] [2] (has the name p-a-1)
        """)

    def test_a_name_that_another_project_holds_is_refused(self):
        stack = project(service("web", container_name="site"))
        other = ForeignContainer(id="0" * 64, name="site", project="shop")
        observed = replace(daemon_for(stack).observe(), foreign=(other,))
        with pytest.raises(PlanError, match="the container name 'site' is taken by project 'shop'"):
            plan_up(stack, observed, UpRequest())


class TestPorts:
    def test_a_port_moves_to_another_service_once_the_first_has_let_go(self):
        before = project(service("a", port=8080), service("b"))
        after = project(service("a"), service("b", port=8080))
        daemon = running(before)
        up(daemon, after)  # the simulated daemon refuses a port that is still taken
        assert planned(after, daemon) == ""

    def test_one_that_another_container_publishes_is_refused_before_anything_is_done(self):
        stack = project(service("web", port=8080))
        holder = ForeignContainer(
            id="0" * 64, name="site", running=True, ports=(ObservedPort(target=80, published=8080),)
        )
        observed = replace(daemon_for(stack).observe(), foreign=(holder,))
        with pytest.raises(
            PlanError, match="port 8080, which service 'web' publishes, is in use by container 'site'"
        ):
            plan_up(stack, observed, UpRequest())

    def test_a_holder_on_ipv4_and_ipv6_is_named_once(self):
        stack = project(service("web", port=8080))
        ports = tuple(ObservedPort(target=80, published=8080, host_ip=ip) for ip in ("0.0.0.0", "::"))
        holder = ForeignContainer(id="0" * 64, name="site", running=True, ports=ports)
        with pytest.raises(PlanError) as error:
            plan_up(stack, replace(daemon_for(stack).observe(), foreign=(holder,)), UpRequest())
        assert [problem.code for problem in error.value.problems] == ["port-in-use"]

    def test_addresses_that_do_not_overlap_are_no_conflict(self):
        stack = project(service("web", port=8080))
        port = replace(stack.services["web"].ports[0], host_ip="127.0.0.1")
        stack = edited(stack, "web", ports=(port,))
        taken = ObservedPort(target=80, published=8080, host_ip="10.0.0.1")
        holder = ForeignContainer(id="0" * 64, name="site", running=True, ports=(taken,))
        plan_up(stack, replace(daemon_for(stack).observe(), foreign=(holder,)), UpRequest())


class TestDependencies:
    def test_one_that_is_healthy_already_is_not_waited_for(self):
        daemon = running(WEB_AND_DB)
        daemon.by_name("p-web-1").state = "exited"
        assert planned(WEB_AND_DB, daemon) == "[1] start container p-web-1 (not running: exited)"

    def test_one_that_is_not_healthy_yet_is(self):
        daemon = running(WEB_AND_DB)
        daemon.by_name("p-web-1").state = "exited"
        daemon.by_name("p-db-1").health = "starting"
        assert planned(WEB_AND_DB, daemon) == told("""
            [1] wait for service db healthy (needed by web)
            [2] start container p-web-1 <- [1] (not running: exited)
        """)

    def test_an_optional_one_may_fail(self):
        stack = project(service("db", healthy=True), service("web", needs={"db": "healthy"}, optional=["db"]))
        assert planned(stack, daemon_for(stack)) == told("""
            [1] create network p_default (no network yet)
            [2] create container p-db-1 <- [1] (no container yet)
            [3] start container p-db-1 <- [2] (no container yet)
            [4] wait for service db healthy <- ~[3] (needed by web)
            [5] create container p-web-1 <- [1] (no container yet)
            [6] start container p-web-1 <- [5] ~[4] (no container yet)
        """)

    def test_with_no_deps_they_are_neither_made_nor_waited_for(self):
        plan = planned(WEB_AND_DB, daemon_for(WEB_AND_DB), services=("web",), no_deps=True)
        assert plan == told("""
            [1] create network p_default (no network yet)
            [2] create container p-web-1 <- [1] (no container yet)
            [3] start container p-web-1 <- [2] (no container yet)
        """)

    def test_restart_true_stops_before_and_starts_behind_a_replaced_dependency(self):
        stack = project(service("db"), service("web", needs=["db"], restart_with=["db"]))
        daemon = running(stack)
        assert short(planned(with_port(stack, "db", "1"), daemon), daemon) == told("""
            [1] create container ············_p-db-1 for p-db-1 (environment.PORT: added 1)
            [2] stop container p-web-1 <- [1] (db is replaced)
            [3] stop container p-db-1 <- [1] ~[2] (environment.PORT: added 1)
            [4] remove container p-db-1 <- [1] [3] (environment.PORT: added 1)
            [5] rename container ············_p-db-1 to p-db-1 <- [4] (environment.PORT: added 1)
            [6] start container p-db-1 <- [5] (environment.PORT: added 1)
            [7] start container p-web-1 <- [2] [6] (db is replaced)
        """)

    def test_what_shares_a_namespace_is_replaced_along(self):
        stack = project(service("db"), service("web", needs=["db"], network_mode="service:db"))
        daemon = running(stack)
        assert short(planned(with_port(stack, "db", "1"), daemon), daemon) == told("""
            [1] create container ············_p-db-1 for p-db-1 (environment.PORT: added 1)
            [2] create container ············_p-web-1 for p-web-1 <- [1] (db is replaced)
            [3] stop container p-web-1 <- [2] (db is replaced)
            [4] stop container p-db-1 <- [1] [3] (environment.PORT: added 1)
            [5] remove container p-db-1 <- [1] [4] (environment.PORT: added 1)
            [6] rename container ············_p-db-1 to p-db-1 <- [5] (environment.PORT: added 1)
            [7] start container p-db-1 <- [6] (environment.PORT: added 1)
            [8] remove container p-web-1 <- [2] [3] (db is replaced)
            [9] rename container ············_p-web-1 to p-web-1 <- [8] (db is replaced)
            [10] start container p-web-1 <- [7] [9] (db is replaced)
        """)

    def test_what_shares_a_namespace_restarts_with_it(self):
        stack = project(service("db"), service("web", needs=["db"], network_mode="service:db"))
        daemon = running(stack)
        daemon.by_name("p-db-1").state = "exited"
        assert planned(stack, daemon) == told("""
            [1] start container p-db-1 (not running: exited)
            [2] stop container p-web-1 (db is restarted)
            [3] start container p-web-1 <- [1] [2] (db is restarted)
        """)

    def test_volumes_from_is_tied_to_the_container_too(self):
        stack = project(service("db"), service("web", needs=["db"], volumes_from=("db:ro",)))
        daemon = running(stack)
        assert "create container" in planned(with_port(stack, "db", "1"), daemon).splitlines()[1]

    def test_a_circle_is_spelled_out(self):
        stack = project(service("a", needs=["b"]), service("b", needs=["c"]), service("c", needs=["a"]))
        with pytest.raises(PlanError, match="in a circle: a → b → c → a"):
            planned(stack, daemon_for(stack))


class TestJobs:
    STACK = project(service("job"), service("web", needs={"job": "completed_successfully"}))

    def test_a_completed_job_is_not_run_again(self):
        daemon = running(self.STACK)
        assert daemon.by_name("p-job-1").state == "exited"
        assert planned(self.STACK, daemon) == ""

    def test_unless_it_failed(self):
        daemon = running(self.STACK)
        daemon.by_name("p-job-1").exit_code = 1
        assert planned(self.STACK, daemon) == "[1] start container p-job-1 (not running: exited (1))"

    def test_or_is_asked_for(self):
        assert "start container p-job-1" in planned(self.STACK, running(self.STACK), rerun_jobs=True)

    def test_or_changed(self):
        stack = with_port(self.STACK, "job", "1")
        assert "start container" in planned(stack, running(self.STACK))

    def test_a_marked_service_is_a_job(self):
        stack = project(service("tidy", extensions=FrozenMap({"x-compose-lite": {"job": True}})))
        daemon = running(stack)
        tidy = daemon.by_name("p-tidy-1")
        tidy.state, tidy.exit_code = "exited", 0
        assert planned(stack, daemon) == ""

    def test_what_the_engine_restarts_is_none(self):
        policy = Deploy(restart_policy=RestartPolicy(condition="any"))
        stack = edited(self.STACK, "job", deploy=policy)
        daemon = running(stack)
        daemon.by_name("p-job-1").state = "exited"
        assert "start container p-job-1" in planned(stack, daemon)

    def test_wait_takes_its_completion_for_success(self):
        plan = planned(self.STACK, daemon_for(self.STACK), wait=True)
        assert plan.splitlines()[-2:] == [
            "[7] wait for service job completed_successfully <- [3] (asked for by --wait)",
            "[8] wait for service web running_or_healthy <- [6] (asked for by --wait)",
        ]


class TestNetworks:
    OLD = Network(key="back", name="p_back", ipam_pools=(IpamPool(subnet="10.1.0.0/24"),))
    NEW = Network(key="back", name="p_back", ipam_pools=(IpamPool(subnet="10.2.0.0/24"),))

    def stack(self, network, *more):
        return project(service("web", networks=["back"]), *more, networks={"back": network})

    def test_a_changed_one_is_made_anew_with_its_containers_moved(self):
        daemon = running(self.stack(self.OLD))
        assert planned(self.stack(self.NEW), daemon) == told("""
            [1] disconnect container p-web-1 from p_back (network back: subnet 10.1.0.0/24 → 10.2.0.0/24)
            [2] remove network p_back <- [1] (network back: subnet 10.1.0.0/24 → 10.2.0.0/24)
            [3] create network p_back <- [2] (network back: subnet 10.1.0.0/24 → 10.2.0.0/24)
            [4] connect container p-web-1 to p_back <- [1] [3] (network back: subnet 10.1.0.0/24 → 10.2.0.0/24)
        """)

    def test_a_container_that_is_replaced_stops_before_its_network_goes(self):
        daemon = running(self.stack(self.OLD))
        plan = planned(with_port(self.stack(self.NEW), "web", "1"), daemon)
        assert [line.split(" (")[0] for line in short(plan, daemon).splitlines()] == [
            "[1] stop container p-web-1",
            "[2] remove network p_back <- [1]",
            "[3] create network p_back <- [2]",
            "[4] create container ············_p-web-1 for p-web-1 <- [3]",
            "[5] remove container p-web-1 <- [1] [4]",
            "[6] rename container ············_p-web-1 to p-web-1 <- [5]",
            "[7] start container p-web-1 <- [6]",
        ]

    def test_a_disconnected_container_is_connected_again(self):
        stack = project(service("web"))
        daemon = running(stack)
        daemon.by_name("p-web-1").endpoints.clear()
        assert planned(stack, daemon) == (
            "[1] connect container p-web-1 to p_default "
            "(container was changed outside: network default disconnected)"
        )

    def test_a_stopped_container_gets_off_a_network_that_was_removed(self):
        stack = project(service("web"))
        daemon = running(stack)
        daemon.by_name("p-web-1").state = "exited"
        daemon.networks.clear()
        assert [line.split(" (")[0] for line in planned(stack, daemon).splitlines()] == [
            "[1] create network p_default",
            "[2] disconnect container p-web-1 from p_default",
            "[3] connect container p-web-1 to p_default <- [1] [2]",
            "[4] start container p-web-1 <- [3]",
        ]

    def test_an_external_one_has_to_exist(self):
        stack = self.stack(Network(key="back", name="shared", external=True))
        with pytest.raises(PlanError, match="network 'shared' is declared as external") as caught:
            planned(stack, daemon_for(stack))
        assert caught.value.hint == "create it: docker network create shared"

    def test_one_made_by_hand_is_refused(self):
        stack = self.stack(self.OLD)
        daemon = running(stack)
        daemon.networks["p_back"] = replace(daemon.networks["p_back"], labels={})
        with pytest.raises(PlanError, match="was not made for 'back' of this project"):
            planned(stack, daemon)

    def test_one_of_another_project_is_used_with_a_warning(self):
        stack = self.stack(self.OLD)
        daemon = running(stack)
        marks = {**daemon.networks["p_back"].labels, labels.PROJECT: "shop"}
        daemon.networks["p_back"] = replace(daemon.networks["p_back"], labels=marks)
        plan = plan_up(stack, daemon.observe(), UpRequest())
        assert plan.empty
        assert [warning.code for warning in plan.warnings] == ["network-of-other-project"]


class TestVolumes:
    def stack(self, volume):
        return project(service("db", volumes={"/data": "data"}), volumes={"data": volume})

    def test_a_changed_one_is_kept_with_a_warning(self):
        daemon = running(self.stack(Volume(key="data", name="p_data")))
        changed = self.stack(Volume(key="data", name="p_data", driver_opts=FrozenMap({"o": "ro"})))
        plan = plan_up(changed, daemon.observe(), UpRequest())
        assert plan.empty
        assert [warning.message for warning in plan.warnings] == [
            "volume 'p_data' differs from its definition (driver_opts.o: added ro); it is kept, with its data"
        ]

    CHANGED = Volume(key="data", name="p_data", driver_opts=FrozenMap({"o": "ro"}))

    def test_it_is_made_anew_only_when_named_for_that(self):
        daemon = running(self.stack(Volume(key="data", name="p_data")))
        plan = planned(self.stack(self.CHANGED), daemon, recreate_volumes=frozenset({"data"}))
        assert [line.split(" (")[0] for line in short(plan, daemon).splitlines()] == [
            "[1] stop container p-db-1",
            "[2] remove container p-db-1 <- [1]",
            "[3] remove volume p_data <- [2]",
            "[4] create volume p_data <- [3]",
            "[5] create container ············_p-db-1 <- [4]",
            "[6] rename container ············_p-db-1 to p-db-1 <- [2] [5]",
            "[7] start container p-db-1 <- [6]",
        ]
        assert "volume data: driver_opts.o added ro" in plan

    def test_anonymous_volumes_survive_that(self):
        stack = project(
            service("db", volumes={"/data": "data", "/anon": None}), volumes={"data": self.CHANGED}
        )
        daemon = running(replace(stack, volumes=FrozenMap({"data": Volume(key="data", name="p_data")})))
        before = [m.volume for m in daemon.by_name("p-db-1").mounts if m.target == "/anon"]
        up(daemon, stack, recreate_volumes=frozenset({"data"}))
        assert [m.volume for m in daemon.by_name("p-db-1").mounts if m.target == "/anon"] == before
        assert planned(stack, daemon) == ""

    def test_a_protected_one_never_is(self):
        daemon = running(self.stack(Volume(key="data", name="p_data")))
        stack = self.stack(replace(self.CHANGED, protected=True))
        with pytest.raises(PlanError, match="volume 'p_data' is protected"):
            planned(stack, daemon, recreate_volumes=frozenset({"data"}))

    def test_nor_one_that_somebody_else_uses(self):
        daemon = running(self.stack(Volume(key="data", name="p_data")))
        daemon.by_name("p-db-1").oneoff = True
        with pytest.raises(PlanError, match="can't be made anew: p-db-1 uses it"):
            planned(self.stack(self.CHANGED), daemon, recreate_volumes=frozenset({"data"}))

    def test_one_made_by_hand_is_used_with_a_warning(self):
        stack = self.stack(Volume(key="data", name="p_data"))
        daemon = running(stack)
        daemon.volumes["p_data"] = replace(daemon.volumes["p_data"], labels={})
        plan = plan_up(stack, daemon.observe(), UpRequest())
        assert plan.empty
        assert [warning.code for warning in plan.warnings] == ["volume-not-ours"]

    def test_an_external_one_has_to_exist(self):
        stack = self.stack(Volume(key="data", name="shared", external=True))
        with pytest.raises(PlanError, match="volume 'shared' is declared as external"):
            planned(stack, daemon_for(stack))


class TestAdoption:
    """Containers that docker compose made have no hash of ours: what is inspected decides."""

    def adopted(self, stack):
        daemon = running(stack)
        for c in daemon.containers.values():
            c.labels.pop(labels.HASH)
            c.labels[labels.CONFIG_HASH] = "theirs"
        return daemon

    def test_one_that_differs_in_nothing_stays(self):
        assert planned(WEB_AND_DB, self.adopted(WEB_AND_DB)) == ""

    def test_registry_access_beside_the_api_socket_is_no_part_of_the_service(self):
        stack = project(service("web", use_api_socket=True))
        daemon = self.adopted(stack)
        actual = daemon.by_name("p-web-1").effective
        actual["environment.DOCKER_CONFIG"] = "/run/secrets/docker"
        actual["mounts./run/secrets/docker/config.json"] = "bind /root/.docker/config.json ro"
        assert planned(stack, daemon) == ""

    def test_one_that_differs_is_replaced_and_says_where(self):
        plan = planned(with_port(WEB_AND_DB, "web", "8080"), self.adopted(WEB_AND_DB))
        assert "environment.PORT: 80 → 8080" in plan
        assert "p-db-1" not in plan

    def test_one_that_misses_a_network_is_only_connected(self):
        daemon = self.adopted(WEB_AND_DB)
        web = daemon.by_name("p-web-1")
        web.endpoints.clear()
        del web.effective["networks.p_default"]
        assert planned(WEB_AND_DB, daemon).startswith("[1] connect container p-web-1")


class TestInterruptedReplacements:
    def interrupted(self, after, stack=None):
        daemon = running(WEB_AND_DB)
        self.changed = stack or with_port(WEB_AND_DB, "web", "8080")
        plan = plan_up(self.changed, daemon.observe(), UpRequest())
        daemon.apply(plan, self.changed, stop_after=after)
        return daemon

    @pytest.mark.parametrize(
        ("after", "steps"),
        [
            (1, ["stop", "remove", "rename", "start"]),
            (2, ["remove", "rename", "start"]),
            (3, ["rename", "start"]),
            (4, ["start"]),
            (5, []),
        ],
    )
    def test_each_is_continued_where_it_was_left(self, after, steps):
        daemon = self.interrupted(after)
        plan = plan_up(self.changed, daemon.observe(), UpRequest())
        assert [planned.action.verb for planned in plan.actions] == steps

    def test_a_successor_that_is_out_of_date_makes_way(self):
        daemon = self.interrupted(1)
        assert [
            f"{p.action.verb} {p.action.name}"
            for p in plan_up(WEB_AND_DB, daemon.observe(), UpRequest()).actions
        ] == [f"remove {next(c.name for c in daemon.containers.values() if '_' in c.name)}"]

    def test_a_leftover_of_docker_compose_makes_way(self):
        daemon = self.interrupted(1)
        left = next(c for c in daemon.containers.values() if "_" in c.name)
        left.labels.pop(labels.REPLACES)
        left.labels[labels.REPLACE] = "p-web-1"
        up(daemon, self.changed)
        assert sorted(c.name for c in daemon.containers.values()) == ["p-db-1", "p-web-1"]
        assert planned(self.changed, daemon) == ""


class TestOrphans:
    def situation(self, **found):
        daemon = running(project(service("old"), service("web")))
        for name, value in found.items():
            daemon.by_name("p-old-1").labels[name] = value
        return daemon

    def test_they_are_named_and_left(self):
        plan = plan_up(project(service("web")), self.situation().observe(), UpRequest())
        assert plan.empty
        assert [warning.message for warning in plan.warnings] == [
            "containers of services that the project does not have: p-old-1"
        ]

    def test_and_removed_on_request(self):
        assert planned(project(service("web")), self.situation(), remove_orphans=True) == told("""
            [1] stop container p-old-1 (service old is not in the project)
            [2] remove container p-old-1 <- [1] (service old is not in the project)
        """)

    def test_those_that_other_files_made_are_told_apart(self):
        daemon = self.situation(**{labels.CONFIG_FILES: "/other/compose.yaml"})
        stack = project(service("web"), compose_files=("/src/compose.yaml",))
        plan = plan_up(stack, daemon.observe(), UpRequest())
        assert [warning.code for warning in plan.warnings] == ["foreign-orphans"]
        assert "p-old-1 (of /other/compose.yaml)" in plan.warnings[0].message
        plan = plan_up(stack, daemon.observe(), UpRequest(remove_orphans=True))
        assert plan.warnings[0].message == (
            "containers that other files made under the same project name go too: "
            "p-old-1 (of /other/compose.yaml)"
        )

    def test_services_behind_a_profile_are_none(self):
        stack = project(service("web"), disabled_services=FrozenMap({"old": service("old", profiles=("x",))}))
        assert plan_up(stack, self.situation().observe(), UpRequest()).warnings == ()


def test_hooks_run_behind_the_start_and_before_the_stop():
    hook = Hook(command=("true",))
    stack = project(service("web", post_start=(hook,), pre_stop=(hook,)))
    daemon = running(stack)
    assert short(planned(with_port(stack, "web", "1"), daemon), daemon) == told("""
        [1] create container ············_p-web-1 for p-web-1 (environment.PORT: added 1)
        [2] run hook in container p-web-1 pre_stop <- [1] (pre_stop hook)
        [3] stop container p-web-1 <- [2] (environment.PORT: added 1)
        [4] remove container p-web-1 <- [1] [3] (environment.PORT: added 1)
        [5] rename container ············_p-web-1 to p-web-1 <- [4] (environment.PORT: added 1)
        [6] start container p-web-1 <- [5] (environment.PORT: added 1)
        [7] run hook in container p-web-1 post_start <- [6] (post_start hook)
    """)


def test_a_service_of_a_provider_has_no_container():
    stack = project(
        service("cloud", provider=Provider(type="awesome"), networks=()), service("web", needs=["cloud"])
    )
    assert planned(stack, daemon_for(stack)) == told("""
        [1] create network p_default (no network yet)
        [2] create container p-web-1 <- [1] (no container yet)
        [3] start container p-web-1 <- [2] (no container yet)
    """)


def test_unknown_services_are_all_named():
    with pytest.raises(PlanError) as caught:
        planned(WEB_AND_DB, daemon_for(WEB_AND_DB), services=("wbe", "dbb"))
    assert [problem.message for problem in caught.value.problems] == [
        "no such service: 'wbe'",
        "no such service: 'dbb'",
    ]
