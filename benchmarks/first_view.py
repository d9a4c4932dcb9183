"""When the largest thing of a page stands there on a slow telephone, and how much moves until then.

The telephone is Lighthouse's: 1.6 Mbit/s, 150 ms to the server and back, a processor four times as slow as this one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from dofc_events.app import create_app
from dofc_events.core.db import db
from tests.browser_setup import find_chromium
from tests.support.databases import Databases, close_connections, settings_for
from tests.support.site import Site

TIMES = 5
# throttling.mobileSlow4G and the screen of Lighthouse 12 (core/config/constants.js).
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1638.4 * 1024 / 8, "uploadThroughput": 750 * 128}
SLOWER = 4
SCREEN: ViewportSize = {"width": 412, "height": 823}
SEEN = """() => new Promise(told => {
  let largest = 0, moved = 0;
  const look = (type, note) =>
    new PerformanceObserver(list => list.getEntries().forEach(note)).observe({type, buffered: true});
  look('largest-contentful-paint', one => { largest = one.startTime; });
  look('layout-shift', one => { moved += one.value; });
  setTimeout(() => told([largest, moved]), 300);
})"""


@dataclass(frozen=True)
class FirstView:
    """Of a page: the seconds until its largest part is there, typically and at most, and what moved (0: nothing)."""

    path: str
    typical: float
    slowest: float
    moved: float


def first_views(databases: Databases, folder: Path) -> Iterator[FirstView]:
    """The public pages of the demonstration, each for somebody who has never been there."""
    home = folder / "first-view"
    with databases.fresh("sqlite") as url:
        app = create_app(settings_for(url, home))
        answer = app.test_cli_runner().invoke(args=["demo"])
        assert answer.exit_code == 0, answer.output
        with app.app_context():
            year = max(edition for (edition,) in db.session.execute(db.text("SELECT year FROM editions")))
            db.session.remove()
            close_connections()
        past = f"/editions/{year - 2}/"
        paths = "/", f"/editions/{year}/", past, f"{past}photographs/", "/editions/", "/outcomes/", "/network/"
        program = find_chromium()
        site = Site(url, folder, SHARED_DIR=str(home)).serve(2)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program)
                for path in paths:
                    seen = [_seen(browser, site.url + path) for _ in range(TIMES)]
                    times = [largest / 1000 for largest, _ in seen]
                    yield FirstView(path, median(times), max(times), max(moved for _, moved in seen))
        finally:
            site.stop()


def _seen(browser: Browser, address: str) -> tuple[float, float]:
    context = browser.new_context(viewport=SCREEN, device_scale_factor=1.75, is_mobile=True, has_touch=True)
    page = context.new_page()
    slow = context.new_cdp_session(page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", NETWORK)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="load")
    largest, moved = page.evaluate(SEEN)
    context.close()
    return largest, moved
