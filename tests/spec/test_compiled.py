"""What is remembered of a load: recalled while all that the load looked at is the same, and never readable."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from compose_lite.errors import SpecError
from compose_lite.spec.compiled import cache_folder, check_compiled, load_compiled, recall
from compose_lite.spec.options import LoadOptions

_FILE = """
include: [part.yaml]
services:
  web:
    image: web:${TAG:-1}
    extends: {file: base.yaml, service: base}
    env_file: [web.env]
    environment: [TOKEN]
    ports: ["80:80"]
    deploy: {placement: {constraints: [node.role == manager]}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> LoadOptions:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "compose.yaml").write_text(_FILE)
    # Where all resources are used, a load is kept for requests with and without the unused ones.
    (folder / "part.yaml").write_text("services: {db: {image: 'db:${DB_TAG:-1}'}}\nvolumes: {unused: {}}\n")
    (folder / "base.yaml").write_text("services: {base: {command: run, cap_add: [NET_ADMIN]}}\n")
    (folder / "web.env").write_text("PASSWORD=first-canary\n")
    (folder / ".env").write_text("FROM_ENV_FILE=yes\n")
    return LoadOptions(working_dir=str(folder), environ={"TOKEN": "second-canary", "UNASKED": "x"})


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "cache")


def _with(options: LoadOptions, **variables: str | None) -> LoadOptions:
    environ = {**options.environ, **variables}
    return replace(options, environ={name: value for name, value in environ.items() if value is not None})


def test_what_is_recalled_equals_what_was_loaded(stack: LoadOptions, folder: str) -> None:
    loaded = load_compiled(stack, folder)

    recalled = recall(stack, folder)

    assert recalled == loaded
    assert recalled is not None
    assert recalled.project.environment == loaded.project.environment
    assert recalled.project.services["web"].location == loaded.project.services["web"].location
    assert recalled.project.environment["FROM_ENV_FILE"] == "yes"
    assert recalled.elsewhere == loaded.elsewhere
    assert loaded.elsewhere


def test_nothing_is_recalled_without_an_earlier_load(stack: LoadOptions, folder: str) -> None:
    assert recall(stack, folder) is None


@pytest.mark.parametrize("name", ["compose.yaml", "part.yaml", "base.yaml", "web.env", ".env"])
def test_a_changed_file_is_noticed_even_with_its_old_time(stack: LoadOptions, folder: str, name: str) -> None:
    load_compiled(stack, folder)
    path = Path(stack.working_dir, name)
    times = path.stat()
    _append(path, "# more\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert recall(stack, folder) is None


@pytest.mark.parametrize("name", ["compose.override.yaml", "compose.yml"])
def test_a_file_that_would_now_be_found_is_noticed(stack: LoadOptions, folder: str, name: str) -> None:
    load_compiled(stack, folder)
    Path(stack.working_dir, name).write_text("services: {web: {user: nobody}}\n")

    assert recall(stack, folder) is None


def test_a_removed_env_file_is_noticed(stack: LoadOptions, folder: str) -> None:
    load_compiled(stack, folder)
    Path(stack.working_dir, ".env").unlink()

    assert recall(stack, folder) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TAG", "2"),
        ("DB_TAG", "2"),
        ("TOKEN", "other"),
        ("TOKEN", None),
        ("COMPOSE_PROFILES", "debug"),
        ("COMPOSE_PROJECT_NAME", "other"),
        ("COMPOSE_FILE", "base.yaml"),
        ("COMPOSE_DISABLE_ENV_FILE", "1"),
        ("COMPOSE_ENV_FILES", "web.env"),
        ("FROM_ENV_FILE", "no"),
        ("COMPOSE_LITE_INSTANCE", "two"),
    ],
)
def test_a_variable_that_was_asked_for_is_noticed(
    stack: LoadOptions, folder: str, name: str, value: str | None
) -> None:
    load_compiled(stack, folder)

    assert recall(_with(stack, **{name: value}), folder) is None


def test_a_variable_that_nobody_asked_for_makes_no_difference(stack: LoadOptions, folder: str) -> None:
    load_compiled(stack, folder)

    recalled = recall(_with(stack, UNASKED="y", ANOTHER="z"), folder)

    assert recalled is not None
    assert recalled.project.environment["UNASKED"] == "y"


@pytest.mark.parametrize(
    "changes", [{"services": ("db",)}, {"profiles": ("debug",)}, {"project_name": "other"}, {"home": "/root"}]
)
def test_other_options_are_another_entry(stack: LoadOptions, folder: str, changes: dict[str, object]) -> None:
    load_compiled(stack, folder)

    assert recall(replace(stack, **changes), folder) is None  # type: ignore[arg-type]  # one test for all fields


@pytest.fixture
def all_used(stack: LoadOptions) -> LoadOptions:
    Path(stack.working_dir, "part.yaml").write_text("services: {db: {image: db, profiles: [more]}}\n")
    return stack


@pytest.mark.parametrize(
    "changes", [{"reduce": False}, {"all_resources": True}, {"reduce": False, "all_resources": True}]
)
def test_what_makes_no_difference_is_the_same_entry(
    all_used: LoadOptions, folder: str, changes: dict[str, object]
) -> None:
    loaded = load_compiled(all_used, folder)
    other = replace(all_used, **changes)  # type: ignore[arg-type]  # one test for all fields

    assert recall(other, folder) == loaded == load_compiled(other, None)


def test_what_no_service_uses_makes_a_difference(stack: LoadOptions, folder: str) -> None:
    load_compiled(stack, folder)
    whole = replace(stack, all_resources=True)

    assert recall(whole, folder) is None
    assert "unused" in load_compiled(whole, folder).project.volumes
    assert "unused" not in load_compiled(stack, folder).project.volumes


def test_commands_on_single_services_share_an_entry(all_used: LoadOptions, folder: str) -> None:
    everything = load_compiled(all_used, folder)
    kept = set(Path(folder).iterdir())

    assert load_compiled(replace(all_used, services=("web",), reduce=False), folder) == everything
    assert set(Path(folder).iterdir()) == kept
    switched_on = load_compiled(replace(all_used, services=("db",), reduce=False), folder)
    assert set(switched_on.project.services) == {"web", "db"}
    with pytest.raises(SpecError, match="no such service"):
        load_compiled(replace(all_used, services=("dbb",), reduce=False), folder)


def test_warnings_come_again(stack: LoadOptions, folder: str) -> None:
    _append(Path(stack.working_dir, "compose.yaml"), "version: '3'\n")
    load_compiled(stack, folder)

    recalled = recall(stack, folder)

    assert recalled is not None
    assert [problem.code for problem in recalled.warnings] == ["obsolete-version"]
    assert check_compiled(stack, folder) == recalled.warnings


def test_what_is_wrong_is_not_remembered(stack: LoadOptions, folder: str) -> None:
    _append(Path(stack.working_dir, "compose.yaml"), "servces: {}\n")

    with pytest.raises(SpecError):
        load_compiled(stack, folder)

    assert not Path(folder).exists()


def test_standard_input_is_not_remembered(stack: LoadOptions, folder: str) -> None:
    load_compiled(replace(stack, files=("-",), stdin=lambda: b"services: {a: {image: b}}"), folder)

    assert not Path(folder).exists()


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def _entries(folder: str) -> list[Path]:
    return list(Path(folder).iterdir())


def test_no_value_stands_in_an_entry(stack: LoadOptions, folder: str) -> None:
    load_compiled(stack, folder)
    (entry,) = _entries(folder)
    data = entry.read_bytes()

    assert b"canary" not in data
    assert b"NET_ADMIN" not in data
    assert b"TOKEN" in data  # names are told


def test_entries_are_private(stack: LoadOptions, folder: str) -> None:
    load_compiled(stack, folder)
    (entry,) = _entries(folder)

    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert entry.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o644])
def test_an_entry_that_others_could_touch_is_ignored(stack: LoadOptions, folder: str, mode: int) -> None:
    load_compiled(stack, folder)
    (entry,) = _entries(folder)
    entry.chmod(mode)

    assert recall(stack, folder) is None


@pytest.mark.parametrize("cut", [0, 1, 10, 100, -1])
def test_a_truncated_entry_is_ignored_and_written_again(stack: LoadOptions, folder: str, cut: int) -> None:
    load_compiled(stack, folder)
    (entry,) = _entries(folder)
    entry.write_bytes(entry.read_bytes()[:cut])

    assert recall(stack, folder) is None
    load_compiled(stack, folder)
    assert recall(stack, folder) is not None


def test_an_entry_with_any_byte_turned_never_harms(stack: LoadOptions, folder: str) -> None:
    loaded = load_compiled(stack, folder)
    (entry,) = _entries(folder)
    data = bytearray(entry.read_bytes())
    for position in range(0, len(data), max(1, len(data) // 100)):
        data[position] ^= 0xFF
        entry.write_bytes(data)
        assert recall(stack, folder) in (None, loaded)
        data[position] ^= 0xFF


def test_a_folder_that_can_not_be_made_is_survived(stack: LoadOptions, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert load_compiled(stack, str(tmp_path / "file" / "below")).project.name == "stack"


def test_many_writers_at_once_leave_a_whole_entry(stack: LoadOptions, folder: str) -> None:
    threads = [threading.Thread(target=load_compiled, args=(stack, folder)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert recall(stack, folder) is not None
    assert len(_entries(folder)) == 1


def test_old_entries_make_room(stack: LoadOptions, folder: str) -> None:
    Path(folder).mkdir(0o700)
    for number in range(300):
        Path(folder, f"old{number}").touch()

    load_compiled(stack, folder)

    assert len(_entries(folder)) < 200
    assert recall(stack, folder) is not None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/compose-lite/projects"),
        ({"HOME": "/h"}, "/h/.cache/compose-lite/projects"),
        ({"XDG_CACHE_HOME": "relative"}, None),
        ({}, None),
    ],
)
def test_where_entries_are_kept(environ: dict[str, str], expected: str | None) -> None:
    assert cache_folder(environ) == expected
