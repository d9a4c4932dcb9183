"""What is wrong with a page, whoever made it and whatever it shows."""

import re
from html.parser import HTMLParser

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

# Elements that have no end tag (HTML Standard, 13.1.2).
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
NEEDS_NO_LABEL = ("hidden", "submit", "button", "reset", "image")
# What Python, JavaScript, Jinja and gettext leave behind where somebody forgot something.
LEFTOVERS = re.compile(
    r"\bundefined\b|\bNaN\b|[{}]{2}|\{%|%\(\w+\)[sd]|<[\w.]+ object at 0x|\blazy_string\b|\bUndefined\b"
)


def problems_of(html: str) -> list[str]:
    """Everything that is wrong with a page, in words; empty if it is in order."""
    nesting = _Nesting()
    nesting.feed(html)
    nesting.close()
    soup = BeautifulSoup(html, "html.parser")
    problems = nesting.problems + [f"<{tag}> is not closed" for tag in nesting.open]
    for check in (_document, _ids, _code, _forms, _labels, _references, _names, _leftovers):
        problems += check(soup)
    return problems


def _document(soup: BeautifulSoup) -> list[str]:
    problems = []
    if soup.html is None or not soup.html.get("lang"):
        problems.append("<html> has no lang")
    titles = soup.select("head > title")
    if len(titles) != 1 or not titles[0].get_text(strip=True):
        problems.append(f"{len(titles)} titles in the head, or an empty one")
    headings = soup.select("h1")
    if len(headings) != 1 or not headings[0].get_text(strip=True):
        problems.append(f"{len(headings)} h1, or an empty one")
    if len(soup.select("main")) != 1:
        problems.append(f"{len(soup.select('main'))} main")
    return problems


def _ids(soup: BeautifulSoup) -> list[str]:
    ids = [str(tag["id"]) for tag in soup.select("[id]")]
    return [f"id {name!r} occurs {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1]


def _code(soup: BeautifulSoup) -> list[str]:
    """A strict content security policy forbids all of this, and the browser would silently not do it."""
    problems = [
        f"inline <{tag.name}>" for tag in soup.select("style, script:not([src]):not([type='application/json'])")
    ]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            if name == "style" or name.startswith("on") or str(value).strip().lower().startswith("javascript:"):
                problems.append(f"{name}= on <{tag.name}>")
    for tag in soup.select("script[src], link[rel=stylesheet][href], img[src], iframe[src]"):
        address = str(tag.get("src") or tag.get("href"))
        if re.match(r"(https?:)?//", address):
            problems.append(f"<{tag.name}> from elsewhere: {address}")
    return problems


def _forms(soup: BeautifulSoup) -> list[str]:
    problems = []
    for form in soup.select("form"):
        action, method = form.get("action", ""), str(form.get("method", "get")).lower()
        tokens = form.select("input[name=csrf_token][value]")
        if method == "post" and len(tokens) != 1:
            problems.append(f"form {action!r} has {len(tokens)} csrf_token")
        if method != "post" and tokens:
            problems.append(f"form {action!r} puts its csrf_token into the address")
        if not form.select("button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]"):
            problems.append(f"form {action!r} has no button that sends it")
    return problems


def _labels(soup: BeautifulSoup) -> list[str]:
    problems = []
    for field in soup.select("input, select, textarea"):
        if field.name == "input" and field.get("type", "text") in NEEDS_NO_LABEL:
            continue
        label = soup.find("label", attrs={"for": field["id"]}) if field.get("id") else None
        label = label or field.find_parent("label")
        said = label.get_text(strip=True) if isinstance(label, Tag) else field.get("aria-label")
        if not said and not field.get("aria-labelledby"):
            problems.append(f"<{field.name} name={field.get('name')!r}> has no label")
    return problems


def _references(soup: BeautifulSoup) -> list[str]:
    ids = {str(tag["id"]) for tag in soup.select("[id]")}
    problems = []
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list"):
        for tag in soup.select(f"[{attribute}]"):
            value = tag[attribute]
            names = value if isinstance(value, list) else str(value).split()
            problems += [f"{attribute}={name!r}: there is no such id" for name in names if name not in ids]
    for link in soup.select('a[href^="#"]'):
        target = str(link["href"])[1:]
        if target and target not in ids:
            problems.append(f"link to #{target}: there is no such id")
    return problems


def _names(soup: BeautifulSoup) -> list[str]:
    """Links, buttons and pictures that say nothing to who cannot see them."""
    problems = [f"{str(tag)[:80]} has no alt" for tag in soup.select("img:not([alt])")]
    problems += [f"{str(tag)[:80]} leads nowhere" for tag in soup.select("a[href=''], a:not([href])")]
    for tag in soup.select("a, button"):
        pictures = " ".join(str(image.get("alt", "")) for image in tag.select("img"))
        titles = " ".join(title.get_text() for title in tag.select("svg title"))
        if not (tag.get_text(strip=True) or tag.get("aria-label") or pictures.strip() or titles.strip()):
            problems.append(f"{str(tag)[:80]} is empty")
    return problems


def _leftovers(soup: BeautifulSoup) -> list[str]:
    problems = []
    for node in soup.find_all(string=True):
        if type(node) is not NavigableString or (node.parent and node.parent.name in ("script", "style")):
            continue
        text = node.strip()
        if LEFTOVERS.search(text) or re.search(r"(^|: )None$", text):
            problems.append(f"printed by mistake: {text[:80]!r}")
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            said = " ".join(value) if isinstance(value, list) else str(value)
            if name != "pattern" and (LEFTOVERS.search(said) or re.search(r"(^|/)None(/|$)", said)):
                problems.append(f"printed by mistake: {name}={said[:80]!r}")
    return problems


class _Nesting(HTMLParser):
    """Every element is closed where it was opened. A browser would repair it, each in its own way."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.problems += [f"<{tag}> has {name}= twice" for name in sorted(set(names)) if names.count(name) > 1]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            line, _ = self.getpos()
            self.problems.append(f"</{tag}> in line {line} closes {self.open[-1] if self.open else 'nothing'}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass
