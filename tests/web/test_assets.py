"""Static files: small over the wire, kept for ever, ours alone."""

import gzip
import re

import brotli
import pytest

from tests.support.factories import make_edition

# Over the wire, with everything that the page loads, for a phone on a slow network.
MAX_BYTES = 100 * 1024


@pytest.fixture
def form(client, writing):
    with writing() as session:
        make_edition(session, year=2027)
    return client.get("/editions/2027/register")


def assets(page) -> list[str]:
    """Everything that a browser loads for a page."""
    tags = page.all("link[rel=stylesheet], link[rel=icon], script[src], img[src]")
    found = [str(tag.get("href") or tag.get("src")) for tag in tags]
    for address in found:
        if address.endswith(".css"):
            css = page.client.get(address).html
            found += [u for u in re.findall(r"url\([\"']?([^)\"']+)", css) if not u.startswith(("data:", "#"))]
    return found


def test_everything_that_pages_load_is_ours(client, form):
    for page in (form, client.get("/"), client.get("/sign-in"), client.get("/nowhere")):
        for address in assets(page):
            assert address.startswith("/static/"), address
            assert client.get(address).status == 200


def test_files_are_compressed_and_kept_for_ever(client, form):
    for address in assets(form):
        plain = client.get(address)
        for encoding, decompress in (("br", brotli.decompress), ("gzip", gzip.decompress)):
            answer = client.get(address, headers={"Accept-Encoding": encoding})
            assert answer.headers["Content-Encoding"] == encoding and "Accept-Encoding" in answer.headers["Vary"]
            assert decompress(answer.data) == plain.data
            assert len(answer.data) < len(plain.data)
        assert "immutable" in plain.headers["Cache-Control"]
        assert int(re.findall(r"max-age=(\d+)", plain.headers["Cache-Control"])[0]) >= 31_000_000
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", address), "the name does not change with the content"
        assert not re.search(rb"sourceMappingURL", plain.data)


def test_the_form_weighs_little_over_the_wire(client, form):
    page = len(client.get(form.url, headers={"Accept-Encoding": "gzip"}).data)
    sizes = {a: len(client.get(a, headers={"Accept-Encoding": "br"}).data) for a in set(assets(form))}
    assert page + sum(sizes.values()) < MAX_BYTES, (page, sizes)


@pytest.mark.parametrize("path", ["/static/", "/static/css/", "/static/../wsgi.py", "/static/%2e%2e/dofc.sqlite"])
def test_nothing_else_is_served(client, path):
    assert client.get(path).status == 404


@pytest.mark.databases("sqlite")
def test_the_ring_of_the_focus_does_not_look_like_an_error(form):
    """In the light and in the dark: neither in the same colour, nor a pale tone of it."""
    css = "".join(form.client.get(address).html for address in assets(form) if "/site." in address)
    colours = re.findall(r"--wrong:\s*#(\w{6}).*?--focus:\s*#(\w{6})", css, re.S)
    assert len(colours) == 2
    for wrong, focus in ([[int(hexes[i : i + 2], 16) for i in (0, 2, 4)] for hexes in pair] for pair in colours):
        # What is wrong is red; the ring has hardly any hue.
        assert wrong[0] - min(wrong) > 60 and max(focus) - min(focus) < 30
