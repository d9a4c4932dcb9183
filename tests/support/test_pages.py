"""The client does with a form what a browser would do, and refuses what a person could not."""

import pytest
from flask import Flask, redirect, request

from tests.support.pages import Client

PAGE = """<!doctype html><html lang="en"><head><title>T</title></head><body><main><h1>H</h1>{}</main></body></html>"""
FORM = """<form method="post" action="/send">
<input type="hidden" name="csrf_token" value="t">
<label>A <input name="a" value="1"></label>
<label>B <textarea name="b">
two</textarea></label>
<label>C <select name="c"><option value="x">X</option><option value="y" selected>Y</option></select></label>
<label>D <input type="checkbox" name="d" value="yes" checked></label>
<label>E <input type="checkbox" name="e"></label>
<label><input type="checkbox" name="f" value="1" checked> 1</label>
<label><input type="checkbox" name="f" value="2" checked> 2</label>
<label>G <input name="g" value="never sent" disabled></label>
<button name="act" value="save">Save</button><button name="act" value="send">Send it</button></form>"""


@pytest.fixture
def echo() -> Client:
    app = Flask("echo")
    pages = {"/": FORM, "/thanks": "<p>Thanks.</p>", "/broken": "<h1>Two</h1>"}

    @app.get("/", defaults={"path": ""})
    @app.get("/<path>")
    def show(path):
        return PAGE.format(pages[f"/{path}"])

    @app.post("/send")
    def send():
        app.extensions["sent"] = request.form.to_dict(flat=False)
        return redirect("/thanks", int(request.args.get("code", 303)))

    return Client(app, "http://dofc.test")


def test_submit_sends_the_form_as_it_stands_on_the_page(echo):
    page = echo.get("/").form().submit()
    assert (page.url, page.status, page.text) == ("/thanks", 200, "H Thanks.")
    assert page.redirects == ["/send"]
    expected = {"csrf_token": ["t"], "a": ["1"], "b": ["two"], "c": ["y"], "d": ["yes"], "f": ["1", "2"]}
    assert echo.app.extensions["sent"] == expected | {"act": ["save"]}


def test_fill_does_what_a_person_does(echo):
    form = echo.get("http://dofc.test/").form("/send")
    form.fill({"a": "ä"}, c="x", d=False, e=True, f=["2"]).submit("Send it")
    sent = echo.app.extensions["sent"]
    assert (sent["a"], sent["c"], sent.get("d"), sent["e"], sent["f"]) == (["ä"], ["x"], None, ["on"], ["2"])
    assert sent["act"] == ["send"]


@pytest.mark.parametrize(
    "values", [{"nowhere": 1}, {"csrf_token": "x"}, {"c": "z"}, {"f": ["3"]}, {"g": "x"}, {"c": ["x", "y"]}]
)
def test_fill_refuses_what_a_person_could_not_do(echo, values):
    with pytest.raises(AssertionError):
        echo.get("/").form().fill(values)


def test_forge_sends_what_a_hostile_client_could(echo):
    echo.get("/").form().forge(csrf_token=None, c="z", f=["3", "3"]).submit("Save")
    sent = echo.app.extensions["sent"]
    assert (sent.get("csrf_token"), sent["c"], sent["f"]) == (None, ["z"], ["3", "3"])


def test_an_accepted_form_that_is_not_answered_with_303_is_noticed(echo):
    with pytest.raises(AssertionError, match="not 303"):
        echo.post("/send?code=302")


def test_a_page_with_problems_is_noticed_when_fetched(echo):
    with pytest.raises(AssertionError, match="2 h1"):
        echo.get("/broken")
    assert echo.get("/broken", checked=False).status == 200
