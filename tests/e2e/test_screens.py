"""What a person sees: the screens of `up`, `pull`, `build`, `down` and their like, in windows of every size."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e import state
from tests.e2e.checks import nothing_left, says, says_not
from tests.e2e.harness import Scenario, Step, play, scenarios
from tests.e2e.images import ensure_busybox
from tests.e2e.processes import Terminal
from tests.e2e.registry import registry
from tests.e2e.stack import Stack
from tests.e2e.steps import do, ends, eventually, open_terminal, resize, run, send

PATIENCE = 90
DATABASE_FIRST = {
    "compose.yaml": """
        services:
          db: {image: "${HEALTHY}", command: sleep 1000, stop_signal: KILL}
          web: {image: "${IDLE}", depends_on: {db: {condition: service_healthy}}}
    """
}
# More services than a low window has rows, and one that the others wait for as long as the test likes.
WAITING = {
    "compose.yaml": "services:\n"
    + "".join(f"  worker-{n}: {{image: '${{IDLE}}', network_mode: none}}\n" for n in range(1, 10))
    + "  db: {image: '${IDLE}', network_mode: none,"
    + " healthcheck: {test: 'false', interval: 1s, start_period: 1000s}}\n"
    + "  web: {image: '${IDLE}', network_mode: none, depends_on: {db: {condition: service_healthy}}}\n"
}
TALKING = {
    "compose.yaml": """
        services:
          web:
            image: "${IDLE}"
            command: sh -c 'for i in 1 2 3; do echo line $$i; done; exec sleep 1000'
    """
}
SPINNER = re.compile("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]")


def screen(stack: Stack) -> list[str]:
    """The screen's lines, as wide as they are, as if names and times were always the same."""
    return [normal(line, stack.name) for line in terminal(stack).screen]


def normal(line: str, project: str) -> str:
    """`demo` for the project, `registry` for the registry, `0.0s` for a time; each fills what it stands for."""
    line = line.replace(project, "demo".ljust(len(project), "-"))
    line = re.sub(r"127\.0\.0\.1:\d+", lambda found: "registry".ljust(len(found[0]), "-"), line)
    return re.sub(r" *\d+\.\ds\b", lambda found: "0.0s".rjust(len(found[0])), line)


def terminal(stack: Stack) -> Terminal:
    process = stack.background["terminal"]
    assert isinstance(process, Terminal)
    return process


def screen_is(expected: str) -> Step:
    """The screen is exactly this; the rows below the first may come in any order."""
    head, *body = textwrap.dedent(expected).strip("\n").splitlines()

    def check(stack: Stack) -> None:
        seen = screen(stack)
        assert (seen[:1], sorted(seen[1:])) == ([head], sorted(body)), "\n".join(["", *seen])

    return settled(Step(text="the screen is as expected", act=check))


def settled(check: Step) -> Step:
    """The check, once what was written last has come through the pseudo-terminal."""
    return eventually(check, timeout=20)


def now(text: str, holds: Callable[[list[str]], bool]) -> Step:
    """The screen's lines are so."""
    return settled(_screen_has(text, holds))


def soon(text: str, holds: Callable[[list[str]], bool]) -> Step:
    """Within a while the screen's lines are so."""
    return eventually(_screen_has(text, holds), timeout=PATIENCE)


def _screen_has(text: str, holds: Callable[[list[str]], bool]) -> Step:
    def check(stack: Stack) -> None:
        lines = screen(stack)
        try:
            fine = holds(lines)
        except IndexError:  # a line has not come yet
            fine = False
        assert fine, "\n".join(["", *lines])

    return Step(text=text, act=check)


def left_tidy() -> Step:
    """The cursor and what is typed are seen again, nothing stands there twice, and the screen was never cleared."""

    def check(stack: Stack) -> None:
        process = terminal(stack)
        told = "\n".join(["", *process.screen])
        assert process.shows_cursor, told
        assert process.echoes, told
        drawn = [line for line in process.screen if line.startswith((" ✔", " ✘", " -", "[+]"))]
        assert len(drawn) == len(set(drawn)), told
        assert not SPINNER.search(told), told
        assert not re.search(r"\x1b\[[23]J|\x1b\[H", process.seen())

    return settled(Step(text="the terminal is left tidy", act=check))


def has_cursor(stack: Stack) -> None:
    assert terminal(stack).shows_cursor


def no_colours(stack: Stack) -> None:
    assert not re.search(r"\x1b\[[1-9][0-9;]*m", terminal(stack).seen())


def shell(stack: Stack) -> None:
    """Open a shell with job control, in which the program is called as anybody calls it."""
    folder = Path(stack.arguments("")[0]).parent
    stack.background["terminal"] = Terminal(
        ["bash", "--norc", "--noprofile", "-i"],
        folder=stack.folder,
        env={**stack.env, "PATH": f"{folder}:{stack.env['PATH']}", "PS1": "$ "},
        columns=80,
        rows=24,
    )


def to_its_end(command: str, *, columns: int, rows: int = 24, code: int = 0) -> tuple[Step, ...]:
    return (
        open_terminal(command, columns=columns, rows=rows),
        ends("terminal", code=code, timeout=PATIENCE),
        left_tidy(),
    )


def fits(columns: int, rows: int) -> Step:
    """The block is drawn for that window: its rows are shorter, and there are fewer of them."""

    def drawn(lines: list[str]) -> bool:
        heads = [at for at, line in enumerate(lines) if line.startswith("[+]")]
        block = lines[heads[0] :] if heads else []
        # In a row that is narrower than the window's the time is left out, or there are blanks behind it.
        return len(heads) == 1 and 1 < len(block) < rows and max(map(len, block)) < columns

    return soon(f"what is drawn fits {columns} x {rows}", drawn)


test_up_and_down = scenarios(
    Scenario(
        name="in-80-columns",
        intent="`up` and `down` leave a line for each resource, with its time.",
        files=DATABASE_FIRST,
        only="compose-lite",
        steps=(
            *to_its_end("up -d", columns=80),
            screen_is("""
                [+] up 4/4
                 ✔ Network demo----------_default  Created        0.0s
                 ✔ Container demo-----------db-1   Started        0.0s
                 ✔ Container demo-----------web-1  Started        0.0s
                 ✔ Service db                      Ready          0.0s
            """),
            *to_its_end("up -d", columns=80),
            screen_is("""
                [+] up 2/2
                 ✔ Container demo-----------db-1   Unchanged
                 ✔ Container demo-----------web-1  Unchanged
            """),
            *to_its_end("up -d --force-recreate web", columns=80),
            screen_is("""
                [+] up 2/2
                 ✔ Container demo-----------db-1   Unchanged
                 ✔ Container demo-----------web-1  Started        0.0s
            """),
            *to_its_end("down", columns=80),
            screen_is("""
                [+] down 3/3
                 ✔ Container demo-----------web-1  Removed        0.0s
                 ✔ Container demo-----------db-1   Removed        0.0s
                 ✔ Network demo----------_default  Removed        0.0s
            """),
            nothing_left(),
        ),
    ),
    Scenario(
        name="in-40-columns",
        intent="In a narrow window the kinds give way, then the times; names and what was done stay.",
        files=DATABASE_FIRST,
        only="compose-lite",
        steps=(
            *to_its_end("up -d", columns=44),
            screen_is("""
                [+] up 4/4
                 ✔ demo----------_default  Created
                 ✔ demo-----------db-1     Started
                 ✔ demo-----------web-1    Started
                 ✔ db                      Ready
            """),
            do("colours are unwelcome", lambda stack: stack.env.update(NO_COLOR="1")),
            *to_its_end("down", columns=30),
            do("there are none", no_colours),
            now("each has a line", lambda lines: [line.split()[-1] for line in lines[1:]] == ["Removed"] * 3),
            now("with its name's end", lambda lines: any("web-1  Removed" in line for line in lines)),
            now("that fits", lambda lines: max(map(len, lines)) < 30),
        ),
    ),
    Scenario(
        name="resized-and-interrupted",
        # A frame that is on its way while the window grows may leave lines above: that is not held here.
        intent="A window that is resized meanwhile is always filled rightly, and Ctrl-C ends with the error below all.",
        files=WAITING,
        only="compose-lite",
        steps=(
            open_terminal("up -d", columns=80, rows=24),
            soon("only one is waited for", lambda lines: any("until healthy" in line for line in lines)),
            soon("all others are done", lambda lines: lines[:1] == ["[+] up 11/12"]),
            fits(80, 24),
            resize(60, 8),
            fits(60, 8),
            soon("the rest is summed up", lambda lines: lines[-1].startswith("   … and ")),
            soon("what is waited for is seen", lambda lines: any("Waiting" in line for line in lines)),
            resize(100, 24),
            fits(100, 24),
            send("typed too early\r"),
            send("\x03"),
            ends("terminal", code=130, timeout=PATIENCE),
            do("there is a cursor", has_cursor),
            now("how it ended is said last", lambda lines: "error: interrupted" in lines[-2:]),
            now("the wait is called off", lambda lines: any(" - Service db" in line for line in lines)),
            says_not("typed too early"),
        ),
    ),
    Scenario(
        name="put-aside",
        intent="Ctrl-Z leaves what was drawn and a cursor; in the foreground again it is drawn below the shell's words.",
        files=WAITING,
        only="compose-lite",
        steps=(
            do("there is a shell", shell),
            soon("it listens", lambda lines: lines[-1:] == ["$"]),
            send("compose-lite up -d db web\r"),
            soon("one waits", lambda lines: any("until healthy" in line for line in lines)),
            send("\x1a"),
            soon("it has stopped", lambda lines: lines[-1] == "$" and "Stopped" in lines[-2]),
            now("the lines are above", lambda lines: sum("[+] up 2/3" in line for line in lines) == 1),
            do("there is a cursor", has_cursor),
            send("fg\r"),
            soon("it is drawn once more", lambda lines: sum("[+] up 2/3" in line for line in lines) == 2),
            send("\x03"),
            soon("it has ended", lambda lines: lines[-1] == "$" and "error: interrupted" in lines),
            do("there is a cursor", has_cursor),
        ),
    ),
    Scenario(
        name="failed",
        intent="An error in the middle leaves the lines of what was done, and says below them what is wrong.",
        files={
            "compose.yaml": """
                services:
                  db: {image: "${IDLE}", network_mode: none, command: sh -c "exit 3"}
                  web:
                    image: "${IDLE}"
                    network_mode: none
                    depends_on: {db: {condition: service_completed_successfully}}
            """
        },
        only="compose-lite",
        steps=(
            *to_its_end("up -d", columns=60, code=1),
            now("first the lines", lambda lines: lines[0] == "[+] up 3/3"),
            now("one is an error", lambda lines: any(line.startswith(" ✘ Service db") for line in lines[:4])),
            now("then the report", lambda lines: lines[4].startswith("error: ")),
        ),
    ),
    Scenario(
        name="attached",
        intent="An attached `up` shows log lines above what it draws, and after Ctrl-C what it stopped below them.",
        files=TALKING,
        only="compose-lite",
        steps=(
            open_terminal("up", columns=60, rows=12),
            soon(
                "the lines are there",
                lambda lines: "web-1  | line 3" in lines and not SPINNER.search(str(lines)),
            ),
            send("\x03"),
            ends("terminal", code=130, timeout=PATIENCE),
            left_tidy(),
            now("each line once", lambda lines: [line for line in lines if "|" in line] == LINES),
            now("what was stopped is below", lambda lines: STOPPED.search("\n".join(lines)) is not None),
            now(
                "no echo is left over",
                lambda lines: "Gracefully stopping... (press Ctrl+C again to force)" in lines,
            ),
        ),
    ),
    Scenario(
        name="attached-early",
        intent="Whose logs are shown is said before the first line, also of one that writes while others are waited for.",
        files={
            "compose.yaml": """
                services:
                  db:
                    image: "${IDLE}"
                    command: sh -c 'echo begun; exec sleep 1000'
                    healthcheck: {test: 'false', interval: 1s, start_period: 1000s}
                  worker: {image: "${IDLE}", depends_on: {db: {condition: service_healthy}}}
            """
        },
        only="compose-lite",
        steps=(
            open_terminal("up", columns=80, rows=24),
            soon("the first line is there", lambda lines: "db-1      | begun" in lines),
            now(
                "it was said above it",
                lambda lines: lines[:2] == ["Attaching to db-1, worker-1", "db-1      | begun"],
            ),
            soon("one is waited for", lambda lines: any("until healthy" in line for line in lines)),
            send("\x03"),
            ends("terminal", code=130, timeout=PATIENCE),
            left_tidy(),
            now("it was said once", lambda lines: sum(line.startswith("Attaching") for line in lines) == 1),
        ),
    ),
    Scenario(
        name="no-terminal",
        intent="In a pipe, on a dumb terminal and with `--ansi never` there is plain text, without a single escape.",
        files=DATABASE_FIRST,
        only="compose-lite",
        steps=(
            run("up -d"),
            says("Network {STACK}_default  Created"),
            says_not("\x1b"),
            open_terminal("--ansi never up -d --force-recreate"),
            ends("terminal", code=0, timeout=PATIENCE),
            says("Container {STACK}-web-1  Started"),
            says_not("\x1b"),
            do("the terminal is dumb", lambda stack: stack.env.update(TERM="dumb")),
            open_terminal("down"),
            ends("terminal", code=0, timeout=PATIENCE),
            says("Container {STACK}-web-1  Removed"),
            says_not("\x1b"),
        ),
    ),
)
LINES = [f"web-1  | line {number}" for number in (1, 2, 3)]
STOPPED = re.compile(r"line 3\n(?:.*\n)+\[\+\] stop 1/1\n ✔ Container demo-*web-1  Stopped +0\.0s")


test_stats = scenarios(
    Scenario(
        name="in-place",
        intent="`stats` measures again and again in the same place, in any window; Ctrl-C leaves the last figures.",
        files={"compose.yaml": "services: {db: {image: '${IDLE}'}, web: {image: '${IDLE}'}}"},
        only="compose-lite",
        steps=(
            run("up -d"),
            open_terminal("stats", columns=80, rows=24),
            soon("there are figures", lambda lines: lines[0].startswith("NAME") and "iB /" in lines[2]),
            resize(40, 3),
            soon("they fit", lambda lines: lines[1] == "… and 2 more" and len(lines) == 2),
            resize(60, 24),
            soon("all are there again", lambda lines: len(lines) == 3 and "iB /" in lines[2]),
            send("\x03"),
            ends("terminal", code=130, timeout=PATIENCE),
            left_tidy(),
            now("the last are left", lambda lines: len(lines) == 3 and "iB /" in lines[2]),
        ),
    ),
)


@pytest.mark.daemon
@pytest.mark.timeout(180)
@pytest.mark.parametrize("columns", [80, 60])
def test_pull(columns: int, tmp_path: Path) -> None:
    """`pull` tells of each image whether it has come."""
    with registry() as address:
        reference = f"{address}/e2e/app:1"
        try:
            state.api().tag(ensure_busybox("1-idle"), f"{address}/e2e/app", "1")
            play(_pulling(reference, f"{address}/e2e/gone:1", columns), tmp_path)
        finally:
            state.api().remove_image(reference)


def _pulling(reference: str, gone: str, columns: int) -> Scenario:
    return Scenario(
        name="pull",
        intent="What was pulled and what was not is told in a line each.",
        files={
            "compose.yaml": f"""
                services:
                  web: {{image: "{reference}", build: .}}
                  worker: {{image: "{gone}"}}
            """
        },
        steps=(
            *to_its_end("push web", columns=columns),
            now("it was pushed", lambda lines: lines[0] == "[+] push 1/1" and " Pushed " in lines[1]),
            do("no local copy", lambda _: state.api().remove_image(reference)),
            *to_its_end("pull", columns=columns, code=1),
            now("both have a line", lambda lines: lines[0] == "[+] pull 2/2"),
            now("one came", lambda lines: sum(" ✔ " in line for line in lines) == 1),
            now("one did not", lambda lines: sum(" ✘ " in line for line in lines) == 1),
            now("the report is below", lambda lines: lines[3].startswith("error: can't pull registry")),
        ),
    )


test_build = scenarios(
    *(
        Scenario(
            name=f"in-{columns}-columns",
            intent="`build` tells of each image whether it was built; of a failed one it shows what the step wrote.",
            files={
                "compose.yaml": """
                    services:
                      web: {build: {dockerfile_inline: "FROM compose-lite-test/busybox:1-idle\\nRUN echo fine"}}
                      bad: {build: {dockerfile_inline: "FROM compose-lite-test/busybox:1-idle\\nRUN echo no rule; exit 3"}}
                """
            },
            only="compose-lite",
            needs_peer=builder == "1",  # its buildx comes with docker compose
            steps=(
                do(
                    "that builder is used",
                    lambda stack, builder=builder: stack.env.update(DOCKER_BUILDKIT=builder),
                ),
                *to_its_end("build web", columns=columns),
                screen_is(f"[+] build 1/1\n ✔ {kind}demo-----------web  Built          0.0s"),
                *to_its_end("build bad", columns=columns, code=1),
                now("the line", lambda lines: lines[:1] == ["[+] build 1/1"] and " Error " in lines[1]),
                now("what the step wrote", lambda lines: "    | no rule" in lines),
            ),
        )
        for columns, builder, kind in ((80, "0", "Image "), (60, "1", ""))
    )
)
