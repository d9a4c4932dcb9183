"""A real Chromium that notices what a person would: errors, foreign requests, pages that are too wide."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from dofc_events.config import ROOT

ARTIFACTS = ROOT / "test-artifacts"
PHONE = (390, 844)
DESKTOP = (1280, 800)

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

    def __init__(self, context: BrowserContext, base_url: str, name: str) -> None:
        self.base_url = base_url
        self.name = name
        self.problems: list[str] = []
        # Answers that a test wants to see, such as a form with errors: the browser logs them as errors.
        self.expected_statuses: set[int] = set()
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("request", self._note_request)
        self.page.on("requestfailed", self._note_failure)
        self.page.on("response", self._note_response)

    def goto(self, path: str) -> Page:
        """Open a page of the site, and check it."""
        self.page.goto(path if "://" in path else f"{self.base_url}{path}", wait_until="load")
        self.check()
        return self.page

    def check(self) -> None:
        """Fail if anything is wrong by now; to be called after each step that shows another page."""
        self.page.wait_for_load_state("load")
        too_wide = self.page.evaluate(TOO_WIDE)
        problems = self.problems + ([too_wide] if too_wide else [])
        if problems:
            self.screenshot("problem")
        assert not problems, f"{self.page.url}:\n" + "\n".join(problems)

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


class CheckedBrowser:
    """Opens tabs, each in a context of its own: two tabs are two people."""

    def __init__(self, browser: Browser, name: str) -> None:
        self._browser = browser
        self._name = name
        self._contexts: list[BrowserContext] = []
        self._pages: list[CheckedPage] = []

    def open(self, base_url: str, size: tuple[int, int] = DESKTOP, *, javascript: bool = True) -> CheckedPage:
        """A new tab for the site at `base_url`, as wide and high as `size` (PHONE or DESKTOP)."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            java_script_enabled=javascript,
            locale="en-GB",
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        page = CheckedPage(context, base_url, self._name)
        self._pages.append(page)
        return page

    def close(self) -> None:
        """Close all tabs; fails if one had problems that nobody looked at."""
        for context in self._contexts:
            context.close()
        problems = [problem for page in self._pages for problem in page.problems]
        assert not problems, "\n".join(problems)
