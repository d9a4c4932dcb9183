"""What organisers write, made safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.web.markdown import TAGS, render_markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("Two *words*", "<p>Two <em>words</em></p>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("[site](https://example.org)", '<p><a href="https://example.org" rel="nofollow noopener">site</a></p>\n'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("![i](http://a.example/i)", '<p>!<a href="http://a.example/i" rel="nofollow noopener">i</a></p>\n'),
        ("# One\n\n## Two", "<h3>One</h3>\n<h4>Two</h4>\n"),
        ("### Three", "<h3>Three</h3>\n"),
    ],
)
def test_render_markdown_gives_safe_html(text, html):
    assert render_markdown(text) == html


PIECES = ("<script>", "<img src=x onerror=a>", "[a](", "javascript:x", ")", "\n", "# ", "`", "a")


@given(st.lists(st.sampled_from(PIECES)))
def test_render_markdown_never_lets_html_through(parts):
    html = str(render_markdown("".join(parts)))
    opened = {piece.split(">")[0].split()[0].strip("/") for piece in html.split("<")[1:]}
    assert opened <= TAGS
