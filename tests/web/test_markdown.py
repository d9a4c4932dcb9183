"""What organisers write, made safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.web.markdown import TAGS, plain_text, render_markdown


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


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Two *words*, **three** and `four`", "Two words, three and four"),
        ("# One\n\ntwo", "One\n\ntwo"),
        ("21. October\n22. November", "21. October\n22. November"),
        ("[Map](https://example.org/a?b=1&c=2)", "Map <https://example.org/a?b=1&c=2>"),
        ("<https://example.org>", "https://example.org"),
        ("| Time | What |\n|---|---|\n| 9:00 | Doors open |", "Time  What\n9:00  Doors open"),
        ("```\na  b\n  c\n```", "a  b\n  c"),
        ("Fish & chips, <b>, &amp; and 1 < 2", "Fish & chips, <b>, & and 1 < 2"),
        ("> said", "said"),
    ],
)
def test_plain_text_reads_like_an_email(text, plain):
    assert plain_text(render_markdown(text)) == plain


PIECES = ("<script>", "<img src=x onerror=a>", "[a](", "javascript:x", ")", "\n", "# ", "`", "a")


@given(st.lists(st.sampled_from(PIECES)))
def test_render_markdown_never_lets_html_through(parts):
    html = str(render_markdown("".join(parts)))
    opened = {piece.split(">")[0].split()[0].strip("/") for piece in html.split("<")[1:]}
    assert opened <= TAGS
