"""`watch`: what is saved here is there, in every replica, whatever happens to the containers meanwhile."""

import signal

import docker.errors

from tests.e2e import state
from tests.e2e.checks import containers, inside, kept, nothing_left, replaced, says, says_not
from tests.e2e.harness import Scenario, Step, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, edit, ends, eventually, remember, run, send_signal, shows, write

# Seconds; a busy engine may take tens of them to start a container.
PATIENCE = 120


def watching(options: str = "") -> Step:
    """Watch in the background; return once changes take effect."""

    def act(stack: Stack) -> None:
        stack.launch("watch", f"watch {options}").await_text("Watch enabled", timeout=PATIENCE)

    return Step(text=f"$ watch {options} &", act=act)


def soon(service: str, command: str, prints: str | None = None, *, code: int = 0) -> Step:
    """A shell command in the service's container, which may be a new one any moment, will print this."""
    check = inside(service, command, prints, code=code)

    def act(stack: Stack) -> None:
        try:
            check.act(stack)
        except docker.errors.APIError as error:
            raise AssertionError(str(error)) from error

    return eventually(Step(text=check.text, act=act), timeout=PATIENCE)


def told(text: str, *, times: int = 1) -> Step:
    """The watch says so."""
    return shows("watch", text, times=times, timeout=PATIENCE)


def interrupted() -> tuple[Step, ...]:
    """Ctrl-C ends the watch as it ends docker compose's, without a trace of trouble."""
    return (send_signal("watch", signal.SIGINT), ends("watch", code=130), says_not("Traceback"))


SYNC = {
    "compose.yaml": """
        services:
          web:
            image: "${IDLE}"
            scale: 2
            develop:
              watch:
                - {action: sync, path: src, target: /srv/web, ignore: ["*.log"]}
    """,
    "src/index.html": "first\n",
}

test_sync = scenarios(
    Scenario(
        name="every-replica",
        intent="A saved, renamed or deleted file is so in every replica; ignored ones and those of editors stay out.",
        files=SYNC,
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            containers(web="running x2"),
            write("src/index.html", "second\n"),
            write("src/a b/größe.txt", "new\n"),
            *(
                soon(f"web:{number}", "cat /srv/web/*.html '/srv/web/a b/größe.txt'", "second\nnew")
                for number in (1, 2)
            ),
            write("src/debug.log", "no\n"),
            write("src/index.html~", "no\n"),
            do(
                "rename",
                lambda stack: (stack.folder / "src/index.html").rename(stack.folder / "src/main.html"),
            ),
            *(soon(f"web:{number}", "ls /srv/web", "a b\nmain.html") for number in (1, 2)),
            *interrupted(),
            containers(web="running x2"),
        ),
    ),
    Scenario(
        name="new-containers",
        intent="A container that is replaced beside the watch gets what was saved since it began; its scale is kept.",
        files=SYNC,
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            write("src/index.html", "second\n"),
            soon("web:2", "cat /srv/web/index.html", "second"),
            remember(),
            run("up -d --force-recreate"),
            replaced("web"),
            *(soon(f"web:{number}", "cat /srv/web/index.html", "second") for number in (1, 2)),
            run("up -d --scale web=3"),
            soon("web:3", "cat /srv/web/index.html", "second"),
            *interrupted(),
        ),
    ),
    Scenario(
        name="difference-at-the-start",
        intent="What was saved since the image was made is there once somebody watches; with `initial_sync` all is.",
        files={
            "compose.yaml": """
                services:
                  web:
                    build: app
                    develop:
                      watch:
                        - {action: sync, path: src, target: /srv/new}
                        - {action: sync+restart, path: src, target: /srv/all, initial_sync: true}
            """,
            "app/Dockerfile": "FROM compose-lite-test/busybox:1-idle\nCOPY stack /stack\n",
            "src/before": "long ago\n",
        },
        only="compose-lite",
        steps=(
            do("an image that no cache has", lambda stack: stack.write("app/stack", stack.name)),
            run("up -d"),
            write("src/since", "just now\n"),
            remember(),
            watching("--no-up"),
            soon("web", "cat /srv/new/since /srv/all/*", "just now\nlong ago\njust now"),
            eventually(kept("web", restarted=True), timeout=PATIENCE),
            inside("web", "test -e /srv/new/before", code=1),
            *interrupted(),
        ),
    ),
)

test_actions = scenarios(
    Scenario(
        name="restart-and-command",
        intent="A copy may be followed by a restart or a command; a restart needs no copy.",
        files={
            "compose.yaml": """
                services:
                  again: {image: "${IDLE}", develop: {watch: [{action: restart, path: a}]}}
                  both: {image: "${IDLE}", develop: {watch: [{action: sync+restart, path: b, target: /b}]}}
                  command:
                    image: "${IDLE}"
                    develop:
                      watch:
                        - {action: sync+exec, path: c, target: /c, exec: {command: [sh, -c, "cat /c/x | tee /said"]}}
            """,
            "a/x": "1\n",
            "b/x": "1\n",
            "c/x": "1\n",
        },
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            remember(),
            write("a/x", "2\n"),
            write("b/x", "2\n"),
            write("c/x", "two\n"),
            soon("both", "cat /b/x", "2"),
            soon("command", "cat /said", "two"),
            told("command-1  | two"),
            eventually(kept("again", "both", restarted=True), timeout=PATIENCE),
            kept("command"),
            *interrupted(),
        ),
    ),
    Scenario(
        name="mended-after-a-crash",
        intent="A service that ended because of what was saved gets the next version before it is restarted.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: "${IDLE}"
                    command: [sh, -c, "! grep bad /srv/x && sleep 100000"]
                    develop: {watch: [{action: sync+restart, path: src, target: /srv}]}
            """,
            "src/x": "1\n",
        },
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            write("src/x", "bad\n"),
            eventually(containers(web="exited 1"), timeout=PATIENCE),
            told("restarted"),
            write("src/x", "good\n"),
            eventually(containers(web="running"), timeout=PATIENCE),
            *interrupted(),
        ),
    ),
)

BUILT = {
    "compose.yaml": """
        services:
          web:
            build: {context: app, network: none}
            develop: {watch: [{action: rebuild, path: app}]}
          db: {image: "${IDLE}"}
    """,
    "app/Dockerfile": """
        FROM compose-lite-test/busybox:1-idle
        COPY page /page
    """,
    "app/page": "first\n",
}

test_rebuild = scenarios(
    Scenario(
        name="rebuilds",
        intent="A rebuild replaces its service alone; one that fails leaves it be and shows what the build said last.",
        files=BUILT,
        only="compose-lite",
        timeout=400,
        steps=(
            watching("--quiet"),
            inside("web", "cat /page", "first"),
            remember(),
            write("app/page", "second\n"),
            soon("web", "cat /page", "second"),
            told("web  rebuilt"),
            kept("db"),
            remember(),
            edit("app/Dockerfile", "COPY", "RUN echo so it goes wrong >&2; exit 7\nCOPY"),
            told("so it goes wrong"),
            told("is not rebuilt"),
            kept("web", "db"),
            edit("app/Dockerfile", "RUN echo so it goes wrong >&2; exit 7\n", ""),
            write("app/page", "third\n"),
            soon("web", "cat /page", "third"),
            *interrupted(),
            do("no image is left without a name", lambda stack: _no_unnamed_images(stack)),
        ),
    ),
    Scenario(
        name="overtaken",
        intent="A build that a further change overtakes is given up, and what was saved last is what runs.",
        files={
            **BUILT,
            "app/Dockerfile": """
                FROM compose-lite-test/busybox:1-idle
                COPY page /page
                RUN case "$(cat /page)" in slow) sleep 300;; esac
            """,
        },
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            write("app/page", "slow\n"),
            told("RUN case", times=2),
            write("app/page", "last\n"),
            soon("web", "cat /page", "last"),
            *interrupted(),
        ),
    ),
    Scenario(
        name="nothing-can-delete",
        intent="Where nothing in the image can delete a file, the service is rebuilt instead, which is said once.",
        files={
            **BUILT,
            "compose.yaml": """
                services:
                  web:
                    build: app
                    stop_signal: KILL
                    develop: {watch: [{action: sync, path: app/pages, target: /pages}]}
            """,
            "app/Dockerfile": """
                FROM scratch
                COPY --from=compose-lite-test/busybox:1 /bin/busybox /bin/sleep
                COPY pages /pages
                CMD ["/bin/sleep", "100000"]
            """,
            "app/pages/one": "1\n",
            "app/pages/two": "2\n",
        },
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            do("two is there", lambda stack: _has(stack, "/pages/two")),
            remember(),
            do("delete", lambda stack: (stack.folder / "app/pages/two").unlink()),
            told("files can't be deleted"),
            told("web  rebuilt"),
            replaced("web"),
            do("one is there", lambda stack: _has(stack, "/pages/one")),
            do("two is not", lambda stack: _has_not(stack, "/pages/two")),
            *interrupted(),
            do("said once", lambda stack: _said_once(stack, "files can't be deleted")),
        ),
    ),
)

test_project_files = scenarios(
    Scenario(
        name="applied",
        intent="A change of the project's files is planned, shown and applied; an error is shown until it is mended.",
        files={
            "compose.yaml": """
                include: [more.yaml]
                services:
                  web: {image: "${IDLE}", env_file: web.env, develop: {watch: [{action: sync, path: src, target: /srv}]}}
            """,
            "more.yaml": """
                services:
                  db: {image: "${IDLE}", environment: {A: "${A:-1}"}}
            """,
            "web.env": "B=1\n",
            "src/x": "1\n",
        },
        only="compose-lite",
        timeout=400,
        steps=(
            watching(),
            remember(),
            write(".env", "A=2\n"),
            soon("db", "echo $A", "2"),
            told("environment.A"),
            kept("web"),
            remember(),
            write("web.env", "B=2\n"),
            soon("web", "echo $B", "2"),
            kept("db"),
            remember(),
            edit("more.yaml", "services:", "servixes:"),
            told("servixes"),
            told("the stack runs on"),
            kept("web", "db"),
            write("src/x", "2\n"),
            soon("web", "cat /srv/x", "2"),
            edit("more.yaml", "servixes:", "services:"),
            told("mended"),
            edit("compose.yaml", "target: /srv", "target: /new"),
            write("src/y", "3\n"),
            soon("web", "cat /new/y", "3"),
            kept("web", "db"),
            *interrupted(),
        ),
    ),
)

test_beforehand = scenarios(
    Scenario(
        name="without-rules",
        intent="Without any `develop` section nothing is started, and one is drafted for this very stack.",
        files={
            "compose.yaml": """
                services:
                  web: {build: app, volumes: ["./src:/srv"]}
                  db: {image: "${IDLE}"}
            """,
        },
        only="compose-lite",
        steps=(
            run("watch", code=1),
            says("develop:", "path: ./src", "target: /srv", "path: ./app", "action: rebuild"),
            nothing_left(),
        ),
    ),
    Scenario(
        name="dry-run",
        intent="`--dry-run` tells what would be started and watched, and changes nothing.",
        files=SYNC,
        only="compose-lite",
        steps=(
            run("--dry-run watch", changes=0),
            says("{STACK}-web-1", "watch web: sync", "/srv/web"),
            run("--dry-run watch --no-up", changes=0),
            says_not("{STACK}-web-1"),
            nothing_left(),
        ),
    ),
)


def _no_unnamed_images(stack: Stack) -> None:
    label = f"com.docker.compose.project={stack.name}"
    assert state.api().images(filters={"dangling": True, "label": label}) == []


def _has(stack: Stack, path: str) -> None:
    state.api().get_archive(stack.container("web").id, path)


def _has_not(stack: Stack, path: str) -> None:
    try:
        _has(stack, path)
    except docker.errors.NotFound:
        return
    raise AssertionError(f"{path} is still there")


def _said_once(stack: Stack, text: str) -> None:
    assert stack.last is not None
    assert stack.last.text.count(text) == 1, stack.last
