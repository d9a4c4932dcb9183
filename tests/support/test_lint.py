"""The page check is itself checked: a check that finds nothing wrong must have been able to."""

import pytest

from tests.support.lint import problems_of

PAGE = """<!doctype html><html lang="en"><head><title>Title</title></head><body>
<a href="#main">Skip</a><main id="main"><h1>Heading</h1>{}</main></body></html>"""
TOKEN = '<input type="hidden" name="csrf_token" value="t">'

IN_ORDER = (
    "<p>None of the places is free yet.</p>",
    f'<form method="post">{TOKEN}<label for="a">A</label><input id="a" name="a"><button>Send</button></form>',
    '<form><label>Search <input type="search" name="q"></label><button>Search</button></form>',
    '<a href="/"><img src="/logo.svg" alt="Days of Clusters"></a><br><svg><use href="#main"/></svg>',
    '<a href="/"><svg><title>Home</title></svg></a><button type="button" aria-label="Close"></button>',
    '<script type="application/json">{"a": {"b": "undefined"}}</script><input type="text" name="a" aria-label="A">',
    '<fieldset><legend>Kind</legend><label><input type="radio" name="k" value="a"> A</label></fieldset>',
)
BROKEN = (
    ("<h1>Another</h1>", "2 h1"),
    ("<p>One<p>Two</p>", "</main> in line 2 closes p"),
    ("<div></main></div>", "closes"),
    ("</p>", "</p> in line 2 closes main"),
    ('<p id="main">Twice</p>', "occurs 2 times"),
    ('<p style="color: red">Red</p>', "style= on <p>"),
    ('<button onclick="go()">Go</button>', "onclick= on <button>"),
    ("<script>go()</script>", "inline <script>"),
    ("<style>p {}</style>", "inline <style>"),
    ('<a href="javascript:go()">Go</a>', "href= on <a>"),
    ('<script src="https://cdn.example/x.js"></script>', "from elsewhere"),
    ('<link rel="stylesheet" href="//cdn.example/x.css">', "from elsewhere"),
    ('<form method="post"><button>Send</button></form>', "0 csrf_token"),
    (f'<form method="post">{TOKEN}{TOKEN}<button>Send</button></form>', "2 csrf_token"),
    ('<form action="/a"><button>A</button><form action="/b"><button>B</button></form></form>', "stands in another one"),
    (f'<form method="get">{TOKEN}<button>Send</button></form>', "puts its csrf_token into the address"),
    (f'<form method="post">{TOKEN}</form>', "no button"),
    ('<form><label>A <input name="a"></label><button type="button">Open</button></form>', "no button"),
    ('<input name="a">', "has no label"),
    ('<label for="a"></label><input id="a" name="a">', "has no label"),
    ('<label><select name="a"></select></label>', "has no label"),
    ('<label for="b">B</label>', "no such id"),
    ('<label for="b">B</label><input id="b" name="b" aria-describedby="hint">', "aria-describedby='hint'"),
    ('<a href="#nowhere">There</a>', "#nowhere"),
    ('<a href="/"></a>', "is empty"),
    ('<a href="/"><img src="/a.png" alt=""><!-- words --></a>', "is empty"),
    ("<button><svg><title> </title></svg></button>", "is empty"),
    ("<a>Here</a>", "leads nowhere"),
    ('<img src="/a.png">', "has no alt"),
    ('<p class="a" class="b">Twice</p>', "class= twice"),
    ("<p>Phone: None</p>", "printed by mistake"),
    ("<td>None</td>", "printed by mistake"),
    ("<p>undefined</p>", "printed by mistake"),
    ("<p>Hello %(name)s</p>", "printed by mistake"),
    ("<p>{{ name }}</p>", "printed by mistake"),
    ('<a href="/editions/None/">Edition</a>', "printed by mistake"),
    ('<input type="hidden" name="a" value="undefined-undefined-undefined">', "printed by mistake"),
)


@pytest.mark.parametrize("body", IN_ORDER)
def test_a_page_in_order_has_no_problems(body):
    assert problems_of(PAGE.format(body)) == []


@pytest.mark.parametrize(("body", "problem"), BROKEN)
def test_a_broken_page_is_noticed(body, problem):
    assert any(problem in said for said in problems_of(PAGE.format(body)))


@pytest.mark.parametrize(
    ("part", "problem"),
    [(' lang="en"', "no lang"), ("<title>Title</title>", "0 titles"), ("<h1>Heading</h1>", "0 h1"), ("Title", "title")],
)
def test_a_page_without_what_every_page_has_is_noticed(part, problem):
    assert any(problem in said for said in problems_of(PAGE.format("").replace(part, "")))
