"""A real Chromium that notices what a person would: errors, foreign requests, pages that are too wide."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from dofc_events.config import ROOT
from tests.support.pages import Client

ARTIFACTS = ROOT / "test-artifacts"
PHONE = (390, 844)
DESKTOP = (1280, 800)

AXE = Axe().axe_script
# WCAG 2.2 AA and what axe-core calls best practice; only rules that are not of these need stylesheets once more. What
# stands in a frame is not looked at: it would have to load axe-core itself, and runs no scripts. Above a gradient no
# contrast is judged; that of wide tables only shades the edge beyond which there is more.
LOOK = """() => {
  if (!window.axe) return null;
  const shaded = [...document.querySelectorAll('.wide, .compare')];
  shaded.forEach(element => element.style.backgroundImage = 'none');
  return axe.run({resultTypes: ['violations'], preload: {assets: ['media']}, iframes: false}).then(results => {
    shaded.forEach(element => element.style.backgroundImage = '');
    return results.violations;
  });
}"""

# How far the document can be scrolled sideways, and by what.
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - width;
  if (over <= 0) return '';
  const names = [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > width + 0.5)
    .map(e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : ''));
  return over + ' px too wide: ' + [...new Set(names)].slice(0, 8).join(', ');
}"""


class CheckedPage:
    """One tab. `page` is Playwright's; `problems` collects what went wrong in it since it was opened."""

    def __init__(self, page: Page, base_url: str, name: str) -> None:
        self.page = page
        self.base_url = base_url
        self.name = name
        self._listeners: list[tuple[Any, Callable[[Any], Any]]] = []
        self.problems: list[str] = []
        # Answers that a test wants to see, such as a form with errors: the browser logs them as errors.
        self.expected_statuses: set[int] = set()
        self.on("console", self._note_console)
        self.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.on("request", self._note_request)
        self.on("requestfailed", self._note_failure)
        self.on("response", self._note_response)

    def on(self, happening: Any, listener: Callable[[Any], Any]) -> None:
        """Be told what happens in the tab, as long as the test has it."""
        self.page.on(happening, listener)
        self._listeners.append((happening, listener))

    def forget(self) -> None:
        """Be told nothing more."""
        while self._listeners:
            self.page.remove_listener(*self._listeners.pop())

    def goto(self, path: str) -> Page:
        """Open a page of the site, and check it."""
        self.page.goto(path if "://" in path else f"{self.base_url}{path}", wait_until="load")
        self.check()
        return self.page

    def resize(self, size: tuple[int, int]) -> None:
        """Show the same page as wide and high as this, and check it."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.check()

    def accessible_on_both(self) -> None:
        """Fail if anything is wrong on a desk or on a phone, where it stays."""
        for size in (DESKTOP, PHONE):
            self.resize(size)
            self.accessible()

    def sign_in(self, client: Client) -> None:
        """Go on with the session that somebody has in another browser."""
        self.page.context.add_cookies([{"name": "dofc", "value": client.session_cookie, "url": self.base_url}])

    def check(self) -> None:
        """Fail if anything is wrong by now; to be called after each step that shows another page."""
        self.page.wait_for_load_state("load")
        too_wide = self.page.evaluate(TOO_WIDE)
        problems = self.problems + ([too_wide] if too_wide else [])
        if problems:
            self.screenshot("problem")
        assert not problems, f"{self.page.url}:\n" + "\n".join(problems)

    def accessible(self) -> None:
        """Fail if anything is wrong by now, also with what axe-core finds wrong with the page as it stands."""
        self.check()
        found = self.page.evaluate(LOOK)
        if found is None:
            self.page.evaluate(AXE)
            found = self.page.evaluate(LOOK)
        assert found == [], f"{self.page.url}\n{AxeResults({'violations': found}).generate_report()}"

    def screenshot(self, title: str) -> Path:
        """A picture of the whole page under test-artifacts/."""
        width = self.page.viewport_size["width"]
        path = ARTIFACTS / f"{self.name}-{title}-{width}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        # "Failed to load resource: the server responded with a status of 422"
        if not any(f"status of {status}" in message.text for status in self.expected_statuses):
            self.problems.append(f"console: {message.text}")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.base_url:
            self.problems.append(f"asked somebody else: {request.url}")

    def _note_failure(self, request: Request) -> None:
        # A download and a page that is left both abort their request.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.problems.append(f"failed: {request.url}: {request.failure}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected_statuses:
            self.problems.append(f"{response.status}: {response.url}")


class Tabs:
    """The tabs of one Chromium, each in a context of its own, kept from test to test.

    The processes of a new one take as much to begin and to end as four pages.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free = defaultdict[tuple[bool, bool], list[Page]](list)

    def take(self, touch: bool, javascript: bool) -> Page:
        """A tab of somebody who has been nowhere."""
        if free := self._free[touch, javascript]:
            return free.pop()
        context = self._browser.new_context(
            has_touch=touch, java_script_enabled=javascript, locale="en-GB", reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        return context.new_page()

    def give_back(self, page: Page, touch: bool, javascript: bool) -> None:
        """Leave the site, and forget who one was there. What else a site can store belongs to its port."""
        page.goto("about:blank")
        page.emulate_media(media="null")
        for other in page.context.pages:
            if other != page:
                other.close()
        page.context.clear_cookies()
        self._free[touch, javascript].append(page)


class CheckedBrowser:
    """Opens tabs, each in a context of its own: two tabs are two people."""

    def __init__(self, tabs: Tabs, name: str) -> None:
        self._tabs = tabs
        self._name = name
        self._pages: list[tuple[CheckedPage, bool, bool]] = []

    def open(self, base_url: str, size: tuple[int, int] = DESKTOP, *, javascript: bool = True) -> CheckedPage:
        """A new tab for the site at `base_url`, as wide and high as `size` (PHONE or DESKTOP)."""
        page = self._tabs.take(size == PHONE, javascript)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        checked = CheckedPage(page, base_url, self._name)
        self._pages.append((checked, size == PHONE, javascript))
        return checked

    def close(self) -> None:
        """Give all tabs back; fails if one had problems that nobody looked at."""
        problems = []
        for checked, touch, javascript in self._pages:
            self._tabs.give_back(checked.page, touch, javascript)
            checked.forget()
            problems += checked.problems
        assert not problems, "\n".join(problems)
