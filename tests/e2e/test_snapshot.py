"""`commit` and `export`: what a container has become, as an image and as a tar."""

import tarfile
from pathlib import Path

from tests.e2e import state
from tests.e2e.checks import containers, image_exists, says
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.stack import Stack
from tests.e2e.steps import do, inside, run

TWO = {"compose.yaml": 'services: {web: {image: "${IDLE}", scale: 2}}'}

test_commit = scenarios(
    Scenario(
        name="commit",
        intent="`commit` makes an image of one container, with what the options say, and prints its id.",
        files=TWO,
        steps=(
            run("up -d"),
            inside("web:2", "echo two > /mark"),
            run("commit --index 2 -a me -m patched -c 'ENV MADE=here' -c 'USER 7' web {STACK}/web:2"),
            do("the image has it all", lambda stack: _committed(stack)),
            containers(web="running x2"),
        ),
    ),
    Scenario(
        name="commit-nothing",
        intent="`commit` of a service without a container, or in a dry run, makes no image.",
        files=TWO,
        steps=(
            run("commit web {STACK}/web:2", code=1),
            says("service 'web' has no container"),
            run("up -d"),
            run("commit --index 3 web {STACK}/web:2", code=1),
            says("service 'web' has no container #3"),
            run("--dry-run commit web {STACK}/web:2", changes=0),
            image_exists("{STACK}/web:2", exists=False),
        ),
    ),
)

test_export = scenarios(
    Scenario(
        name="export",
        intent="`export` writes the file system whole, to a file or into a pipe; also of a stopped container.",
        files=TWO,
        steps=(
            run("up -d"),
            inside("web:1", "echo one > /mark"),
            run("export -o web.tar web"),
            do("the tar has the file", lambda stack: _exported(stack)),
            run("stop -t 0"),
            run("export -o web.tar web"),
            do("the tar has the file", lambda stack: _exported(stack)),
        ),
    ),
    Scenario(
        name="export-unwritable",
        intent="`export` to where nothing can be written says so, and leaves no half of a file.",
        files=TWO,
        steps=(
            run("up -d"),
            run("export -o nowhere/web.tar web", code=1),
            says("there is no folder nowhere"),
            run("export -o . web", code=1),
            says("is a folder"),
            run("export -o /dev/full web", code=1),
            says("can't write", "No space left on device"),
            do("no file is left", lambda stack: _no_files(stack)),
        ),
    ),
)


def _committed(stack: Stack) -> None:
    assert stack.last is not None
    found = state.api().inspect_image(stack.expand("{STACK}/web:2"))
    assert found["Author"] == "me"
    assert found["Comment"] == "patched"
    assert found["Config"]["User"] == "7"
    assert "MADE=here" in found["Config"]["Env"]
    made = state.api().create_container(found["Id"], labels={state.OURS: stack.name})["Id"]
    try:
        mark, _ = state.api().get_archive(made, "/mark")
        assert b"two\n" in b"".join(mark)
    finally:
        state.api().remove_container(made)


def _exported(stack: Stack) -> None:
    with tarfile.open(stack.folder / "web.tar") as tar:
        mark = tar.extractfile("mark")
        assert mark is not None
        assert mark.read() == b"one\n"


def _no_files(stack: Stack) -> None:
    assert sorted(path.name for path in Path(stack.folder).iterdir()) == ["compose.yaml"]
