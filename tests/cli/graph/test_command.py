"""`graph` on the command line: which format, to where, and what a machine without a browser gets."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

STACK = "name: demo\nservices: {web: {image: nginx, depends_on: [db]}, db: {image: pg}, other: {image: x}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(STACK)
    return tmp_path


def graph(
    folder: Path, *arguments: str, code: int = 0, stdout: int = subprocess.PIPE, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "compose_lite", *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "TMPDIR": str(folder), **environ},
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == code, done.stderr.decode()
    return done


def test_text_is_the_default(folder: Path) -> None:
    assert graph(folder, "graph").stdout.startswith(b"demo\n\nother\n")


def test_named_services_come_with_what_they_need(folder: Path) -> None:
    shown = graph(folder, "graph", "web").stdout.decode()
    assert "\ndb\n" in shown
    assert "\nother\n" not in shown


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("x.svg", b"<svg"),
        ("x.PNG", b"\x89PNG"),
        ("x.dot", b"digraph"),
        ("x.gv", b"digraph"),
        ("x.mmd", b"flowchart"),
        ("x.txt", b"demo\n"),
    ],
)
def test_the_suffix_of_the_file_decides(folder: Path, name: str, start: bytes) -> None:
    assert graph(folder, "graph", "-o", name).stdout == b""
    assert (folder / name).read_bytes().startswith(start)


def test_a_format_decides_over_the_suffix(folder: Path) -> None:
    graph(folder, "graph", "--format", "dot", "--output", "x.svg")
    assert (folder / "x.svg").read_bytes().startswith(b"digraph")
    assert graph(folder, "graph", "--format", "svg", "--output", "-").stdout.startswith(b"<svg")


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    done = graph(folder, "--dry-run", "graph", "-o", "x.svg")
    assert b"x.svg" in done.stderr
    assert not (folder / "x.svg").exists()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("graph -o picture", b"does not tell the format"),
        ("graph -o x.gif", b"does not tell the format"),
        ("graph -o nowhere/x.svg", b"can't write nowhere/x.svg"),
        ("graph --open --format dot", b"--open shows SVG, not dot"),
        ("graph --open -o x.png", b"--open shows SVG, not png"),
        ("graph --open -o -", b"- is standard output"),
        ("graph nobody", b"no such service: nobody"),
    ],
)
def test_what_does_not_fit_together_is_refused(folder: Path, line: str, complaint: bytes) -> None:
    assert complaint in graph(folder, *line.split(), code=1).stderr


def test_an_image_is_not_thrown_at_a_terminal(folder: Path) -> None:
    master, terminal = os.openpty()
    done = graph(folder, "graph", "--format", "png", stdout=terminal, code=1)
    os.close(terminal)
    os.close(master)
    assert b"can't be shown on a terminal" in done.stderr
    assert graph(folder, "graph", "--format", "png").stdout.startswith(b"\x89PNG")


def test_the_browser_gets_a_file_that_only_its_user_can_read(folder: Path) -> None:
    browser = folder / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > address\n')
    browser.chmod(0o755)
    os.mkfifo(folder / "address")
    graph(folder, "graph", "--open", BROWSER=str(browser))
    address = (folder / "address").read_text().strip()
    picture = Path(address.removeprefix("file://"))
    assert picture.read_bytes().startswith(b"<svg")
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600


def test_without_a_browser_it_is_told_where_the_picture_is(folder: Path) -> None:
    told = graph(folder, "graph", "--open").stderr.decode()
    [picture] = folder.glob("*.svg")
    assert str(picture) in told
    assert "no browser" in told
