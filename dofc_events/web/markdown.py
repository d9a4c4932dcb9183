"""What organisers write: as HTML that is safe on our pages, and as the text part of an email."""

from functools import lru_cache
from typing import Any

import nh3
from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from inscriptis.model.tag import CustomHtmlTagHandlerMapping
from markdown_it import MarkdownIt
from markupsafe import Markup

# Typed HTML is shown as text. Images stay out: they would be fetched from strangers by everyone who reads the page.
_parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")

TAGS = {"a", "p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "h3", "h4", "h5", "h6"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}

# A page has one h1, and h2 for its sections: the writer's largest heading comes below these.
TOP_HEADING = 3


@lru_cache(maxsize=200)
def render_markdown(text: str) -> Markup:
    """CommonMark and tables as sanitised HTML. Headings begin at h3; links carry rel="nofollow noopener"."""
    tokens = _parser.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    largest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - largest + TOP_HEADING)}"
    html = _parser.renderer.render(tokens, _parser.options, {})
    # The parser escapes already; this is the second lock, should the first one fail.
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener")
    return Markup(clean)  # noqa: S704  (sanitised in the line above)


def plain_text(html: str) -> str:
    """HTML as people write it in an email: links with their addresses, lists with their numbers, tables in columns."""
    # The library reads entities twice, and keeps spaces in `pre` alone.
    prepared = (
        str(html).replace("&amp;", "&amp;amp;").replace("<pre><code>", "<pre>").replace("</code></pre>", "</pre>")
    )
    return "\n".join(line.rstrip() for line in get_text(prepared, _READABLE).splitlines()).strip()


def _begin_link(state: Any, attributes: dict[str, str]) -> None:
    state.link_target = attributes.get("href", "")
    state.tags[-1].write("")


def _end_link(state: Any) -> None:
    if state.link_target and not state.tags[-1].canvas.current_block.content.endswith(state.link_target):
        state.tags[-1].write(f" <{state.link_target}>")


def _begin_numbers(state: Any, attributes: dict[str, str]) -> None:
    state.li_counter.append(int(attributes.get("start", 1)))


# What the library does otherwise: "[words](address)", and every list numbered from 1.
_READABLE = ParserConfig(
    css=STRICT_CSS_PROFILE.copy(),
    custom_html_tag_handler_mapping=CustomHtmlTagHandlerMapping(
        start_tag_mapping={"a": _begin_link, "ol": _begin_numbers}, end_tag_mapping={"a": _end_link}
    ),
)
