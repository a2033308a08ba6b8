"""Writes the manual: pages for `man`, and HTML with the reference of all commands and what is in docs/.

usage: scripts/reference.py [FOLDER]          (default: build/docs; open index.html in it)
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from compose_lite import __version__
from compose_lite.cli.commands import TABLE, load
from compose_lite.cli.help import PROGRAM, PURPOSE, explanation, option_groups, usage
from compose_lite.cli.invocation import CommonOptions
from compose_lite.cli.manual import manual_pages
from compose_lite.cli.options import Parameter, parameters

ROOT = Path(__file__).parents[1]
# Pages in the order in which they are read; the others follow by name.
FIRST = (
    "README",
    "coming-from-docker-compose",
    "commands",
    "rollout",
    "watch",
    "instances",
    "data-safety",
    "daemons",
)


class Page(NamedTuple):
    """A text of docs/ as it is shown."""

    name: str
    title: str
    body: str


def main() -> None:
    """Write everything into the folder that the command line names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    write_manual(folder / "man" / "man1")
    write_html(folder)
    print(f"{folder}/index.html, and for man: MANPATH={folder}/man man compose-lite up")


def write_manual(folder: Path) -> None:
    """Write the pages for `man`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in manual_pages():
        (folder / name).write_text(text)


def write_html(folder: Path) -> None:
    """Write the reference and the texts of docs/, which link to each other."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("reference.html.j2")
    shared: dict[str, Any] = {"version": __version__, "program": PROGRAM, "pages": pages()}
    commands = template.render(
        **shared, title=PURPOSE, body=None, groups=groups(), common=blocks(CommonOptions)
    )
    (folder / "index.html").write_text(commands)
    for page in shared["pages"]:
        (folder / f"{page.name}.html").write_text(template.render(**shared, title=page.title, body=page.body))
    for picture in (ROOT / "docs").glob("*.svg"):
        shutil.copy(picture, folder)


def groups() -> dict[str, list[dict[str, Any]]]:
    """The commands by the headings of `--help`, each with all that its help says."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, entry in TABLE.items():
        command = load(name)
        shown = {
            "name": name,
            "summary": entry.summary,
            "usage": usage(name),
            "example": command.example,
            "blocks": blocks(command.options),
        }
        found.setdefault(entry.group, []).append(shown)
    return found


def blocks(options: type[Any]) -> dict[str, list[tuple[str, str]]]:
    """Options as their names and what they do, by heading."""
    return {
        title: [(_names(option), explanation(option)) for option in found]
        for title, found in option_groups(parameters(options)).items()
    }


def _names(option: Parameter) -> str:
    names = ", ".join(name for name in (option.short, option.long) if name)
    return f"{names} {option.metavar}" if option.takes_value else names


def pages() -> list[Page]:
    """The texts of docs/ and those beside it as HTML."""
    paths = [
        *sorted((ROOT / "docs").glob("*.md")),
        ROOT / "README.md",
        ROOT / "ARCHITECTURE.md",
        ROOT / "SECURITY.md",
    ]
    texts = {path.stem: path.read_text() for path in paths}
    order = [*FIRST, *(name for name in texts if name not in FIRST)]
    return [_page(name, texts[name]) for name in order]


def _page(name: str, text: str) -> Page:
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            token.attrSet("id", _anchor(following.content))
        for child in token.children or ():
            for attribute in ("href", "src"):
                if attribute in child.attrs:
                    child.attrSet(attribute, shown_link(str(child.attrs[attribute])))
    title = text.partition("\n")[0].removeprefix("# ")
    return Page(name=name, title=title, body=markdown.renderer.render(tokens, markdown.options, {}))


def shown_link(target: str) -> str:
    """Where a link of a text leads among the written pages, which lie in one folder."""
    if "://" in target:
        return target
    path, mark, part = target.partition("#")
    name = path.rpartition("/")[2]
    return (name.removesuffix(".md") + ".html" if name.endswith(".md") else name) + mark + part


def _anchor(heading: str) -> str:
    """The name of a part, as the usual viewers of Markdown give it."""
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")


if __name__ == "__main__":
    main()
