"""examples/foodtrucks in a real browser: it is searched, edited on disk while it runs, and shows the edits."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.foodtrucks import foodtrucks
from tests.e2e.stack import Stack

# Seconds for what a browser or a reloading web server does on a busy machine.
PATIENCE = 90

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(600)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with foodtrucks(tmp_path) as stack:
        yield stack


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chrome]:
    """Chromium without a window, with a profile of its own."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        # In continuous integration absence must not look like success.
        lacking = pytest.fail if os.environ.get("CI") else pytest.skip
        lacking("chromium and chromedriver are not on this machine: scripts/setup-test-tools")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    options = ChromeOptions()
    options.binary_location = program
    # Root has no sandbox, and /dev/shm may be small in a container.
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "no-proxy-server"):
        options.add_argument(f"--{argument}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    chrome = Chrome(options=options, service=ChromeService(driver))
    yield chrome
    chrome.quit()


def wait_until(browser: Chrome, holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; what the page replaces meanwhile is looked for again."""
    try:
        WebDriverWait(browser, PATIENCE, ignored_exceptions=[WebDriverException]).until(lambda _: holds())
    except TimeoutException:
        pytest.fail(f"not in {PATIENCE} s: {what}; the page:\n{browser.page_source[:4000]}")


def texts(browser: Chrome, selector: str) -> list[str]:
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, selector)]


def opened(browser: Chrome, page: str, selector: str = "h1") -> list[str]:
    """What a page shows there once it has been loaded (anew) and has searched.

    Chromium gives up what it is loading when networks come and go, as they do while containers start: so whoever
    calls this does it until it works.
    """
    browser.get(page)
    WebDriverWait(browser, 10).until(lambda _: any(texts(browser, "output")))
    return texts(browser, selector)


def ids(stack: Stack) -> list[str]:
    return [container.id for container in stack.containers("web")]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_edits_show_in_the_browser_while_the_stack_runs(stack: Stack, browser: Chrome) -> None:
    stack.run("up --build --wait", timeout=300)
    page = f"http://127.0.0.1:{stack.env['WEB_PORT']}/"
    wait_until(browser, lambda: opened(browser, page) == ["San Francisco food trucks"], "the page opens")
    browser.find_element(By.NAME, "q").send_keys("fish tacos")
    wait_until(browser, lambda: "Mariposa Loncheria" in texts(browser, "#list h2"), "the search finds it")
    assert texts(browser, "#list mark")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#dots circle")) == len(texts(browser, "#list li"))

    watch = stack.launch("watch", "watch --no-up")
    watch.await_text("Watch")
    web = stack.container("web")

    edit(stack.folder / "web/templates/index.html", "<h1>San Francisco", "<h1>Edited")
    wait_until(browser, lambda: opened(browser, page) == ["Edited food trucks"], "the template is edited")

    edit(stack.folder / "web/app.py", '["<mark>"]', '["<mark class=edited>"]')
    wait_until(browser, lambda: opened(browser, f"{page}?q=fish+tacos", "mark.edited"), "the code is edited")
    assert stack.container("web").started == web.started

    edit(stack.folder / "web/requirements.txt", "flask==", "# a remark\nflask==")
    wait_until(browser, lambda: web.id not in ids(stack), "the container is replaced")
    wait_until(browser, lambda: opened(browser, page) == ["Edited food trucks"], "the new one serves it")
