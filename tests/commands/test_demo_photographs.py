"""The demonstration has pictures of its own, which a program drew."""

import json

import pytest

from dofc_events.commands.invented import PICTURES
from dofc_events.core.files import hash_of

pytestmark = pytest.mark.databases("sqlite")


def test_the_demonstration_has_a_gallery_and_a_cover(client, app):
    assert app.test_cli_runner().invoke(args=["demo"]).exit_code == 0
    home = client.get("/")
    assert home.one(".hero-cover img")["alt"].endswith("drawn in hexagons")
    page = client.get(home.link("What to expect"))
    assert len(page.all(".gallery li")) == 4
    picture = page.all(".gallery a")[0]
    assert "drawn for this demonstration" in client.get(picture["href"]).h1
    assert client.get(picture.select_one("img")["src"], checked=False).status == 200


def test_what_lies_beside_the_code_is_what_its_list_names():
    rows = json.loads((PICTURES / "photographs.json").read_text(encoding="utf-8"))
    named = {one["hash"] for row in (*rows["next"], *rows["past"]) for one in row["sizes"]}
    there = {path.name: hash_of(path.read_bytes()) for path in PICTURES.glob("*") if path.suffix != ".json"}
    assert set(there) == set(there.values()) == named
