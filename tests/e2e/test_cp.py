"""`cp`: files into and out of containers, as they are or as a tar."""

import io
import os
import stat
import tarfile

from tests.e2e.checks import inside
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack, execute
from tests.e2e.steps import do, run
from tests.e2e.steps import inside as do_inside

ONE = {"compose.yaml": "services: {web: {image: '${IDLE}'}}", "page.txt": "from the host\n"}
TWO = {**ONE, "compose.yaml": "services: {web: {image: '${IDLE}', scale: 2}}"}


def _tar(name: str, text: str) -> str:
    """A tar with one file, as text: it has no other bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue().decode("ascii")


def _host_has(stack: Stack, path: str, text: str) -> None:
    assert (stack.folder / path).read_text() == text


def _printed_tar(stack: Stack, name: str, text: str) -> None:
    assert stack.last is not None
    with tarfile.open(fileobj=io.BytesIO(stack.last.out.encode())) as tar:
        file = tar.extractfile(name)
        assert file is not None
        assert file.read().decode() == text


def _is_link(stack: Stack, path: str, expected: bool) -> None:
    assert stat.S_ISLNK((stack.folder / path).lstat().st_mode) == expected


def _give_away(stack: Stack) -> None:
    """Let the file belong to somebody who is not root, which only root can arrange."""
    if os.geteuid() == 0:
        os.chown(stack.folder / "page.txt", 1234, 1234)
    stack.env["OWNER"] = str((stack.folder / "page.txt").stat().st_uid)


def _one_off_has(stack: Stack, path: str, expected: int) -> None:
    (one_off,) = stack.containers("web", oneoff=True)
    code, _ = execute(one_off.id, f"test -e {path}")
    assert code == expected


test_cp = scenarios(
    Scenario(
        name="both-ways",
        intent="`cp` copies a file into a container and out of it.",
        files=ONE,
        steps=(
            run("up -d"),
            run("cp page.txt web:/tmp/"),
            inside("web", "cat /tmp/page.txt", "from the host"),
            do_inside("web", "echo from the container > /tmp/answer.txt"),
            run("cp web:/tmp/answer.txt answer.txt"),
            do("it is here", lambda stack: _host_has(stack, "answer.txt", "from the container\n")),
        ),
    ),
    Scenario(
        name="tar",
        intent="`-` is a tar on standard output or input.",
        files=ONE,
        steps=(
            run("up -d"),
            run("cp - web:/tmp", stdin=_tar("piped.txt", "through the pipe\n")),
            inside("web", "cat /tmp/piped.txt", "through the pipe"),
            run("cp web:/tmp/piped.txt -"),
            do("a tar was printed", lambda stack: _printed_tar(stack, "piped.txt", "through the pipe\n")),
        ),
    ),
    Scenario(
        name="index-and-all",
        intent="`cp` copies into every replica, `--index` into one, `--all` into one-off containers too.",
        files=TWO,
        steps=(
            run("up -d"),
            run("run -d web sleep 1000"),
            run("cp --index 2 page.txt web:/tmp/two"),
            inside("web:1", "test -e /tmp/two", code=1),
            inside("web:2", "test -e /tmp/two"),
            run("cp page.txt web:/tmp/each"),
            inside("web:1", "test -e /tmp/each"),
            inside("web:2", "test -e /tmp/each"),
            do("the one-off has it not", lambda stack: _one_off_has(stack, "/tmp/each", 1)),
            run("cp --all page.txt web:/tmp/all"),
            inside("web:2", "test -e /tmp/all"),
            do("the one-off has it", lambda stack: _one_off_has(stack, "/tmp/all", 0)),
        ),
    ),
    Scenario(
        name="archive",
        intent="`cp --archive` keeps the owner of what is copied; without it it is root's.",
        files=ONE,
        steps=(
            run("up -d"),
            do("give the file away", _give_away),
            run("cp page.txt web:/tmp/plain"),
            inside("web", "stat -c %u /tmp/plain", "0"),
            run("cp --archive page.txt web:/tmp/kept"),
            inside("web", "stat -c %u /tmp/kept", "{OWNER}"),
        ),
    ),
    Scenario(
        name="follow-link",
        intent="`cp --follow-link` copies what a link points to, in both directions; without it the link.",
        files=ONE,
        steps=(
            run("up -d"),
            do("make a link", lambda stack: (stack.folder / "link").symlink_to("page.txt")),
            run("cp link web:/tmp/link"),
            inside("web", "readlink /tmp/link", "page.txt"),
            run("cp --follow-link link web:/tmp/followed"),
            inside("web", "cat /tmp/followed", "from the host"),
            do_inside("web", "echo here > /tmp/file && ln -s file /tmp/there"),
            run("cp web:/tmp/there there"),
            do("a link", lambda stack: _is_link(stack, "there", True)),
            run("cp --follow-link web:/tmp/there file"),
            do("a file", lambda stack: _host_has(stack, "file", "here\n")),
        ),
    ),
)
