"""What is out of place is found, and nothing else."""

import pytest

from tests.support.structure import faults_of_structure


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<ul><li>a</li></ul><p>b</p>", []),
        ("<details><summary>a</summary><p>b</p></details><svg><a><title>x</title></a></svg>", []),
        ("<p><div>a</div></p>", ["line 1: <div> in <p>"]),
        ("<ul><a href='/'>a</a></ul>", ["line 1: <a> in <ul>, which has only li script template"]),
        ("<li>a</li>", ["line 1: <li> in <body>"]),
        ("<a href='/'><button>a</button></a>", ["line 1: <button> in <a>"]),
        ("<table><tr><td>a</td></tr></table>", ["line 1: <tr> in <table>", "line 1: <tr> in <table>, which"]),
        ("<img src='a.png' alt=''>", ["line 1: <img> without width", "line 1: <img> without height"]),
        ("<td align='left'>a</td>", ["line 1: <td> in <body>", "line 1: <td> with align"]),
        ("<p id='a b'>a</p>", ["line 1: <p> with the id 'a b'"]),
    ],
)
def test_what_is_out_of_place_is_found(body, said):
    found = faults_of_structure(f"<!doctype html><html><head></head><body>{body}</body></html>")
    assert len(found) == len(said) and all(map(str.startswith, found, said))


def test_a_page_says_what_it_is():
    assert faults_of_structure("<html><body></body></html>") == ["no doctype"]
