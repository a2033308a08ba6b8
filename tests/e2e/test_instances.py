"""Instances: the same files side by side on a daemon, with ports of their own that stay."""

import json

from tests.e2e.checks import nothing_left, unchanged
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, remember, run

SITE = {
    "compose.yaml": """
        services:
          web:
            image: ${IDLE}
            command: sh -c 'echo ${COMPOSE_LITE_INSTANCE:-plain} > /index.html && exec httpd -f -p 80 -h /'
            container_name: ${STACK}-front
            ports: ["127.0.0.1:${PORT1}:80", "${PORT2}:53/udp"]
            volumes: ["data:/data"]
        volumes: {data: {name: "${STACK}-data"}}
    """
}


def _address(stack: Stack, instance: str, port: str = "80", protocol: str = "tcp") -> str:
    option = f"--instance {instance} " if instance else ""
    return stack.run(f"{option}port --protocol {protocol} web {port}").out.strip()


def brings_up(instance: str) -> Step:
    """`up` of an instance, whose leftovers are cleaned up whatever happens."""

    def act(stack: Stack) -> None:
        stack.sibling(instance)
        stack.run(f"--instance {instance} up -d")

    return do(f"$ --instance {instance} up -d", act)


def different_ports(*instances: str) -> Step:
    """Each instance has host ports of its own, on the address that the files give."""

    def act(stack: Stack) -> None:
        tcp = [_address(stack, instance) for instance in instances]
        udp = [_address(stack, instance, "53", "udp") for instance in instances]
        assert len({*tcp}) == len({*udp}) == len(instances), (tcp, udp)
        assert all(address.startswith("127.0.0.1:") for address in tcp), tcp
        stack.env["ADDRESSES"] = json.dumps([tcp, udp])

    return do(f"ports of {instances} differ", act)


def same_ports(*instances: str) -> Step:
    """The host ports are those that `different_ports` saw."""

    def act(stack: Stack) -> None:
        tcp = [_address(stack, instance) for instance in instances]
        udp = [_address(stack, instance, "53", "udp") for instance in instances]
        before = json.loads(stack.env["ADDRESSES"])
        assert [tcp, udp] == [before[0][: len(tcp)], before[1][: len(udp)]]

    return do(f"ports of {instances} are the same", act)


def lists_instances(*names: str) -> Step:
    """`ls` shows the stack's instances."""

    def act(stack: Stack) -> None:
        listed = json.loads(stack.run(f"ls --format json --filter name={stack.name}").out)
        assert {one["Name"]: one.get("Instance", "") for one in listed} == {
            stack.name: "",
            **{f"{stack.name}-{name}": name for name in names},
        }

    return do(f"ls shows {names}", act)


def changes_nothing(command: str) -> Step:
    return run(command, changes=0)


test_instances = scenarios(
    Scenario(
        name="side-by-side",
        intent="Two instances run beside the plain project: ports of their own that stay, `down` of one leaves the others.",
        only="compose-lite",
        files=SITE,
        steps=(
            run("up -d"),
            remember(),
            brings_up("one"),
            brings_up("two"),
            different_ports("", "one", "two"),
            lists_instances("one", "two"),
            changes_nothing("--instance one up -d"),
            changes_nothing("--instance two up -d"),
            run("--instance one stop -t 0"),
            run("--instance one start"),
            same_ports("", "one", "two"),
            run("--instance one up -d --force-recreate -t 0"),
            same_ports("", "one", "two"),
            run("--instance two down -v -t 0"),
            lists_instances("one"),
            same_ports("", "one"),
            unchanged(),
            brings_up("two"),
            same_ports("", "one", "two"),
            run("--instance one plan --out /dev/null --force-recreate"),
            run("--instance one plan --force-recreate --out again.plan"),
            run("apply again.plan"),
            same_ports("", "one", "two"),
            run("-p {STACK} --instance one down -v -t 0"),
            run("down -v -t 0", env={"COMPOSE_LITE_INSTANCE": "two"}),
            lists_instances(),
            run("down -v -t 0"),
            nothing_left(),
        ),
    ),
)
