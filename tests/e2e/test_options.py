"""Options that no other scenario is about: each is tried with and without, and changes what it says it does."""

import contextlib
import json
import re
import signal
import tarfile
import threading

import docker.errors

from tests.e2e import state
from tests.e2e.checks import (
    containers,
    inside,
    json_lines,
    kept,
    names,
    nothing_left,
    oneoffs,
    prints,
    prints_lines,
    prints_match,
    reaches,
    resolves_not,
    says,
    says_not,
    volumes,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import (
    do,
    edit,
    ends,
    eventually,
    open_terminal,
    remember,
    run,
    send_signal,
    shows,
    write,
)
from tests.e2e.test_watch import soon, watching
from tests.fakes.proxy import Call, Proxy, Strike

ONE = {"compose.yaml": "services: {web: {image: '${IDLE}'}}"}
TWO = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", depends_on: [db]}
          db: {image: "${IDLE}"}
    """
}
# Ends only when it is killed: with its own grace period that takes a minute.
STUBBORN = {
    "compose.yaml": "services: {web: {image: '${IMAGE}', command: sleep 1000, stop_grace_period: 1m}}"
}
SPEAKING = {
    "compose.yaml": """
        services:
          web: {image: "${IDLE}", command: echo from-web, depends_on: [db]}
          db: {image: "${IDLE}", command: echo from-db}
    """
}
WITHOUT_DB = write("compose.yaml", "services: {web: {image: '${IDLE}'}}")
WITHOUT_WEB = write("compose.yaml", "services: {db: {image: '${IDLE}'}}")
# `exec` passes on what the engine says; no shell that `sh` tries can be started then.
_REFUSED = re.compile("unable to apply caps|there is no shell")


def _by_host_option(stack: Stack) -> None:
    """`--host` leads to the daemon although the environment leads nowhere."""
    with Proxy() as proxy:
        nowhere = {"DOCKER_HOST": "unix:///nowhere.sock"}
        stack.run("ps", env=nowhere, code=1)
        stack.run(f"--host {proxy.address} ps", env=nowhere)
        assert proxy.calls


test_program = scenarios(
    Scenario(
        name="host",
        intent="`--host` names the daemon and wins over DOCKER_HOST.",
        files=ONE,
        steps=(run("up -d"), do("ask by --host", _by_host_option), says("{STACK}-web-1")),
    ),
    Scenario(
        name="compatibility",
        intent="With `--compatibility` names have underscores; a stack that has hyphens is renamed, not replaced.",
        files=TWO,
        steps=(
            run("up -d"),
            remember(),
            run("--compatibility up -d"),
            names("{STACK}_web_1", "{STACK}_db_1"),
            kept("web", "db"),
            run("--compatibility up -d", changes=0),
            run("--compatibility up -d --force-recreate --scale web=2"),
            names("{STACK}_web_1", "{STACK}_web_2", "{STACK}_db_1"),
            run("--compatibility run -d web sleep 1000"),
            do("a one-off, too", lambda stack: _one_off_name(stack)),
            run("ps -a", env={"COMPOSE_COMPATIBILITY": "1"}),
            run("down", env={"COMPOSE_COMPATIBILITY": "1"}),
            nothing_left(),
        ),
    ),
    Scenario(
        name="parallel",
        intent="`--parallel` bounds how many calls to the daemon are under way.",
        files=ONE,
        steps=(
            do("up, one call at a time", lambda stack: _creates_at_once(stack)),
            containers(web="running x5"),
        ),
    ),
    Scenario(
        name="all-resources",
        intent="`--all-resources` makes also the volumes and networks that no service uses.",
        files={"compose.yaml": ONE["compose.yaml"] + "\nvolumes: {unused: {}}\n"},
        steps=(
            run("up -d"),
            volumes(),
            run("config --volumes"),
            prints(""),
            run("--all-resources config --volumes"),
            prints("unused"),
            run("--all-resources up -d"),
            volumes("unused"),
            run("down -v"),
        ),
    ),
)


def _creates_at_once(stack: Stack) -> None:
    """With `--parallel 1` the daemon never has two containers to create."""
    creating, most, lock = 0, 0, threading.Lock()

    def begin(call: Call) -> Strike | None:
        nonlocal creating, most
        if call.path != "/containers/create":
            return None
        with lock:
            creating += 1
            most = max(most, creating)
        return Strike(when="after", do=end)

    def end() -> None:
        nonlocal creating
        with lock:
            creating -= 1

    with Proxy(on_call=begin) as proxy:
        stack.run("--parallel 1 up -d --scale web=5", env={"DOCKER_HOST": proxy.address})
    assert most == 1


test_up = scenarios(
    Scenario(
        name="timeout",
        intent="`up --timeout` and `restart --timeout` kill a container that does not stop in that time.",
        files=STUBBORN,
        steps=(
            run("up -d"),
            remember(),
            run("restart --timeout 0", timeout=40),
            kept("web", restarted=True),
            run("up -d --force-recreate --timeout 0", timeout=40),
            run("down -t 0", timeout=40),
        ),
    ),
    Scenario(
        name="attach-dependencies",
        intent="`up SERVICE` shows that service's lines; with `--attach-dependencies` also those of what it needs.",
        files=SPEAKING,
        steps=(
            run("up web"),
            says("from-web"),
            says_not("from-db"),
            run("up --attach-dependencies --force-recreate web"),
            says("from-web", "from-db"),
        ),
    ),
    Scenario(
        name="look-of-lines",
        intent="`up --no-log-prefix` and `--timestamps` say how lines look.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', command: echo from-web}}"},
        steps=(
            run("up --no-log-prefix"),
            do("the bare line", lambda stack: _has_line(stack, r"from-web")),
            run("up --timestamps"),
            do("with its time", lambda stack: _has_line(stack, r"web-1 +\| +\d{4}-\d\d-\d\dT\S+Z from-web")),
        ),
    ),
    Scenario(
        name="no-color",
        intent="On a terminal prefixes are coloured, with `up --no-color` they are not.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', command: echo from-web}}"},
        steps=(
            open_terminal("up"),
            ends("terminal", code=0),
            do("coloured", lambda stack: _prefix_coloured(stack, True)),
            open_terminal("up --no-color", key="plain"),
            ends("plain", code=0),
            do("plain", lambda stack: _prefix_coloured(stack, False)),
        ),
    ),
    Scenario(
        name="create",
        intent="`create --scale` makes so many containers; `--remove-orphans` removes those of no service.",
        files=TWO,
        steps=(
            run("create --scale db=2"),
            containers(web="created", db="created x2"),
            WITHOUT_DB,
            run("create --yes"),
            containers(web="created", db="created x2"),
            run("create --remove-orphans"),
            containers(web="created"),
        ),
    ),
    Scenario(
        name="create-volume",
        intent="`create` keeps a volume whose definition has changed; `--recreate-volume` makes it anew.",
        files={
            "compose.yaml": """
                services: {web: {image: "${IDLE}", volumes: ["data:/data"]}}
                volumes: {data: {labels: {made: first}}}
            """
        },
        steps=(
            run("create"),
            edit("compose.yaml", "first", "second"),
            run("create"),
            do("the old one", lambda stack: _volume_label(stack, "first")),
            run("create --recreate-volume data"),
            do("a new one", lambda stack: _volume_label(stack, "second")),
            run("down -v"),
        ),
    ),
    Scenario(
        name="scale-no-deps",
        intent="`scale` brings up what the service needs, `scale --no-deps` leaves that alone.",
        files=TWO,
        steps=(
            run("scale --no-deps web=2"),
            containers(web="running x2"),
            run("scale web=1"),
            containers(web="running", db="running"),
        ),
    ),
)

test_lifecycle = scenarios(
    Scenario(
        name="kill-remove-orphans",
        intent="`kill --remove-orphans` kills also the containers of services that the files no longer have.",
        files=TWO,
        steps=(
            run("up -d"),
            WITHOUT_WEB,
            run("kill db"),
            containers(web="running", db="exited 137"),
            run("kill --remove-orphans"),
            eventually(containers(web="exited 137", db="exited 137")),
        ),
    ),
    Scenario(
        name="start-wait",
        intent="`start --wait` returns once services are healthy, and fails when `--wait-timeout` has passed.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", healthcheck: {test: test -e /tmp/go, interval: 300ms, retries: 1000}}
            """
        },
        steps=(
            run("create"),
            run("start --wait --wait-timeout 1", code=1),
            says("{STACK}-web-1"),
            inside("web", "touch /tmp/go"),
            run("start --wait"),
            containers(web="healthy"),
        ),
    ),
)

REBUILT = {
    "compose.yaml": """
        services:
          web: {build: app, develop: {watch: [{action: rebuild, path: app}]}}
    """,
    "app/Dockerfile": "FROM compose-lite-test/busybox:1-idle\nCOPY page /page\n",
    "app/page": "first\n",
}


def _watched(option: str, *, kept: bool) -> Scenario:
    return Scenario(
        name=f"watch-prune-{kept}",
        intent="A rebuild of `watch` removes the image that it leaves without a name, unless `--prune=false` says not to.",
        files=REBUILT,
        timeout=300,
        steps=(
            watching(option),
            do(
                "remember the image",
                lambda stack: stack.env.update(OLD=stack.container("web").attributes["Image"]),
            ),
            write("app/page", "second\n"),
            soon("web", "cat /page", "second"),
            eventually(do("the old image", lambda stack: _image_is_there(stack, kept)), timeout=30),
            send_signal("watch", signal.SIGINT),
            do("it ends", lambda stack: stack.background["watch"].ended(60)),
            do("remove the old image", lambda stack: _remove_old_image(stack)),
        ),
    )


test_watch = scenarios(_watched("--prune=false", kept=True), _watched("--prune", kept=False))

test_looking = scenarios(
    Scenario(
        name="ps",
        intent="`ps --no-trunc` shows commands in full, `--orphans=false` leaves out what the files no longer have.",
        files={
            "compose.yaml": "services: {web: {image: '${IDLE}', command: sleep 100000 200000 300000}, db: {image: '${IDLE}'}}"
        },
        steps=(
            run("up -d"),
            run("ps"),
            says_not("sleep 100000 200000 300000"),
            run("ps --no-trunc"),
            says("sleep 100000 200000 300000"),
            WITHOUT_WEB,
            run("ps --format '{{.Service}}'"),
            prints_lines("web", "db"),
            run("ps --orphans=false --format '{{.Service}}'"),
            prints("db"),
        ),
    ),
    Scenario(
        name="port-index",
        intent="`port --index` tells a replica's own address.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', scale: 2, ports: [80]}}"},
        steps=(
            run("up -d"),
            run("port --index 2 web 80"),
            do("the one of number 2", lambda stack: _is_address(stack, "web:2")),
            run("open --index 2 --print web"),
            do("the page of number 2", lambda stack: _is_page(stack, "web:2")),
        ),
    ),
    Scenario(
        name="images-and-volumes",
        intent="`images` and `volumes` print ids and names with `-q`, data with `--format`, and those of a service.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", volumes: ["data:/data"]}
                  db: {image: "${IDLE}", volumes: ["more:/data"]}
                volumes: {data: {}, more: {}}
            """
        },
        steps=(
            run("up -d"),
            run("images -q web"),
            do("the image's id", lambda stack: _is_image(stack)),
            run("images --format json web"),
            prints_match(lambda text: json.loads(text)[0]["Tag"] == "1-idle", "its tag"),
            run("volumes -q"),
            prints_lines("{STACK}_data", "{STACK}_more"),
            run("volumes -q web"),
            prints("{STACK}_data"),
            run("volumes --format '{{.Name}} {{.Driver}}' db"),
            prints("{STACK}_more local"),
            run("down -v"),
        ),
    ),
    Scenario(
        name="ls-filter",
        intent="`ls --filter name=` takes a part of a name, wildcards, or a regular expression.",
        files=ONE,
        steps=(
            run("up -d"),
            *(
                step
                for pattern in ("{STACK}", "*{STACK}", "^{STACK}$", "{STACK}.?$")
                for step in (run(f"ls -q --filter 'name={pattern}'"), prints("{STACK}"))
            ),
            run("ls -q --filter 'name=^x{STACK}'"),
            prints(""),
        ),
    ),
    Scenario(
        name="stats",
        intent="`stats` shows running containers, `--all` the others too; `--no-trunc` whole ids; as data or a table.",
        files=TWO,
        steps=(
            run("up -d"),
            run("stop web"),
            run("stats --no-stream --format json"),
            prints_match(lambda text: next(row["Name"] for row in json_lines(text)).endswith("-db-1"), "db"),
            prints_match(lambda text: len(json_lines(text)[0]["ID"]) == 12, "a short id"),
            run("stats --no-stream --all --no-trunc --format '{{.ID}} {{.Name}}'"),
            do("whole ids of both", lambda stack: _whole_ids(stack)),
            run("stats --no-stream db"),
            says("CPU %", "{STACK}-db-1"),
            open_terminal("stats db", columns=100),
            shows("terminal", "MEM USAGE"),
            shows("terminal", "-db-1", times=2),
        ),
    ),
    Scenario(
        name="plan",
        intent="`plan` takes what makes a difference to the plan of the command that it is for.",
        files=TWO,
        steps=(
            run("plan --no-deps web"),
            says("{STACK}-web-1"),
            says_not("{STACK}-db-1"),
            run("up -d"),
            run("plan --for down --rmi all"),
            says("image", "1-idle"),
            run("plan --scale db=2"),
            says("{STACK}-db-2"),
            WITHOUT_WEB,
            run("plan"),
            says("0 to remove"),
            run("plan --remove-orphans"),
            says("1 to remove"),
            run("plan --yes --quiet-pull"),
            says("0 to remove"),
        ),
    ),
    Scenario(
        name="plan-images",
        intent="`plan --build`, `--no-build` and `--pull` show what becomes of images.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", environment: {A: "1"}}
                  built: {build: .}
            """,
            "Dockerfile": "FROM compose-lite-test/busybox:1-idle\n",
        },
        steps=(
            run("plan --pull always web"),
            says("pull", "1-idle"),
            run("plan --pull never web"),
            says_not("pull"),
            run("plan --no-build built", code=1),
            says("--no-build"),
            run("build built"),
            run("plan built"),
            says_not("to build"),
            run("plan --build built"),
            says("asked for by --build"),
        ),
    ),
    Scenario(
        name="plan-changes",
        intent="`plan --no-recreate`, `--recreate-volume` and `--timeout` count as they do for the command itself.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IMAGE}", command: sleep 1000, stop_grace_period: 1m, volumes: ["data:/data"]}
                volumes: {data: {labels: {made: first}}}
            """
        },
        steps=(
            run("up -d"),
            edit("compose.yaml", "made: first", "made: second"),
            run("plan --recreate-volume data --detailed-exitcode", code=2),
            says("{STACK}_data"),
            edit("compose.yaml", "sleep 1000", "sleep 1001"),
            run("plan --no-recreate --detailed-exitcode"),
            run("plan --timeout 7"),
            says("up to 7 s"),
            run("plan"),
            says("up to 60 s"),
            run("down -t 0 -v"),
        ),
    ),
)

test_run_and_exec = scenarios(
    Scenario(
        name="run-capabilities",
        intent="`run --cap-add` and `--cap-drop` say what the process may do.",
        files=ONE,
        steps=(
            run("run -d --cap-add NET_ADMIN --cap-drop CHOWN web sleep 1000"),
            do("as asked for", lambda stack: _capabilities(stack, ["NET_ADMIN"], ["CHOWN"])),
        ),
    ),
    Scenario(
        name="run-environment-file",
        intent="`run --env-from-file` reads variables from a file, `-e` beside it wins.",
        files={**ONE, "more.env": "A=file\nB=file\n"},
        steps=(
            run("run --rm -T --env-from-file more.env -e B=line web sh -c 'echo $A $B'"),
            prints("file line"),
        ),
    ),
    Scenario(
        name="run-input",
        intent="`run --interactive=false` passes no standard input on.",
        files=ONE,
        steps=(
            run("run --rm -T web cat", stdin="typed\n"),
            prints("typed"),
            run("run --rm -T --interactive=false web cat", stdin="typed\n"),
            prints(""),
        ),
    ),
    Scenario(
        name="run-aliases",
        intent="`run --use-aliases` lets a one-off container answer to the service's name; others don't.",
        files=TWO,
        steps=(
            run("up -d db"),
            run("run -d --no-deps web sleep 1000"),
            resolves_not("db", "web"),
            run("run -d --no-deps --use-aliases web sleep 1000"),
            reaches("db", "web"),
        ),
    ),
    Scenario(
        name="run-orphans",
        intent="`run --remove-orphans` removes the containers of services that the files no longer have.",
        files=TWO,
        steps=(
            run("up -d"),
            WITHOUT_WEB,
            run("run --rm db true"),
            containers(web="running", db="running"),
            run("run --rm --remove-orphans db true"),
            containers(db="running"),
        ),
    ),
    Scenario(
        name="no-terminal",
        intent="`--no-tty` of `run`, `exec` and `sh`, and `--tty=false`, give a command no terminal.",
        files=ONE,
        steps=(
            run("up -d"),
            open_terminal("exec web sh -c 'tty; exit 3'", key="with"),
            shows("with", "/dev/pts/"),
            ends("with", code=3),
            open_terminal("exec --no-tty web sh -c 'tty; exit 3'", key="without"),
            shows("without", "not a tty"),
            ends("without", code=3),
            open_terminal("exec --tty=false web sh -c 'tty; exit 3'", key="false"),
            shows("false", "not a tty"),
            open_terminal("run --rm --no-tty web sh -c 'tty; exit 3'", key="run"),
            shows("run", "not a tty"),
            ends("run", code=3),
            open_terminal("run --rm --tty=false web sh -c 'tty; exit 3'", key="run-false"),
            shows("run-false", "not a tty"),
            ends("run-false", code=3),
            eventually(oneoffs()),
        ),
    ),
    Scenario(
        name="exec-input-and-index",
        intent="`exec --interactive=false` passes no input on; `sh --index` goes to that replica.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', scale: 2}}"},
        steps=(
            run("up -d"),
            run("exec --interactive=false web cat", stdin="typed\n"),
            prints(""),
            run("sh --index 2 web -c 'touch /tmp/two'"),
            inside("web:2", "test -e /tmp/two"),
            inside("web:1", "test -e /tmp/two", code=1),
        ),
    ),
    Scenario(
        name="exec-privileged",
        intent="`--privileged` of `exec` and `sh` asks the engine for more rights than the container has.",
        files=TWO,
        steps=(
            run("up -d web"),
            run("exec web grep CapEff /proc/self/status"),
            do("with the usual rights", lambda stack: _more_rights(stack, False)),
            run("exec --privileged web grep CapEff /proc/self/status", code=None),
            do("with all rights", lambda stack: _more_rights(stack, True)),
            run("sh --privileged web -c 'grep CapEff /proc/self/status'", code=None),
            do("with all rights", lambda stack: _more_rights(stack, True)),
        ),
    ),
    Scenario(
        name="commit-pause",
        intent="`commit` freezes the container meanwhile, unless `--pause=false` says otherwise.",
        files=ONE,
        steps=(
            run("up -d"),
            do("commit both ways", lambda stack: _commit(stack)),
        ),
    ),
    Scenario(
        name="export-index",
        intent="`export --index` writes the files of that replica.",
        files={"compose.yaml": "services: {web: {image: '${IDLE}', scale: 2}}"},
        steps=(
            run("up -d"),
            inside("web:2", "touch /two"),
            run("export --index 2 --output web.tar web"),
            do("it has the file", lambda stack: _in_tar(stack, "two")),
        ),
    ),
    Scenario(
        name="test-builds",
        intent="`test --build` builds the images first, `test` takes what is there.",
        only="compose-lite",
        files={
            "compose.yaml": "services: {tests: {build: ., command: cat /page.txt}}",
            "Dockerfile": "FROM compose-lite-test/busybox:1-idle\nCOPY page.txt /page.txt\n",
            "page.txt": "first\n",
        },
        steps=(
            run("build"),
            write("page.txt", "second\n"),
            run("test tests"),
            prints("first"),
            run("test --build tests"),
            prints("second"),
        ),
    ),
)


def _has_line(stack: Stack, pattern: str) -> None:
    assert stack.last is not None
    assert any(re.fullmatch(pattern, line) for line in stack.last.out.splitlines()), stack.last


def _prefix_coloured(stack: Stack, expected: bool) -> None:
    assert stack.last is not None
    (line,) = [line for line in stack.last.out.splitlines() if "from-web" in line]
    assert bool(re.search(r"\x1b\[[\d;]*m", line)) == expected, repr(line)


def _volume_label(stack: Stack, expected: str) -> None:
    assert state.volumes(stack.name)["data"]["Labels"]["made"] == expected


def _address(stack: Stack, service: str) -> str:
    (binding, *_) = stack.container(service).field("NetworkSettings.Ports")["80/tcp"]
    return str(binding["HostPort"])


def _is_address(stack: Stack, service: str) -> None:
    assert stack.last is not None
    assert stack.last.out.strip() == f"0.0.0.0:{_address(stack, service)}"


def _is_page(stack: Stack, service: str) -> None:
    assert stack.last is not None
    assert f":{_address(stack, service)}" in stack.last.out


def _is_image(stack: Stack) -> None:
    assert stack.last is not None
    assert f"sha256:{stack.last.out.strip()}" == stack.container("web").attributes["Image"]


def _whole_ids(stack: Stack) -> None:
    assert stack.last is not None
    wanted = {f"{container.id} {container.name}" for container in stack.containers()}
    assert set(stack.last.out.splitlines()) == wanted


def _capabilities(stack: Stack, added: list[str], dropped: list[str]) -> None:
    (found,) = stack.containers(oneoff=True)
    assert found.field("HostConfig.CapAdd") == added
    assert found.field("HostConfig.CapDrop") == dropped


def _more_rights(stack: Stack, expected: bool) -> None:
    """Whether the command had all capabilities, or was refused them by an engine that lacks some itself."""
    assert stack.last is not None
    shown = re.search(r"CapEff:\s*([0-9a-f]+)", stack.last.out)
    more = int(shown[1], 16).bit_count() > 20 if shown else _REFUSED.search(stack.last.text) is not None
    assert more == expected, stack.last


def _image_is_there(stack: Stack, expected: bool) -> None:
    found = {image["Id"] for image in state.api().images(all=True)}
    assert (stack.env["OLD"] in found) == expected


def _remove_old_image(stack: Stack) -> None:
    for container in stack.containers():
        state.api().remove_container(container.id, force=True)
    with contextlib.suppress(docker.errors.ImageNotFound):
        state.api().remove_image(stack.env["OLD"])


def _one_off_name(stack: Stack) -> None:
    (found,) = stack.containers(oneoff=True)
    assert found.name.startswith(f"{stack.name}_web_run_")


def _in_tar(stack: Stack, name: str) -> None:
    with tarfile.open(stack.folder / "web.tar") as tar:
        assert tar.getmember(name).isfile()


def _commit(stack: Stack) -> None:
    for option, pause in (("", "1"), ("--pause=false", "0")):
        (call,) = stack.run_counted(f"commit {option} web {stack.name}/web:1")
        assert f"pause={pause}" in call.query
        stack.run("commit --pause=false web {STACK}/web:1")
