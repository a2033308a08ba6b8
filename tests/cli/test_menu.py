"""The menu of `up`: keys in, wishes and a line out."""

import io
import time

import pyte
import pytest

from compose_lite.cli.attached_menu import MenuBar
from compose_lite.cli.browser import open_page
from compose_lite.cli.menu import Menu, Question, Wish, help_text, keys_of
from compose_lite.cli.terminal import Terminal

SERVICES = ("database", "web", "worker")


def typed(menu: Menu, keys: str) -> list[Wish]:
    return [wish for key in keys if (wish := menu.press(key)) is not None]


def shown(menu: Menu, columns: int = 80, *, watching: bool = False, filtered: str = "") -> str:
    return menu.line(columns, watching=watching, filtered=filtered, coloured=False)


def test_each_key_is_a_wish_and_other_keys_are_none() -> None:
    wishes = typed(Menu(), "wrlod?xyz \r")
    assert [wish.what for wish in wishes] == ["watch", "restart", "logs", "open", "detach", "help"]
    assert all(wish.word is None for wish in wishes)


def test_the_line_names_the_keys_and_what_is_on() -> None:
    assert shown(Menu()) == "w watch off  r restart  l logs  o open  d detach  ? help"
    assert shown(Menu(), watching=True, filtered="web").startswith("w watch on  r restart  l logs: web  ")


@pytest.mark.parametrize("columns", [8, 20, 40, 60, 80])
def test_the_line_fits_the_window(columns: int) -> None:
    menu = Menu()
    assert len(shown(menu, columns)) < max(columns, 17)
    menu.ask(Question(what="restart", choices=SERVICES))
    typed(menu, "w" * 30)
    assert len(shown(menu, columns)) < columns


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("web\r", "web"),
        ("d\r", "database"),
        ("wo\n", "worker"),
        ("ork\r", "worker"),
        ("x\x7fwe\r", "web"),
        ("nonsense\x15web\r", "web"),
        ("wo\t\r", "worker"),
    ],
)
def test_a_question_takes_the_beginning_of_an_answer(keys: str, answer: str) -> None:
    menu = Menu()
    menu.ask(Question(what="restart", choices=SERVICES))
    assert typed(menu, keys) == [Wish(what="restart", word=answer)]
    assert typed(menu, "d") == [Wish(what="detach")]


@pytest.mark.parametrize("keys", ["\r", "web\x1b", "nothing\r\x1b"])
def test_a_question_can_be_left_without_an_answer(keys: str) -> None:
    menu = Menu()
    menu.ask(Question(what="restart", choices=SERVICES))
    assert typed(menu, keys) == []
    assert typed(menu, "d") == [Wish(what="detach")]


def test_a_free_question_takes_any_answer_and_none() -> None:
    menu = Menu()
    for keys, answer in (("error 5\r", "error 5"), ("\r", "")):
        menu.ask(Question(what="logs", choices=SERVICES, free=True))
        assert typed(menu, keys) == [Wish(what="logs", word=answer)]


def test_a_question_is_shown_with_what_can_be_answered() -> None:
    menu = Menu()
    menu.ask(Question(what="restart", choices=SERVICES))
    assert shown(menu) == "restart: ▏  database  web  worker"
    menu.press("w")
    assert shown(menu) == "restart: w▏  web  worker"


def test_arrows_are_no_keys() -> None:
    assert list(keys_of("\x1b[A")) == []
    assert list(keys_of("\x1b")) == ["\x1b"]
    assert list(keys_of("wd")) == ["w", "d"]


def test_the_help_names_every_key() -> None:
    assert [line.split()[0] for line in help_text().splitlines()] == ["w", "r", "l", "o", "d", "?", "Ctrl-C"]


def test_the_bar_is_below_what_is_written_and_gone_at_the_end() -> None:
    stream = io.BytesIO()
    terminal = Terminal(stdin=io.BytesIO(), stdout=stream, stderr=stream)
    bar = MenuBar(terminal, lambda _columns: "MENU")
    bar.aside(lambda: terminal.note("before"))
    with bar.showing():
        assert on_screen(stream) == ["before", "MENU"]
        bar.aside(lambda: terminal.note("line"))
        bar.write(terminal.stderr, b"log \xff\n")
        bar.redraw()
        assert on_screen(stream) == ["before", "line", "log \ufffd", "MENU"]
        with bar.hidden():
            bar.write(terminal.stderr, b"progress\n")
            assert on_screen(stream)[-1] == "progress"
        assert on_screen(stream)[-1] == "MENU"
    assert on_screen(stream) == ["before", "line", "log \ufffd", "progress"]


def on_screen(stream: io.BytesIO) -> list[str]:
    screen = pyte.Screen(40, 10)
    pyte.ByteStream(screen).feed(stream.getvalue().replace(b"\n", b"\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]


def test_a_page_is_opened_by_the_first_browser_that_there_is(tmp_path) -> None:
    page, seen = "http://localhost:5000", tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {seen}.new; mv {seen}.new {seen}\n')
    browser.chmod(0o755)
    assert open_page(page, {"BROWSER": f"/nowhere/browser:{browser} --new %s"})
    deadline = time.monotonic() + 30
    while not seen.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert seen.read_text() == f"--new {page}\n"


def test_without_a_browser_nothing_is_opened(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not open_page("http://localhost:5000", {"BROWSER": "/nowhere/browser"})
