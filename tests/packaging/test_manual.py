"""`make docs` writes HTML with every command and option, whose links all lead somewhere."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from compose_lite.cli import commands
from compose_lite.cli.help import explanation
from compose_lite.cli.options import parameters

ROOT = Path(__file__).parents[2]


class Marks(HTMLParser):
    """What a page links to or shows, the places in it that can be linked to, and its text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.text = ""
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if value and name in ("href", "src"):
                self.links.append(value)
            elif value and name == "id":
                self.places.add(value)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the manual was written into."""
    folder = tmp_path_factory.mktemp("manual")
    subprocess.run([sys.executable, ROOT / "scripts/reference.py", folder], check=True, timeout=60)
    return folder


@pytest.mark.parametrize("name", commands.TABLE)
def test_the_reference_has_the_command_with_its_options(written: Path, name: str) -> None:
    page, command = Marks(written / "index.html"), commands.load(name)
    assert name in page.places
    assert f"compose-lite {command.example}" in page.text
    for option in parameters(command.options):
        if not (option.positional or option.hidden):
            assert option.long in page.text
            assert explanation(option) in page.text
    assert (written / f"man/man1/compose-lite-{name}.1").is_file()


def test_every_link_leads_somewhere(written: Path) -> None:
    pages = {page.name: Marks(page) for page in written.glob("*.html")}
    for name, page in pages.items():
        for link in page.links:
            if "://" in link:
                continue
            path, _, place = link.partition("#")
            assert (written / (path or name)).is_file(), f"{name}: {link}"
            assert not place or place in pages[path or name].places, f"{name}: {link}"
