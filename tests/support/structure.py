"""Whether elements stand where HTML allows them (HTML Standard, 4: content models), so that no browser moves them.

The validators of HTML that are kept are programs for Java and Node. What goes wrong in templates are the few rules
below; that all is closed where it was opened, `lint` sees to.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from tests.support.lint import VOID

# What a paragraph or a heading cannot have in it: where it begins, a browser ends them (13.2.6.4.7).
BLOCKS = frozenset(
    "address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr"
    " li main menu nav ol p pre section table ul".split()
)
PHRASING_ONLY = frozenset("p h1 h2 h3 h4 h5 h6 span strong em small time label dt abbr code cite q sup sub".split())
INTERACTIVE = frozenset("a button select textarea label input details iframe".split())
PARENTS = {
    "li": {"ul", "ol", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"tbody", "thead", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "tbody": {"table"},
    "thead": {"table"},
    "caption": {"table"},
    "summary": {"details"},
    "legend": {"fieldset"},
    "figcaption": {"figure"},
    "option": {"select", "optgroup", "datalist"},
    "source": {"picture", "audio", "video"},
}
CHILDREN = {
    "ul": {"li", "script", "template"},
    "ol": {"li", "script", "template"},
    "dl": {"dt", "dd", "div", "script", "template"},
    "tr": {"td", "th"},
    "table": {"caption", "thead", "tbody", "tfoot", "colgroup"},
    "picture": {"source", "img"},
    "html": {"head", "body"},
}
IN_HEAD = frozenset("base link meta noscript script style template title".split())
OBSOLETE = frozenset("align bgcolor border cellpadding cellspacing valign frameborder".split())
NEEDED = {"img": ("src", "alt", "width", "height"), "a": ("href",), "meta": ("content",), "link": ("rel", "href")}


def faults_of_structure(html: str) -> list[str]:
    """Each element that stands where it may not, or lacks what it needs."""
    page = _Structure()
    page.feed(html)
    page.close()
    return page.faults if html.lower().startswith("<!doctype html>") else ["no doctype", *page.faults]


class _Structure(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "svg" not in self._open:
            line = self.getpos()[0]
            self.faults += [f"line {line}: <{tag}> {what}" for what in self._faults(tag, given)]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def _faults(self, tag: str, given: dict[str, str]) -> Iterator[str]:
        parent = self._open[-1] if self._open else ""
        if tag in PARENTS and parent not in PARENTS[tag]:
            yield f"in <{parent}>"
        if parent in CHILDREN and tag not in CHILDREN[parent]:
            yield f"in <{parent}>, which has only {' '.join(sorted(CHILDREN[parent]))}"
        if parent == "head" and tag not in IN_HEAD:
            yield "in <head>"
        if tag in BLOCKS and (around := next((one for one in reversed(self._open) if one in PHRASING_ONLY), "")):
            # A summary and a label may be anywhere; what they have in them may not.
            yield f"in <{around}>"
        inside = next((one for one in self._open if one in ("a", "button")), "")
        if inside and tag in INTERACTIVE and given.get("type") != "hidden":
            yield f"in <{inside}>"
        for name in NEEDED.get(tag, ()):
            # A meta of the charset has no content.
            if name not in given and "charset" not in given:
                yield f"without {name}"
        if obsolete := OBSOLETE & given.keys():
            yield f"with {' '.join(sorted(obsolete))}"
        if re.search(r"\s", given.get("id", "")) or given.get("id") == "":
            yield f"with the id {given['id']!r}"
