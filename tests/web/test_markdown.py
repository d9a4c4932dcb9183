"""What organisers write, made safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.web.markdown import TAGS, dead_links, plain_text, render_markdown

A = 'rel="nofollow noopener"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("Two *words*", "<p>Two <em>words</em></p>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("[site](https://example.org)", f'<p><a href="https://example.org" {A}>site</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("![i](http://a.example/i)", f'<p>!<a href="http://a.example/i" {A}>i</a></p>'),
        ("# One\n\n## Two", "<h3>One</h3>\n<h4>Two</h4>"),
        ("### Three", "<h3>Three</h3>"),
        # What is typed is what is shown.
        ("21. Oct\n23. Oct", '<ol>\n<li value="21">Oct</li>\n<li value="23">Oct</li>\n</ol>'),
        ("01. Oct\n1) Nov", "<p>01. Oct<br>\n1) Nov</p>"),
        ("09:00 a\n10:00 b", "<p>09:00 a<br>\n10:00 b</p>"),
        ("Best wishes\n--\nAna", "<p>Best wishes<br>\n--<br>\nAna</p>"),
        ("[Note]: important", "<p>[Note]: important</p>"),
        ("&lt;b&gt;", "<p>&amp;lt;b&amp;gt;</p>"),
        ("    09:00 a", "<p>09:00 a</p>"),
        # Links lead somewhere, or are none.
        ("[Map](www.example.org)", f'<p><a href="https://www.example.org" {A}>Map</a></p>'),
        ("[x](/editions/)", f'<p><a href="https://dofc.test/editions/" {A}>x</a></p>'),
        ("[Ana](ana@example.org)", f'<p><a href="mailto:ana@example.org" {A}>Ana</a></p>'),
        ("[x](plan.pdf) [y](#z)", "<p>[x](plan.pdf) [y](#z)</p>"),
        (
            "(See https://a.org/x_y?b=1.)",
            f'<p>(See <a href="https://a.org/x_y?b=1" {A}>https://a.org/x_y?b=1</a>.)</p>',
        ),
        ("`www.a.org` a.www.b.org", "<p><code>www.a.org</code> a.www.b.org</p>"),
    ],
)
def test_render_markdown_gives_safe_html(text, html):
    assert render_markdown(text, "https://dofc.test").strip() == html


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Two *words*, **three** and `four`", "Two words, three and four"),
        ("# One\n\ntwo", "One\n\ntwo"),
        ("21. October\n23. November", "21. October\n23. November"),
        ("09:00 a\n10:00 b\n\n\n* * *\nc", "09:00 a\n10:00 b\n\n---\n\nc"),
        ("- a\n  - b\n\n    c\n- d", "- a\n  - b\n\n    c\n- d"),
        ("3. x\n\n   y\n\n7. z", "3. x\n\n   y\n\n7. z"),
        ("[Map](https://example.org/a?b=1&c=2)", "Map <https://example.org/a?b=1&c=2>"),
        ("[x](/editions/), [Ana](ana@a.org)", "x <https://dofc.test/editions/>, Ana <ana@a.org>"),
        ("<https://example.org>, www.example.org", "https://example.org, www.example.org"),
        ("[**here**](https://a.org/)", "here <https://a.org/>"),
        ("| Time | What |\n|---|---|\n| 9:00 | Doors open |", "Time  What\n9:00  Doors open"),
        ("```\na  b\n  c\n```", "a  b\n  c"),
        ("Fish & chips, <b>, &amp; and 1 < 2", "Fish & chips, <b>, &amp; and 1 < 2"),
        ("> said\n>\n> again", "> said\n>\n> again"),
    ],
)
def test_plain_text_reads_like_an_email(text, plain):
    assert plain_text(text, "https://dofc.test") == plain


def test_links_that_lead_nowhere_are_found_as_they_were_typed():
    text = "[a](plan.pdf) [b](http://x) [c](www.a.org) `[d](e)` [f](/editions/) [g](plan.pdf) [h](javascript:i)"
    assert dead_links(text) == ["plan.pdf", "http://x", "javascript:i"]


PIECES = ("<script>", "<img src=x onerror=a>", "[a](", "javascript:x", ")", "\n", "# ", "`", "a")


@given(st.lists(st.sampled_from(PIECES)))
def test_render_markdown_never_lets_html_through(parts):
    html = str(render_markdown("".join(parts)))
    opened = {piece.split(">")[0].split()[0].strip("/") for piece in html.split("<")[1:]}
    assert opened <= TAGS
