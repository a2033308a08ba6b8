"""What is included from a registry is named by its digest; anything else that is elsewhere is a file that is not there."""

from pathlib import Path

import pytest

from compose_lite.errors import SpecError
from compose_lite.spec.load import load
from compose_lite.spec.model import Project
from compose_lite.spec.options import LoadOptions

DIGEST = "sha256:" + "0123456789abcdef" * 4
PINNED = f"oci://registry.example/team/db@{DIGEST}"


def loaded(folder: Path, include: str, *, local: tuple[str, ...] | None) -> Project:
    """Load a file that includes something; `local` is what stands for it on this machine, None for no way to fetch."""
    (folder / "compose.yaml").write_text(f"include: ['{include}']\nservices: {{web: {{image: web}}}}\n")

    def fetch(reference: str) -> tuple[str, ...]:
        assert reference == PINNED
        assert local is not None
        return local

    return load(LoadOptions(working_dir=str(folder), fetch=None if local is None else fetch)).project


def test_files_that_stand_for_a_digest_are_merged_with_paths_of_their_own(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "compose.yaml").write_text("services: {db: {image: db, env_file: db.env}}\n")
    (kept / "next.yaml").write_text("services: {db: {command: run}}\n")
    (kept / "db.env").write_text("A=1\n")
    project = tmp_path / "project"
    project.mkdir()
    found = loaded(project, PINNED, local=(str(kept / "compose.yaml"), str(kept / "next.yaml")))
    assert sorted(found.services) == ["db", "web"]
    assert found.services["db"].command == ("run",)
    assert found.services["db"].environment == {"A": "1"}


@pytest.mark.parametrize(
    "include",
    [
        "oci://registry.example/team/db",
        "oci://registry.example/team/db:1",
        f"oci://registry.example/team/db@{DIGEST[:-1]}",
        f"https://registry.example/team/db@{DIGEST}",
    ],
)
def test_without_a_digest_nothing_is_fetched(tmp_path: Path, include: str) -> None:
    with pytest.raises(SpecError, match="does not exist"):
        loaded(tmp_path, include, local=())


def test_without_a_way_to_fetch_it_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="does not exist"):
        loaded(tmp_path, PINNED, local=None)
