"""Finds a Chromium for the browser tests, and gets one if there is none: `python tests/browser_setup.py`."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

# Chromium without windows: it shows the same pages for a seventh of the work.
LIGHT = "chromium-headless-shell"
PROGRAMS = (
    LIGHT,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
HOW_TO_GET_ONE = (
    "No Chromium found, and none could be installed. The browser tests need one: install Chromium, Google Chrome or"
    " Microsoft Edge by your system's means (Debian, Ubuntu: apt-get install chromium), or run"
    " `.venv/bin/playwright install --with-deps chromium`."
)


def find_chromium() -> str | None:
    """The path of an installed Chromium that starts, or None."""
    installed = [path for path in map(shutil.which, PROGRAMS) if path]
    installed += [path for path in APPLICATIONS if Path(path).exists()]
    return next((path for path in itertools.chain(installed, _of_playwright()) if _starts(path)), None)


def _of_playwright() -> Iterator[str]:
    """The one that Playwright would install; to ask for its path starts all of Playwright."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    yield path


def _starts(path: str) -> bool:
    """An installed program may still be a stub that asks for a snap, or lack its libraries."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _tried(*command: str) -> bool:
    print("+", *command, flush=True)
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=900, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _install(package: str) -> bool:
    return _tried("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)


def main() -> int:
    """Make sure that there is a Chromium. Returns 1 and says how to get one if that is not possible.

    Where nobody waits at the keyboard the light one is fetched even if there is another.
    """
    if shutil.which(LIGHT) or ("CI" not in os.environ and find_chromium()):
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        _tried("apt-get", "update", "-qq")
        _ = _install(LIGHT) or find_chromium() or _install("chromium")
    if not find_chromium():
        _tried(sys.executable, "-m", "playwright", "install", "chromium")
    if find_chromium():
        return 0
    print(HOW_TO_GET_ONE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
