"""Organisers' Markdown: as HTML that is safe on our pages, and as the text part of an email.

Both are made from one reading of the text, so that they cannot say different things. CommonMark in which nothing typed
gets lost or becomes something else: lines stay lines, numbers stay those that were typed, `1)`, `--`, `&lt;` and
`[1]: …` are text, a line that is indented is no program.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, list_block
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

TAGS = {"a", "p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "h3", "h4", "h5", "h6"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "li": {"value"}}
SCHEMES = {"http", "https", "mailto", "tel"}

# A page has one h1, and h2 for its sections: the writer's largest heading comes below these.
TOP_HEADING = 3

# HTML numbers its lists with a full stop and without zeros in front.
_TYPED_NUMBER = re.compile(r" *(?:[0-9]+\)|0[0-9])")
_BARE = re.compile(r"(?<![\w/@.])(?:https?://|www\.)[^\s<>\"]+")
_ENDS_SENTENCE = ".,;:!?*_'’”]}"
# Of private use: what letters fill in, see `letters/mails.py`.
_MARK = "\ue000"


class _Reader(MarkdownIt):
    """Reads only links that lead somewhere; others stay the text that they are. See `_whole`."""

    def normalizeLink(self, url: str) -> str:
        return str(super().normalizeLink(_whole(url) or url))

    def validateLink(self, url: str) -> bool:
        return _whole(url) is not None


class _Collector(MarkdownIt):
    """Reads every link as it was typed."""

    def normalizeLink(self, url: str) -> str:
        return url

    def validateLink(self, url: str) -> bool:
        return True


def _whole(address: str) -> str | None:
    """The address of a link as browsers and email programs need it; None if it leads nowhere.

    What begins with a slash is a page of ours, and needs the site's own address where it is read elsewhere.
    """
    if address.startswith("www."):
        address = f"https://{address}"
    elif re.fullmatch(r"[^\s:/@]+@[^\s:/@]+\.\w+", address):
        address = f"mailto:{address}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return address if re.search(r"\w\.\w|^localhost|:", parts.netloc) else None
    if parts.scheme in SCHEMES:
        return address if parts.path else None
    return address if not parts.scheme and not parts.netloc and address.startswith("/") else None


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    line = state.src[state.bMarks[start] : state.eMarks[start]]
    return not _TYPED_NUMBER.match(line) and list_block(state, start, end, silent)


def _keep_numbers(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "list_item_open" and token.info:
            token.attrSet("value", str(int(token.info)))
        elif token.type == "ordered_list_open":
            token.attrs.pop("start", None)


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        depth, children = 0, list[Token]()
        for token in block.children or ():
            depth += token.nesting if token.type.startswith("link_") else 0
            children += [token] if depth or token.type != "text" else _linked(token.content, state.md)
        if block.children:
            block.children = children


def _linked(text: str, reader: MarkdownIt) -> Iterable[Token]:
    done = 0
    for found in _BARE.finditer(text):
        address = found[0].rstrip(_ENDS_SENTENCE if "(" in found[0] else f"{_ENDS_SENTENCE})")
        if _MARK not in found[0] and reader.validateLink(address):
            yield Token("text", "", 0, content=text[done : found.start()])
            yield Token("link_open", "a", 1, attrs={"href": reader.normalizeLink(address)})
            yield Token("text", "", 0, content=address)
            yield Token("link_close", "a", -1)
            done = found.start() + len(address)
    yield Token("text", "", 0, content=text[done:])


def _reader(kind: type[MarkdownIt]) -> MarkdownIt:
    # Typed HTML is shown as text. Images stay out: they would be fetched from strangers by everyone who reads the page.
    reader = kind("commonmark", {"html": False, "breaks": True})
    reader.enable("table").disable(["image", "entity", "reference", "lheading", "code"])
    reader.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    reader.core.ruler.push("keep_numbers", _keep_numbers)
    reader.core.ruler.push("bare_addresses", _link_bare_addresses)
    return reader


_READER, _COLLECTOR = _reader(_Reader), _reader(_Collector)


@lru_cache(maxsize=200)
def render_markdown(text: str, site: str = "") -> Markup:
    """CommonMark and tables as sanitised HTML. Headings begin at h3; links carry rel="nofollow noopener".

    Links to our own pages begin with `site`, the address of the site, where the text is read elsewhere.
    """
    tokens = _tokens(text, site)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    largest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - largest + TOP_HEADING)}"
    html = _READER.renderer.render(tokens, _READER.options, {})
    # The parser escapes already; this is the second lock, should the first one fail.
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener")
    return Markup(clean)  # noqa: S704  (sanitised in the line above)


@lru_cache(maxsize=200)
def plain_text(text: str, site: str = "") -> str:
    """Markdown as people write plain text in an email: links with their addresses, tables in columns."""
    return "\n".join(line.rstrip() for line in _blocks(SyntaxTreeNode(_tokens(text, site)), apart=True))


def dead_links(text: str) -> list[str]:
    """The addresses of links that lead nowhere, as they were typed and in their order."""
    links = (child for block in _COLLECTOR.parse(text) for child in block.children or () if child.type == "link_open")
    addresses = (str(link.attrs["href"]) for link in links)
    return [address for address in dict.fromkeys(addresses) if _whole(address) is None]


def _tokens(text: str, site: str) -> list[Token]:
    tokens = _READER.parse(text)
    for child in (child for token in tokens for child in token.children or () if child.type == "link_open"):
        child.attrs["href"] = urljoin(site, str(child.attrs["href"]))
    return tokens


def _blocks(node: SyntaxTreeNode, *, apart: bool) -> list[str]:
    lines: list[str] = []
    for child in node.children:
        lines += [""] * (apart and bool(lines)) + _block(child)
    return lines


def _block(node: SyntaxTreeNode) -> list[str]:
    match node.type:
        case "bullet_list" | "ordered_list":
            apart = any(
                part.type == "paragraph" and not part.hidden for item in node.children for part in item.children
            )
            return [line for item in node.children for line in _item(item, apart)][apart:]
        case "blockquote":
            return [f"> {line}" for line in _blocks(node, apart=True)]
        case "fence":
            return node.content.splitlines()
        case "hr":
            return ["---"]
        case "table":
            return _table([row.children for part in node.children for row in part.children])
    return _words(node).split("\n")


def _item(item: SyntaxTreeNode, apart: bool) -> list[str]:
    marker = f"{item.info}{item.markup} "
    first, *rest = _blocks(item, apart=apart) or [""]
    return [""] * apart + [marker + first, *(" " * len(marker) + line for line in rest)]


def _table(rows: list[list[SyntaxTreeNode]]) -> list[str]:
    texts = [[_words(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in texts]


def _words(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    words = "".join(map(_words, node.children))
    address = re.sub("^(mailto|tel):", "", str(node.attrs["href"])) if node.type == "link" else ""
    return words if address.removeprefix("https://").rstrip("/") in words else f"{words} <{address}>"
