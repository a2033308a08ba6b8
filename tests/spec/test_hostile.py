"""Hostile files: each is refused quickly, in little memory, with an error that names what is wrong."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MEMORY = 500 * 1024 * 1024
"""Bytes of address space that a load may take, the interpreter included."""
PATIENCE = 60
"""Seconds until a hanging load is given up; far above what one takes, as the machine may be busy."""
CPU = 2
"""Seconds of processor time that a load may take, start of the interpreter included."""

# Loads a project in a process of its own and prints the codes of its problems.
LOADER = """
import json, os, resource, sys
from compose_lite.cli.views.problems import render_problem
from compose_lite.errors import ComposeLiteError
from compose_lite.spec import bind, validate, schema_words, include, extends
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions
memory, cpu, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if os.environ.get("AS_NOBODY") and os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
options = LoadOptions(working_dir=folder)
try:
    load(options).project
except ComposeLiteError as error:
    shown = [render_problem(problem, coloured=False) for problem in error.problems]
    print(json.dumps([[problem.code for problem in error.problems], "\\n".join(shown)]))
else:
    print(json.dumps([[], ""]))
"""


def refused(folder: Path, *, as_nobody: bool = False) -> tuple[list[str], str]:
    """Load what is in `folder` under the limits; return the codes of the problems and what the user reads."""
    done = subprocess.run(
        [sys.executable, "-c", LOADER, str(MEMORY), str(CPU), str(folder)],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2])} | ({"AS_NOBODY": "1"} if as_nobody else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    codes, shown = json.loads(done.stdout)
    return codes, shown


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may look into, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def bomb(*, merge: bool) -> str:
    """Ten levels, each of which names the one before ten times."""
    if merge:
        lines = ["x-0: &a0 {k0: v, k1: v}"]
        lines += [
            f"x-{i}: &a{i} {{a: *a{i - 1}, b: *a{i - 1}, <<: [{', '.join([f'*a{i - 1}'] * 9)}]}}"
            for i in range(1, 30)
        ]
    else:
        lines = ["x-0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    return "\n".join([*lines, "services: {a: {image: x}}"])


def service(text: str) -> str:
    return f"services:\n  a:\n    image: x\n    {text}\n"


TEXTS: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "alias bomb": (lambda: bomb(merge=False), "too-many-aliases"),
    "merge key bomb": (lambda: bomb(merge=True), "too-many-aliases"),
    "alias of itself": (lambda: "x-a: &a [*a]\nservices: {a: {image: x}}", "alias-loop"),
    "50 MB of services": (
        lambda: "services:\n" + "".join(f"  s{i}: {{image: x}}\n" for i in range(2_500_000)),
        "file-too-big",
    ),
    "50 MB in one line": (lambda: "x-a: " + "a" * 50_000_000, "file-too-big"),
    "10,000 nested lists": (lambda: "x-a: " + "[" * 10_000 + "]" * 10_000, "too-deep"),
    "10,000 nested mappings": (lambda: "x-a: " + "{a: " * 10_000 + "}" * 10_000, "too-deep"),
    "10,000 unclosed lists": (lambda: "x-a: " + "[" * 10_000, "too-deep"),
    "10,000 list dashes": (lambda: "x-a:\n  " + "- " * 10_000 + "a", "too-deep"),
    "10,000 question marks": (lambda: "? " * 10_000, "key-not-text"),
    "5,000 levels of indentation": (lambda: "\n".join(" " * i + "a:" for i in range(4_000)), "too-deep"),
    "nested defaults": (lambda: service("hostname: " + "${A:-" * 10_000 + "}" * 10_000), "bad-variable"),
    "a million dollars": (
        lambda: service("hostname: x\n    user: 5\n    command: " + "$" * 1_000_000),
        "wrong-type",
    ),
    "unclosed variables": (lambda: service("command: " + "${A" * 100_000), "bad-variable"),
    "variables in variables": (lambda: service("command: " + "${A:-${B:-c} " * 20_000), "bad-variable"),
    "every port, many times": (
        lambda: service(
            "ports: [" + "".join(f"'127.0.0.{i}:1-65535:1-65535', " for i in range(1, 200)) + "]"
        ),
        "too-many-ports",
    ),
    "a huge port range": (lambda: service("ports: ['1-99999999999999999999:80']"), "bad-port"),
    "repeated keys": (lambda: "services: {a: {image: x}}\n" * 20_000, "duplicate-key"),
    "10,000 unknown keys": (
        lambda: "services:\n" + "".join(f"  s{i}: {{imagee: x}}\n" for i in range(10_000)),
        "unknown-key",
    ),
    "repeated items": (lambda: service("cap_add: [" + "A, " * 200_000 + "]\n    user: 5"), "wrong-type"),
    "keys that are numbers": (lambda: "services: {1: {image: x}}", "key-not-text"),
    "keys that are null": (lambda: "services: {~: {image: x}}", "key-not-text"),
    "keys that are lists": (lambda: "services: {[a]: {image: x}}", "key-not-text"),
    "Python objects": (
        lambda: service("command: !!python/object/apply:os.system ['true']\n    user: 5"),
        "wrong-type",
    ),
    "random bytes": (lambda: random.Random(1).randbytes(10_000), "binary-file"),
    "a program": (lambda: Path(sys.executable).read_bytes()[:100_000], "binary-file"),
    "a NUL": (lambda: b"services: {a: {image: x\0}}", "binary-file"),
    "latin-1": (lambda: "services: {a: {image: x, hostname: caf\xe9}}".encode("latin-1"), "not-utf8"),
    "UTF-16 without a mark": (lambda: "services: {a: {image: x}}".encode("utf-16-le"), "binary-file"),
    "half of UTF-16": (lambda: b"\xff\xfes\0e\0r", "not-utf8"),
    "control characters": (lambda: "services: {a: {image: \x01}}", "yaml-syntax"),
    "lone surrogates": (lambda: b"services: {a: {image: \xed\xa0\x80}}", "not-utf8"),
    "nothing": (lambda: "", "empty-file"),
    "only a comment": (lambda: "# services:", "empty-file"),
    "only a number": (lambda: "12", "not-a-mapping"),
    "a directive": (lambda: "%YAML 9.9\n---\nservices: {a: {image: x}}", "yaml-syntax"),
    "a huge number": (lambda: service("scale: " + "9" * 100_000), "wrong-type"),
    "a huge exponent": (lambda: service("scale: 1e999999999"), "wrong-type"),
    "a huge size": (lambda: service("mem_limit: " + "9" * 5_000 + "g"), "wrong-type"),
    "a huge duration": (lambda: service("stop_grace_period: " + "9" * 5_000 + "h"), "wrong-type"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_refused(folder: Path, name: str) -> None:
    make, code = TEXTS[name]
    content = make()
    (folder / "compose.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    codes, shown = refused(folder)
    assert code in codes
    assert "compose.yaml" in shown
    assert max(map(len, shown.splitlines())) < 1000


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


STACK = "services: {a: {image: x}}\n"
FILE_SETS: dict[str, tuple[dict[str, str], str]] = {
    "a file that includes itself": ({"compose.yaml": "include: [compose.yaml]"}, "include-loop"),
    "files that include each other": (
        {"compose.yaml": "include: [b.yaml]", "b.yaml": "include: [c.yaml]", "c.yaml": "include: [b.yaml]"},
        "include-loop",
    ),
    "a chain of 2,000 includes": (
        {"compose.yaml": "include: [0.yaml]"}
        | {f"{i}.yaml": f"include: [{i + 1}.yaml]" for i in range(2_000)}
        | {"2000.yaml": STACK},
        "include-too-deep",
    ),
    "a service that extends itself": (
        {"compose.yaml": "services: {a: {image: x, extends: a}}"},
        "extends-loop",
    ),
    "services that extend each other": (
        {"compose.yaml": "services: {a: {extends: b}, b: {extends: c}, c: {extends: a}}"},
        "extends-loop",
    ),
    "files that extend each other": (
        {
            "compose.yaml": "services: {a: {extends: {file: b.yaml, service: a}}}",
            "b.yaml": "services: {a: {extends: {file: compose.yaml, service: a}}}",
        },
        "extends-loop",
    ),
    "a chain of 5,000 services": (
        {"compose.yaml": "services:\n" + "".join(f"  s{i}: {{extends: s{i + 1}}}\n" for i in range(5_000))},
        "extends-too-deep",
    ),
    "a circle of 5,000 dependencies": (
        {
            "compose.yaml": "services:\n"
            + "".join(f"  s{i}: {{image: x, depends_on: [s{(i + 1) % 5_000}]}}\n" for i in range(5_000))
        },
        "dependency-cycle",
    ),
    "an env file that is binary": (
        {"compose.yaml": service("env_file: e.env"), "e.env": "A=\0"},
        "binary-file",
    ),
    "an env file of 50 MB": (
        {"compose.yaml": service("env_file: e.env"), "e.env": "A=" + "x" * 50_000_000},
        "file-too-big",
    ),
    "variables in an env file without end": (
        {"compose.yaml": service("env_file: e.env"), "e.env": "A=" + "${A:-" * 10_000},
        "env-file-syntax",
    ),
    "a .env that is binary": ({"compose.yaml": STACK, ".env": "A=\0"}, "binary-file"),
    "variables that double": (
        {
            "compose.yaml": service("hostname: $V60"),
            ".env": "V0=xxxxxxxxxx\n" + "".join(f"V{i}=${{V{i - 1}}}${{V{i - 1}}}\n" for i in range(1, 61)),
        },
        "env-file-syntax",
    ),
}


@pytest.mark.parametrize("name", FILE_SETS)
def test_a_hostile_set_of_files_is_refused(folder: Path, name: str) -> None:
    files, code = FILE_SETS[name]
    write(folder, files)
    codes, shown = refused(folder)
    assert code in codes
    assert max(map(len, shown.splitlines())) < 1000


def fifo(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


SPECIAL_FILES: list[tuple[Callable[[Path], None], str]] = [
    (fifo, "unreadable-file"),
    (loop, "unreadable-file"),
    (dangling, "no-such-file"),
    (endless, "file-too-big"),
    (Path.mkdir, "unreadable-file"),
]


@pytest.mark.parametrize(("make", "code"), SPECIAL_FILES)
def test_what_is_no_file_is_refused(folder: Path, make: Callable[[Path], None], code: str) -> None:
    make(folder / "compose.yaml")
    codes, shown = refused(folder)
    assert codes == [code]
    assert "compose.yaml" in shown


@pytest.mark.parametrize(("make", "code"), SPECIAL_FILES)
@pytest.mark.parametrize(
    "text",
    [
        "include: [other]",
        "services: {a: {extends: {file: other, service: a}}}",
        service("env_file: other"),
        service("label_file: other"),
    ],
)
def test_what_is_no_file_is_refused_wherever_it_is_named(
    folder: Path, make: Callable[[Path], None], code: str, text: str
) -> None:
    write(folder, {"compose.yaml": text})
    make(folder / "other")
    codes, shown = refused(folder)
    assert codes == [code]
    assert "other" in shown


def test_a_file_that_may_not_be_read_is_refused(folder: Path) -> None:
    (folder / "compose.yaml").write_text(STACK)
    (folder / "compose.yaml").chmod(0)
    codes, shown = refused(folder, as_nobody=True)
    assert codes == ["unreadable-file"]
    assert "permission denied" in shown
