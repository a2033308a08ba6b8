"""Whatever the daemon or a compose file calls things, no view lets it steer the terminal or forge a line."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from compose_lite import events, labels
from compose_lite.cli import commands
from compose_lite.cli.completion.answering import respond
from compose_lite.cli.invocation import CommonOptions, Invocation
from compose_lite.cli.losses import agreed
from compose_lite.cli.terminal import Terminal
from compose_lite.cli.views.explanation import render_explanation
from compose_lite.cli.views.logs import LogPrinter
from compose_lite.cli.views.plan import plan_text
from compose_lite.cli.views.problems import error_json, render_error
from compose_lite.cli.views.progress import showing
from compose_lite.cli.views.report import render_report, reports_json
from compose_lite.cli.views.text import json_text
from compose_lite.cli.views.watch import WatchView
from compose_lite.errors import DaemonError, FailureReport, Location, Problem, SpecError
from compose_lite.planner import actions
from compose_lite.planner.plan import Plan, PlannedAction
from compose_lite.planner.reasons import Change, Reason, Why
from compose_lite.runner.logs import LogSource
from compose_lite.spec.explanation import Explanation, Say

# Clears the screen, sets the window's title, forges a line, overwrites one, reverses text, 8-bit CSI, a template.
HOSTILE = "x\x1b[2J\x1b]0;owned\x07\nforged  line\r\u202e\x9b31m\x7f\t{{.Secret}}\u2028[bold]%s"
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# What the views themselves may write: colours, and in the live view movements of the cursor.
_PAINT = re.compile(r"\x1b\[[0-9;]*[mJKAH]|\x1b\[\?25[lh]|\r")


class HostileDaemon:
    """Answers the calls of the listing commands, with hostile text wherever a text may be chosen by somebody."""

    address = HOSTILE
    api_version = "1.41"

    def list_containers(self, **_: Any) -> list[dict[str, Any]]:
        return [
            {
                "Id": "c" * 64,
                "Names": [f"/{HOSTILE}"],
                "Image": HOSTILE,
                "ImageID": HOSTILE,
                "Command": HOSTILE,
                "Created": 1_700_000_000,
                "State": "running",
                "Status": f"Up {HOSTILE}",
                "Labels": {
                    labels.PROJECT: HOSTILE,
                    labels.SERVICE: HOSTILE,
                    labels.NUMBER: "1",
                    labels.CONFIG_FILES: HOSTILE,
                    labels.INSTANCE: HOSTILE,
                    HOSTILE: HOSTILE,
                },
                "NetworkSettings": {"Networks": {HOSTILE: {"NetworkID": HOSTILE}}},
                "HostConfig": {"NetworkMode": HOSTILE},
                "Mounts": [{"Type": "volume", "Name": HOSTILE, "Source": HOSTILE, "Destination": HOSTILE}],
                "Ports": [{"PrivatePort": 80, "PublicPort": 80, "Type": "tcp", "IP": HOSTILE}],
            }
        ]

    def list_networks(self, **_: Any) -> list[dict[str, Any]]:
        return [
            {
                "Id": HOSTILE,
                "Name": HOSTILE,
                "Driver": HOSTILE,
                "Scope": HOSTILE,
                "Created": HOSTILE,
                "Labels": {HOSTILE: HOSTILE},
                "IPAM": {"Config": [{"Subnet": HOSTILE}]},
            }
        ]

    def list_volumes(self, **_: Any) -> list[dict[str, Any]]:
        return [
            {
                "Name": HOSTILE,
                "Driver": HOSTILE,
                "Mountpoint": HOSTILE,
                "Scope": HOSTILE,
                "Labels": {HOSTILE: HOSTILE},
            }
        ]

    def inspect_image(self, _ref: str) -> dict[str, Any]:
        return {"Id": HOSTILE, "RepoTags": [f"{HOSTILE}:{HOSTILE}"], "Os": HOSTILE, "Size": 1}

    def top_container(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {"Titles": [HOSTILE], "Processes": [[HOSTILE]]}

    def stats_container(self, *_: Any, **__: Any) -> Any:
        return iter([{}])

    def events(self, **_: Any) -> Any:
        attributes = {"name": HOSTILE, "image": HOSTILE, labels.SERVICE: HOSTILE, HOSTILE: HOSTILE}
        actor = {"ID": HOSTILE, "Attributes": attributes}
        return iter([{"Action": HOSTILE, "Actor": actor, "timeNano": 1, "time": 0}])


def terminal(*, live: bool = False) -> Terminal:
    return Terminal(
        stdin=io.BytesIO(b"no\n"),
        stdout=io.BytesIO(),
        stderr=io.BytesIO(),
        out_colour=True,
        err_colour=True,
        live=live,
    )


def written(on: Terminal) -> str:
    assert isinstance(on.stdout, io.BytesIO)
    assert isinstance(on.stderr, io.BytesIO)
    return (on.stdout.getvalue() + on.stderr.getvalue()).decode()


def told(name: str, **options: Any) -> str:
    """What a command writes for a project of a hostile name."""
    out = terminal()
    command = commands.load(name)
    invocation = Invocation(
        common=CommonOptions(project_name="shop"), terminal=out, environ={}, connect=HostileDaemon
    )
    assert command.run(invocation, command.options(**options)) == 0
    return written(out)


def assert_harmless(text: str) -> None:
    shown = _PAINT.sub("", text)
    assert "forged" in shown
    assert not _STEERING.search(shown), ascii(shown)
    assert not any(line.startswith("forged") for line in shown.splitlines())


@pytest.fixture(autouse=True)
def without_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


LISTINGS: list[tuple[str, dict[str, Any]]] = [
    ("ps", {}),
    ("ps", {"no_trunc": True, "format": "table {{.Names}}\t{{.Labels}}\t{{.Networks}}"}),
    ("ps", {"format": "{{.Name}} {{.Labels | upper | lower}} {{.Publishers}} {{println .Mounts}}"}),
    ("ps", {"services_only": True}),
    ("ls", {}),
    ("ls", {"quiet": True}),
    ("images", {}),
    ("volumes", {}),
    ("volumes", {"format": "{{.Mountpoint}}"}),
    ("volumes", {"quiet": True}),
    ("networks", {}),
    ("networks", {"quiet": True}),
    ("top", {}),
    ("stats", {"no_stream": True, "format": "{{.Name}}"}),
    ("stats", {"no_stream": True}),
    ("events", {}),
]
DATA: list[tuple[str, dict[str, Any]]] = [
    ("ps", {"format": "json"}),
    ("ps", {"format": "{{json .Labels}}"}),
    ("ls", {"format": "json"}),
    ("images", {"format": "json"}),
    ("volumes", {"format": "json"}),
    ("networks", {"format": "json"}),
    ("stats", {"no_stream": True, "format": "json"}),
    ("events", {"json": True}),
]


def named(cases: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    return [pytest.param(*case, id=" ".join(map(str, (case[0], *case[1].values())))) for case in cases]


@pytest.mark.parametrize(("command", "options"), named(LISTINGS))
def test_listings_are_harmless(command: str, options: dict[str, Any]) -> None:
    assert_harmless(told(command, **options))


@pytest.mark.parametrize(("command", "options"), named(DATA))
def test_json_is_exact_and_harmless(command: str, options: dict[str, Any]) -> None:
    shown = told(command, **options)
    assert_harmless(shown)
    assert HOSTILE in "\n".join(texts_in(json.loads(shown)))


def texts_in(value: Any) -> list[str]:
    """All texts of some JSON data, keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in texts_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return [value] if isinstance(value, str) else []


def test_json_text_is_what_json_reads_back() -> None:
    assert json.loads(json_text({HOSTILE: [HOSTILE, "\U000e0001 grün 漢 \udc9b"]}, indent=2)) == {
        HOSTILE: [HOSTILE, "\U000e0001 grün 漢 \udc9b"]
    }
    assert json_text({"a": "grün ✔"}, compact=True) == '{"a":"grün ✔"}'


@pytest.mark.parametrize("name", [HOSTILE, "a\nb", "$(reboot)", "`reboot`", "a;reboot", "a b", "!x"])
def test_completion_offers_no_name_that_a_shell_would_act_on(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "shop")
    daemon = HostileDaemon()
    [listed] = daemon.list_containers()
    listed["Labels"][labels.SERVICE] = name
    plain = {**listed, "Labels": {**listed["Labels"], labels.SERVICE: "web"}}
    daemon.list_containers = lambda **_: [listed, plain]  # type: ignore[method-assign]
    out = terminal()
    assert respond(["__complete", "stop", ""], out, lambda _: daemon) == 0  # type: ignore[arg-type, return-value]
    [web, directive] = written(out).splitlines()
    assert web.startswith("web\tUp x\\x1b[2J")
    assert directive.startswith(":")
    assert not _STEERING.search(web.replace("\t", "", 1))


def test_rm_asks_harmlessly() -> None:
    out = terminal()
    assert not agreed(out, f"Going to remove {HOSTILE}", [HOSTILE])
    assert_harmless(written(out).replace("? [y/N] ", "?\n"))


def hostile_plan() -> Plan:
    reasons = (
        Reason(
            why=Why.CONFIG_CHANGED, changes=(Change(path=HOSTILE, old=HOSTILE, new=HOSTILE),), subject=HOSTILE
        ),
    )
    volume = PlannedAction(id=1, action=actions.RemoveVolume(name=HOSTILE), reasons=reasons)
    network = PlannedAction(id=2, action=actions.RemoveNetwork(id=HOSTILE, name=HOSTILE), reasons=reasons)
    warning = Problem(code="orphan", message="an orphan", hint="a hint")
    return Plan(project=HOSTILE, verb="down", actions=(volume, network), warnings=(warning,))


def test_a_plan_is_harmless() -> None:
    shown = plan_text(hostile_plan())
    assert_harmless(shown)
    assert len(shown.splitlines()) == 8


STORY: list[events.Event] = [
    events.PlanStarted(actions=2),
    events.Unchanged(kind="container", name=HOSTILE, service=HOSTILE),
    events.ActionStarted(
        id=1, verb="create", kind="container", name=HOSTILE, service=HOSTILE, reason=HOSTILE
    ),
    events.ActionProgress(id=1, text=HOSTILE),
    events.ActionProgress(id=1, text=HOSTILE, output=True),
    events.ActionSucceeded(id=1, seconds=1, changed=False, text=HOSTILE),
    events.ActionStarted(id=2, verb="pull", kind="image", name=HOSTILE, service=HOSTILE, reason=HOSTILE),
    events.ActionProgress(id=2, text=HOSTILE, current=1, total=2),
    events.ActionFailed(id=2, seconds=1, report=FailureReport(message=f"can't: {HOSTILE}")),
    events.Notice(problem=Problem(code="x", message=f"a notice {HOSTILE}")),
    events.PlanFinished(succeeded=1, failed=1, skipped=0, seconds=1),
]


@pytest.mark.parametrize("mode", ["plain", "json", "tty"])
def test_progress_is_harmless(mode: str) -> None:
    out = terminal(live=True)
    with showing(mode, out, title="up") as view:
        for event in STORY:
            view(event)
    shown = _PAINT.sub("", written(out))
    assert "owned" in shown
    assert not _STEERING.search(shown)


def test_a_watch_is_harmless() -> None:
    out = terminal()
    view = WatchView(out, folder="/shop", mode="plain")
    view(events.WatchStarted(services=(HOSTILE,)))
    view(events.WatchBatch(service=HOSTILE, actions=("sync",), paths=(f"/shop/{HOSTILE}",), sent=1))
    view(events.WatchFailed(service=HOSTILE, action="sync", reports=(FailureReport(message="can't"),)))
    view.close()
    assert_harmless(written(out))


def test_the_names_before_log_lines_are_harmless_and_the_lines_untouched() -> None:
    out = terminal()
    source = LogSource(id="c", name=HOSTILE, service=HOSTILE, number=1)
    printer = LogPrinter(out, "shop")
    printer.show([(source, 1, b"", b"\x1b[32mgreen")])
    printer.exited(events.ContainerExited(service=HOSTILE, container=HOSTILE, exit_code=1))
    shown = written(out)
    assert "\x1b[32mgreen" in shown
    assert_harmless(shown)


def test_failure_reports_are_harmless() -> None:
    report = FailureReport(
        message=f"can't start {HOSTILE}",
        hint=f"mend {HOSTILE}",
        container=HOSTILE,
        exit_code=1,
        probes=(f"probe: {HOSTILE}",),
        log_tail=(f"log: {HOSTILE}",),
        action=HOSTILE,
        reason=HOSTILE,
        undone=(HOSTILE,),
        resume=HOSTILE,
    )
    shown = _PAINT.sub("", render_report(report, coloured=True))
    assert not _STEERING.search(shown)
    # Lines that the message has itself are set in; so no text can pass for one of ours.
    assert not any(line.startswith("forged") for line in shown.splitlines())
    assert json.loads(reports_json([report]))["container"] == HOSTILE


def test_errors_are_harmless() -> None:
    where = Location(file=HOSTILE, line=1, column=3, source_line=HOSTILE)
    problem = Problem(code="x", message=f"can't {HOSTILE}", hint=f"mend {HOSTILE}", location=where)
    error = SpecError(problems=[problem])
    shown = _PAINT.sub("", render_error(error, coloured=True))
    assert not _STEERING.search(shown)
    assert not any(line.startswith("forged") for line in shown.splitlines())
    assert json.loads(error_json(error))["file"] == HOSTILE
    assert_harmless(render_error(DaemonError(f"no {HOSTILE}"), coloured=False))


def test_an_explanation_is_harmless() -> None:
    say = Say(
        kind="file", location=Location(file=HOSTILE, line=1), value=HOSTILE, template=HOSTILE, wins=True
    )
    explanation = Explanation(subject=HOSTILE, value=HOSTILE, says=(say,))
    assert_harmless(render_explanation(explanation, coloured=True))


@pytest.mark.parametrize(
    ("command", "options"),
    named(
        [
            *(("graph", {"format": wish}) for wish in ("text", "dot", "mermaid", "svg")),
            ("explain", {"subject": "services.web"}),
            ("explain", {"subject": "services.web.image"}),
            ("explain", {"subject": "services.web.image", "format": "json"}),
            ("config", {}),
            ("config", {"format": "json"}),
            ("config", {"images": True}),
            ("config", {"environment": True}),
            ("config", {"variables": True}),
        ]
    ),
)
def test_what_a_compose_file_says_is_shown_harmlessly(command: str, options: dict[str, Any]) -> None:
    web = {
        "image": f"{HOSTILE}${{TAG-forged\x1b[2J\x9b}}",
        "environment": {"A": HOSTILE},
        "labels": {HOSTILE: HOSTILE},
        "volumes": [{"type": "volume", "source": "data", "target": HOSTILE}],
    }
    model = {"name": "shop", "services": {"web": web}, "volumes": {"data": {"name": HOSTILE}}}
    Path("compose.yaml").write_text(json.dumps(model), encoding="utf-8")
    Path(".env").write_text(f'MORE="{HOSTILE}"\n', encoding="utf-8")
    assert_harmless(told(command, **options))


def test_what_is_wrong_with_a_compose_file_is_told_harmlessly() -> None:
    model = {"services": {HOSTILE: {HOSTILE: HOSTILE, "image": "busybox", "ports": [HOSTILE]}}}
    Path("compose.yaml").write_text(json.dumps(model), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        told("config")
    shown = _PAINT.sub("", render_error(caught.value, coloured=True))
    assert "owned" in shown
    assert not _STEERING.search(shown)
    assert not any(line.startswith("forged") for line in shown.splitlines())
