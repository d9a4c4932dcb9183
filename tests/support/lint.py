"""What is wrong with a page, whoever made it and whatever it shows."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser

# Elements that have no end tag (HTML Standard, 13.1.2).
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
# Nobody reads the text in these.
UNREAD = frozenset(("script", "style", "template"))
NEEDS_NO_LABEL = ("hidden", "submit", "button", "reset", "image")
# Such a script is read and never run (HTML Standard, "data block"), so that no policy forbids it.
DATA = ("application/json", "application/ld+json")
REFERENCES = frozenset(("for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list"))
# What Python, JavaScript, Jinja and gettext leave behind where somebody forgot something.
LEFTOVERS = r"\bundefined\b|\bNaN\b|[{}]{2}|\{%|%\(\w+\)[sd]|<[\w.]+ object at 0x|\blazy_string\b|\bUndefined\b"
LEFT_IN_TEXT = re.compile(rf"{LEFTOVERS}|(^|: )None$")
LEFT_IN_ATTRIBUTE = re.compile(rf"{LEFTOVERS}|(^|/)None(/|$)")
# A form's, which is another one each time that its page is asked for; never what is printed by mistake.
TOKEN = re.compile(rf'value="(?![^"]*(?:{LEFTOVERS}))[\w.-]{{20,}}"')


def problems_of(html: str) -> list[str]:
    """Everything that is wrong with a page, in words; empty if it is in order."""
    return _problems_of(TOKEN.sub('value="token"', html))


# Three of ten pages that tests ask for are the same as one of those before.
@lru_cache(maxsize=500)
def _problems_of(html: str) -> list[str]:
    page = _Page()
    page.feed(html)
    page.close()
    problems = page.problems + [f"<{element.tag}> is not closed" for element in page.open]
    for check in (_document, _ids, _code, _forms, _labels, _references, _names, _leftovers):
        problems += check(page)
    return problems


class _Element:
    """What a start tag says, where it stands, and whether anything can be read in it."""

    __slots__ = ("attributes", "has_text", "parent", "source", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], parent: "_Element | None", source: str) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.source = source
        self.has_text = False

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def within(self, tag: str) -> "_Element | None":
        """The nearest element of some kind around this one."""
        around = self.parent
        while around and around.tag != tag:
            around = around.parent
        return around


class _Page(HTMLParser):
    """All elements in their order, all texts, and whether each element is closed where it was opened.

    A browser would repair what is not, each in its own way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[_Element] = []
        self.texts: list[str] = []
        self.open: list[_Element] = []
        self.problems: list[str] = []
        self._by_tag: defaultdict[str, list[_Element]] = defaultdict(list)

    def all(self, *tags: str) -> list[_Element]:
        """Every element of these kinds."""
        return [element for tag in tags for element in self._by_tag[tag]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if len(attributes) < len(attrs):
            twice = Counter(name for name, _ in attrs) - Counter(attributes.keys())
            self.problems += [f"<{tag}> has {name}= twice" for name in sorted(twice)]
        element = _Element(tag, attributes, self.open[-1] if self.open else None, str(self.get_starttag_text()))
        self.elements.append(element)
        self._by_tag[tag].append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
            return
        line, _ = self.getpos()
        self.problems.append(f"</{tag}> in line {line} closes {self.open[-1].tag if self.open else 'nothing'}")
        if any(element.tag == tag for element in self.open):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        text = data.strip()
        if not text or any(element.tag in UNREAD for element in self.open):
            return
        self.texts.append(text)
        for element in self.open:
            element.has_text = True


def _document(page: _Page) -> Iterator[str]:
    if not any(element.get("lang") for element in page.all("html")):
        yield "<html> has no lang"
    titles = [title for title in page.all("title") if title.parent and title.parent.tag == "head"]
    if len(titles) != 1 or not titles[0].has_text:
        yield f"{len(titles)} titles in the head, or an empty one"
    headings = page.all("h1")
    if len(headings) != 1 or not headings[0].has_text:
        yield f"{len(headings)} h1, or an empty one"
    if len(page.all("main")) != 1:
        yield f"{len(page.all('main'))} main"


def _ids(page: _Page) -> Iterator[str]:
    ids = Counter(element.attributes["id"] for element in page.elements if "id" in element.attributes)
    yield from (f"id {name!r} occurs {times} times" for name, times in ids.items() if times > 1)


def _code(page: _Page) -> Iterator[str]:
    """A strict content security policy forbids all of this, and the browser would silently not do it."""
    yield from ("inline <style>" for _ in page.all("style"))
    for script in page.all("script"):
        if "src" not in script.attributes and script.get("type") not in DATA:
            yield "inline <script>"
    for element in page.elements:
        for name, value in element.attributes.items():
            if name == "style" or name.startswith("on") or value.lstrip()[:11].lower() == "javascript:":
                yield f"{name}= on <{element.tag}>"
    sheets = [link for link in page.all("link") if "stylesheet" in link.get("rel").split()]
    for element in page.all("script", "img", "iframe") + sheets:
        address = element.get("src") or element.get("href")
        if re.match(r"(https?:)?//", address):
            yield f"<{element.tag}> from elsewhere: {address}"


def _forms(page: _Page) -> Iterator[str]:
    tokens, buttons = Counter[_Element | None](), Counter[_Element | None]()
    for field in page.all("input", "button"):
        if field.tag == "input" and field.get("name") == "csrf_token" and "value" in field.attributes:
            tokens[field.within("form")] += 1
        elif _sends(field):
            buttons[field.within("form")] += 1
    for form in page.all("form"):
        action, is_post = form.get("action"), form.get("method").lower() == "post"
        if is_post and tokens[form] != 1:
            yield f"form {action!r} has {tokens[form]} csrf_token"
        if not is_post and tokens[form]:
            yield f"form {action!r} puts its csrf_token into the address"
        if not buttons[form]:
            yield f"form {action!r} has no button that sends it"
        if form.within("form"):
            yield f"form {action!r} stands in another one"


def _sends(field: _Element) -> bool:
    """Whether pressing it sends its form."""
    kind = field.get("type")
    return kind not in ("button", "reset") if field.tag == "button" else kind in ("submit", "image")


def _labels(page: _Page) -> Iterator[str]:
    labels = {label.get("for"): label for label in reversed(page.all("label"))}
    for field in page.all("input", "select", "textarea"):
        if field.tag == "input" and field.get("type") in NEEDS_NO_LABEL:
            continue
        label = labels.get(field.get("id")) if field.get("id") else None
        label = label or field.within("label")
        if not (label.has_text if label else field.get("aria-label")) and not field.get("aria-labelledby"):
            yield f"<{field.tag} name={field.get('name')!r}> has no label"


def _references(page: _Page) -> Iterator[str]:
    ids = {element.attributes["id"] for element in page.elements if "id" in element.attributes}
    for element in page.elements:
        for attribute in REFERENCES & element.attributes.keys():
            for name in element.attributes[attribute].split():
                if name not in ids:
                    yield f"{attribute}={name!r}: there is no such id"
    for link in page.all("a"):
        target = link.get("href")
        if target.startswith("#") and target[1:] and target[1:] not in ids:
            yield f"link to {target}: there is no such id"


def _names(page: _Page) -> Iterator[str]:
    """Links, buttons and pictures that say nothing to who cannot see them."""
    pictured = set()
    for image in page.all("img"):
        if "alt" not in image.attributes:
            yield f"{image.source} has no alt"
        if image.get("alt").strip():
            pictured |= {image.within("a"), image.within("button")}
    yield from (f"{link.source} leads nowhere" for link in page.all("a") if not link.get("href"))
    for element in page.all("a", "button"):
        if not (element.has_text or element.get("aria-label") or element in pictured):
            yield f"{element.source} is empty"


def _leftovers(page: _Page) -> Iterator[str]:
    yield from (f"printed by mistake: {text[:80]!r}" for text in page.texts if LEFT_IN_TEXT.search(text))
    for element in page.elements:
        for name, value in element.attributes.items():
            if name != "pattern" and LEFT_IN_ATTRIBUTE.search(value):
                yield f"printed by mistake: {name}={value[:80]!r}"
