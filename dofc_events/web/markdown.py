"""What organisers write, as HTML that is safe on our pages."""

from functools import lru_cache

import nh3
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
