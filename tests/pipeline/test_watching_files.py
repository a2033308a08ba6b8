"""Which files a watched project is made of, and how a change of them is told from mere noise."""

import os
from pathlib import Path

import compose_lite
from compose_lite.pipeline.watching_files import FileMarks, Origin, project_files, read_ignored
from compose_lite.spec.model import Project


def project(folder: Path, services: str) -> Project:
    (folder / "compose.yaml").write_text(f"services:\n  web: {services}\n")
    return compose_lite.load(project_name="demo", working_dir=folder, environ={})


def origin(of: Project, *read: str) -> Origin:
    found = Origin(project=of, read=read)
    return Origin(project=of, read=read, reload=lambda: found)


def test_a_file_changes_with_content_place_and_existence(tmp_path: Path) -> None:
    path, missing = tmp_path / "a", tmp_path / "b"
    path.write_text("1")
    marks = FileMarks((str(path), str(missing)))
    assert marks.changed() == ()
    (tmp_path / "new").write_text("1")
    (tmp_path / "new").rename(path)
    assert marks.changed() == (str(path),)
    missing.write_text("")
    assert marks.changed() == (str(missing),)
    path.unlink()
    assert marks.changed() == (str(path),)
    assert marks.changed() == ()


def test_marks_are_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("1")
    earlier = FileMarks((str(path),))
    path.write_text("22")
    later = FileMarks((str(path), str(tmp_path)), since=earlier)
    assert later.changed() == (str(path),)


def test_what_may_come_to_be_read_counts(tmp_path: Path) -> None:
    found = project_files(
        origin(project(tmp_path, "{image: a}"), str(tmp_path / "compose.yaml"), str(tmp_path / "x.env"), "-")
    )
    names = {os.path.relpath(path, tmp_path) for path in found}
    assert {"compose.yaml", "x.env", ".env", "compose.override.yaml"} <= names
    assert "-" not in found


def test_without_a_way_to_read_again_no_file_counts(tmp_path: Path) -> None:
    assert project_files(Origin(project=project(tmp_path, "{image: a}"), read=("/compose.yaml",))) == ()


def test_the_ignore_file_of_the_dockerfile_comes_before_that_of_the_context(tmp_path: Path) -> None:
    of = project(tmp_path, "{build: ., develop: {watch: [{action: rebuild, path: .}]}}")
    assert read_ignored(of) == {"web": ()}
    (tmp_path / ".dockerignore").write_text("# all\n*.log\n")
    assert read_ignored(of) == {"web": ("*.log",)}
    (tmp_path / "Dockerfile.dockerignore").write_text("*.tmp\n")
    assert read_ignored(of) == {"web": ("*.tmp",)}
    assert {str(tmp_path / ".dockerignore"), str(tmp_path / "Dockerfile.dockerignore")} <= set(
        project_files(origin(of))
    )
