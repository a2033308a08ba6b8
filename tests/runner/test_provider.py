"""Calls of providers, made of real programs: what they are told, what they say, and how they end."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from compose_lite.errors import ComposeLiteError, Interrupted
from compose_lite.planner.actions import RunProvider
from compose_lite.planner.answers import Said
from compose_lite.runner.cancellation import Cancellation
from compose_lite.runner.provider import call, find, metadata_of
from compose_lite.spec.model import FrozenMap, Provider

Make = Callable[[str], "Ground"]
OPTIONS = FrozenMap({"size": ("3",), "tag": ("a", "b")})


class Ground:
    """A provider's program, and what became of its calls."""

    def __init__(self, folder: Path, body: str) -> None:
        self.folder = folder
        self.program = folder / "demo"
        self.program.write_text(f"#!{sys.executable}\n" + textwrap.dedent(body))
        self.program.chmod(0o755)
        self.reports: list[str] = []
        self.cancellation = Cancellation()

    def call(self, command: str = "up") -> Said | None:
        return call(
            RunProvider(service="my-db", provider="demo", command=command),  # type: ignore[arg-type]  # one of the three
            Provider(type="demo", options=OPTIONS),
            str(self.program),
            project="p",
            environ={"PATH": os.environ["PATH"], "GIVEN": "1"},
            cancellation=self.cancellation,
            report=lambda text, *_numbers, output=False: self.reports.append(text),
        )

    def said(self, name: str) -> list[str]:
        """What the program wrote into a file beside it, a line each."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def provider(tmp_path: Path) -> Make:
    """Makes a provider whose program is `body` behind a first part that notes each call and speaks JSON."""
    head = f"""
import json, os, sys, time
def note(name, text):
    with open({str(tmp_path)!r} + "/" + name, "a") as file:
        print(text, file=file, flush=True)
def say(kind, message):
    print(json.dumps({{"type": kind, "message": message}}), flush=True)
note("calls", " ".join(sys.argv[1:]))
command = sys.argv[2] if sys.argv[2] == "metadata" else sys.argv[3]
"""
    return lambda body: Ground(tmp_path, head + textwrap.dedent(body))


SILENT = "sys.exit(1 if command == 'metadata' else 0)"


def test_a_provider_gets_project_options_and_service(provider: Make) -> None:
    ground = provider(SILENT)
    assert ground.call() == Said()
    assert ground.said("calls") == [
        "compose metadata",
        "compose --project-name=p up --size=3 --tag=a --tag=b my-db",
    ]


def test_it_gets_only_the_options_that_it_declares(provider: Make) -> None:
    ground = provider("""
        if command == "metadata":
            print(json.dumps({"description": "d", "up": {"parameters": [{"name": "size"}]}, "down": {}}))
    """)
    ground.call()
    ground.call("down")
    assert ground.said("calls")[1::2] == [
        "compose --project-name=p up --size=3 my-db",
        "compose --project-name=p down my-db",
    ]


def test_a_missing_option_is_told_before_the_call(provider: Make) -> None:
    ground = provider("""
        print(json.dumps({"up": {"parameters": [{"name": "zone", "required": True}]}}))
    """)
    with pytest.raises(ComposeLiteError, match="'demo' requires the option 'zone'"):
        ground.call()
    assert ground.said("calls") == ["compose metadata"]


def test_what_it_says_is_shown_or_kept(provider: Make) -> None:
    ground = provider("""
        if command == "up":
            say("info", "half way\\nthere")
            say("debug", "not for people")
            say("setenv", "URL=a=b")
            print()
            say("rawsetenv", "TOKEN=")
    """)
    assert ground.call() == Said(prefixed={"URL": "a=b"}, raw={"TOKEN": ""})
    assert ground.reports == ["half way"]


def test_an_error_is_the_reason_of_the_failure(provider: Make) -> None:
    ground = provider("""
        if command == "up":
            say("error", "no luck")
            say("setenv", "URL=x")
    """)
    with pytest.raises(
        ComposeLiteError, match="'demo' could not bring up service 'my-db': no luck"
    ) as caught:
        ground.call()
    assert caught.value.problems[0].code == "provider-failed"


def test_a_failure_without_a_word_quotes_standard_error(provider: Make) -> None:
    ground = provider("""
        if command == "down":
            print("first", file=sys.stderr)
            print("second", file=sys.stderr)
            sys.exit(3)
    """)
    expected = "could not take down service 'my-db': it exited with code 3: first / second"
    with pytest.raises(ComposeLiteError, match=expected):
        ground.call("down")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("s3cret", "a line that is no JSON object"),
        ('["s3cret"]', "a line that is no JSON object"),
        ('{"type": 1, "message": "s3cret"}', "whose `type` or `message` is no text"),
        ('{"type": "what", "message": "s3cret"}', "a message of the unknown type 'what'"),
        ('{"type": "setenv", "message": "s3cret"}', "a variable that is not NAME=VALUE"),
        ('{"type": "setenv", "message": "=s3cret"}', "a variable that is not NAME=VALUE"),
    ],
)
def test_what_is_no_message_is_a_failure_that_does_not_quote_it(
    provider: Make, line: str, complaint: str
) -> None:
    ground = provider(f"if command == 'up': print({line!r}, flush=True); time.sleep(600)")
    with pytest.raises(ComposeLiteError, match=complaint) as caught:
        ground.call()
    assert "s3cret" not in str(caught.value)


def test_stop_is_for_providers_that_declare_it(provider: Make) -> None:
    ground = provider("""
        if command == "metadata" and os.path.exists(__file__ + ".stops"):
            print(json.dumps({"stop": {"parameters": []}}))
    """)
    assert ground.call("stop") is None
    assert ground.said("calls") == ["compose metadata"]
    Path(f"{ground.program}.stops").touch()
    assert ground.call("stop") == Said()
    assert ground.said("calls")[-1] == "compose --project-name=p stop my-db"


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_cancellation_ends_a_hanging_provider_and_what_it_started(
    provider: Make, monkeypatch: pytest.MonkeyPatch, *, stubborn: bool
) -> None:
    monkeypatch.setattr("compose_lite.runner.provider._GRACE", 0.5)
    ground = provider(f"""
        import signal, subprocess
        if command == "up":
            if {stubborn}:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen(["sleep", "600"])
            note("child", child.pid)
            time.sleep(600)
    """)
    threading.Thread(target=_cancel_once_there, args=(ground,), daemon=True).start()
    with pytest.raises(Interrupted):
        ground.call()
    _await_end(int(ground.said("child")[0]))


def _cancel_once_there(ground: Ground) -> None:
    while not ground.said("child"):
        time.sleep(0.01)
    ground.cancellation.cancel()


def _await_end(pid: int) -> None:
    """Wait until a process has ended, if only as a zombie that nobody waits for."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} lives on")


def test_a_plugin_of_the_docker_command_comes_before_a_program_in_the_path(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path / "bin"), "DOCKER_CONFIG": str(tmp_path)}
    with pytest.raises(ComposeLiteError, match="the provider 'demo' is not installed"):
        find("demo", environ)
    for path in (tmp_path / "bin" / "demo", tmp_path / "cli-plugins" / "docker-demo"):
        path.parent.mkdir()
        path.touch(mode=0o755)
        assert find("demo", environ) == str(path)


@pytest.mark.parametrize("kind", ["compose", "./demo", "/bin/true", ""])
def test_neither_compose_nor_a_path_is_a_provider(kind: str) -> None:
    with pytest.raises(ComposeLiteError, match="is no provider"):
        find(kind, {"PATH": "/usr/bin"})


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"up": 1}', '{"up": {"parameters": 3}}'])
def test_what_is_no_metadata_declares_nothing(text: str) -> None:
    assert metadata_of(text.encode()).empty


def test_metadata_tells_options_by_command() -> None:
    parameters = [{"name": "a", "required": True}, {"name": "b"}, {"noname": 1}, 3]
    found = metadata_of(json.dumps({"up": {"parameters": parameters}, "stop": {}}).encode())
    assert found.commands == {"up": {"a": True, "b": False}, "stop": {}}
