"""People who find the next host: each has a tab and a mailbox, and every page that they see is looked at."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage

from playwright.sync_api import Locator, expect

from tests.browser.test_organiser import Evening
from tests.journeys.test_delegate import links_of, text_of
from tests.support.browser import DESKTOP, PHONE, CheckedPage
from tests.support.smtp import MailServer
from tests.support.tree import parsed


class Post:
    """What the mail server got, opened letter by letter."""

    def __init__(self, server: MailServer) -> None:
        self.server, self.opened = server, Counter[str]()

    def letters_to(self, address: str) -> list[EmailMessage]:
        """Without those that say that somebody has signed in on a new browser, as everybody here has."""
        return [one for one in self.server.messages_to(address) if one["X-DofC-Kind"] != "new-browser"]

    def next_to(self, address: str, kind: str) -> EmailMessage:
        """The oldest letter to an address that has not been opened yet; waits for it."""
        until = time.monotonic() + 20
        while len(letters := self.letters_to(address)) <= self.opened[address]:
            assert time.monotonic() < until, f"no {kind} came for {address}"
            time.sleep(0.02)
        letter = letters[self.opened[address]]
        self.opened[address] += 1
        assert letter["X-DofC-Kind"] == kind, letter["Subject"]
        assert text_of(letter).strip() and letter.get_body(("html",)) is not None
        return letter


@dataclass
class Watch:
    """What is watched in everybody's tab: the titles of pages that axe-core has seen, and what no page may tell."""

    seen: set[str] = field(default_factory=set)
    secret: str = ""


class Person(Evening):
    """Somebody's tab and mailbox."""

    def __init__(self, tab: CheckedPage, watch: Watch, post: Post, address: str) -> None:
        super().__init__(tab)
        self.watch, self.post, self.address = watch, post, address

    def open(self, address: str) -> None:
        self.tab.goto(address)
        self._look()

    def open_mail(self, kind: str, part: str) -> EmailMessage:
        """Open the next letter, and the link in it that has this part, which its text and its HTML have alike."""
        letter = self.post.next_to(self.address, kind)
        (link,) = {link for link in re.findall(r"http://\S+", text_of(letter)) if part in link}
        assert link in links_of(letter) and link.startswith(self.tab.base_url)
        self.open(link)
        return letter

    def sign_in(self) -> None:
        """From whichever page asks for it."""
        if "/sign-in" not in self.page.url:
            self.open("/sign-in")
        self.fill(email=self.address)
        self.press("Send me a link")
        self.open_mail("sign-in", "/sign-in/")
        self.press(f"Sign in as {self.address}")

    def says(self, *words: str) -> None:
        for some in words:
            expect(self.page.get_by_role("main")).to_contain_text(some)

    def status(self, status: str) -> None:
        expect(self.page.locator("[data-proposal-status]")).to_have_attribute("data-proposal-status", status)

    def rank(self, **preferences: str) -> None:
        for number, choice in preferences.items():
            self.page.get_by_label(choice, exact=True).fill(number.removeprefix("_"))

    def on_every_screen(self) -> None:
        """The page fits a phone and a desk."""
        size = self.page.viewport_size
        for screen in (PHONE, DESKTOP):
            self.tab.resize(screen)
        self.page.set_viewport_size(size)

    def words_of(self, *paths: str) -> list[str]:
        """What these pages say, hidden or not, to whoever has this tab's session."""
        return [self._words(path) for path in paths]

    def _words(self, path: str) -> str:
        answer = self.page.request.get(f"{self.tab.base_url}{path}")
        assert answer.ok, path
        assert self.watch.secret not in answer.text(), f"{path} tells the seed of the lot"
        (main,) = parsed(answer.text()).select("main")
        return main.get_text(" ", strip=True)

    def _click(self, where: Locator) -> None:
        where.click()
        self._look()

    def _look(self) -> None:
        self.tab.check()
        secret = self.watch.secret
        assert not secret or secret not in self.page.content(), f"{self.page.url} tells the seed of the lot"
        if (title := self.page.title()) not in self.watch.seen:
            self.watch.seen.add(title)
            self.tab.accessible()
