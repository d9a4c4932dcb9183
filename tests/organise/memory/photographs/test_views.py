"""Photographs, as organisers send, describe and publish them: nothing that is good is lost, nothing bad unexplained."""

import io

import pytest
from PIL import Image

from dofc_events.commands.check import faults
from dofc_events.commands.timers import run_timers
from dofc_events.memory.photographs.queries import photographs_of
from tests.support import uploads
from tests.support.factories import NOW
from tests.support.photographs import SHOWN, make_photograph, packed

KOREAN = "가나다라마바사아자차" * 30


@pytest.fixture
def address(year):
    return f"/organise/editions/{year}/memory/photographs"


@pytest.fixture
def prepare(app):
    """What the worker does."""

    def prepare() -> None:
        with app.app_context():
            while run_timers(NOW):
                pass

    return prepare


def test_good_ones_arrive_and_each_bad_one_is_named_with_its_reason(organiser, address, prepare, reading, edition):
    red = packed(Image.new("RGB", (40, 30), "red"), "JPEG")
    sent = {
        f"{KOREAN}.jpg": red,
        "moving.gif": packed(Image.new("RGB", (20, 10), "blue"), "GIF"),
        "half.jpg": packed(Image.effect_noise((200, 200), 50), "JPEG")[:3000],
        "drawing.svg": uploads.svg(),
        "bomb.png": uploads.bomb(),
        "notes.txt": b"Not a picture at all.",
        "nothing.jpg": b"",
    }
    form = organiser.get(address).form("form[data-uploads]")
    page = form.fill(files=list(sent.items()), photographer="Ана Ковач", licence="CC-BY-4.0").submit()
    assert (page.status, len(page.redirects)) == (200, 1)
    assert organiser.get(f"{address}/progress.json", checked=False).html.count('"waiting":4') == 1
    prepare()
    page = organiser.get(address)
    said = {row.select_one("strong").get_text(): row["data-refused"] for row in page.all("[data-refused]")}
    assert said == {
        "half.jpg": "broken",
        "drawing.svg": "drawing",
        "bomb.png": "too_many_pixels",
        "notes.txt": "not_a_picture",
        "nothing.jpg": "empty",
    }
    assert all(name in page.text for name in (KOREAN, "moving.gif"))
    with reading() as session:
        ready = [one for one in photographs_of(session, edition.id) if one.renditions]
        assert [(one.name[:3], one.photographer, one.licence) for one in ready] == [
            (KOREAN[:3], "Ана Ковач", "CC-BY-4.0"),
            ("mov", "Ана Ковач", "CC-BY-4.0"),
        ]
        assert faults(session) == []
    page = page.form("/clear").submit()
    assert not page.all("[data-refused]") and len(page.all("[data-photograph]")) == 2


def test_same_file_again_is_the_photograph_it_was(organiser, address, prepare):
    form = organiser.get(address).form("form[data-uploads]")
    red = packed(Image.new("RGB", (40, 30), "red"), "JPEG")
    for _twice in range(2):
        form.fill(files=[("a.jpg", red), ("b.jpg", red)]).submit()
        prepare()
    assert len(organiser.get(address).all("[data-photograph]")) == 1


def test_script_sends_one_at_a_time_and_is_told_what_became_of_it(organiser, address):
    token = organiser.get(address).form("form[data-uploads]").values["csrf_token"]
    data = {"csrf_token": token, "licence": "reserved", "files": (io.BytesIO(b"no"), "a.jpg")}
    answer = organiser.open(
        "POST", address, data=data, headers={"Accept": "application/json"}, checked=False, follow=False
    )
    assert b"This is not a photograph" in answer.data and answer.status == 200


def test_photograph_that_came_after_one_that_a_colleague_deleted_is_not_deleted_for_it(
    organiser, address, writing, reading, edition
):
    with writing() as session:
        number = make_photograph(session, edition).id
    form = organiser.get(f"{address}/{number}/delete").form()
    organiser.get(f"{address}/{number}/delete").form().submit()
    with writing() as session:
        make_photograph(session, edition)
    assert form.submit().status == 404
    with reading() as session:
        assert len(photographs_of(session, edition.id)) == 1


def test_photograph_is_published_once_it_lacks_nothing(organiser, address, writing, edition, year):
    with writing() as session:
        number = make_photograph(session, edition).id
    page = organiser.get(address)
    assert (
        "Still needed: a caption, an alternative text, confirmation that everyone recognisable has agreed." in page.text
    )
    page = organiser.post(f"{address}/{number}/publish", {"csrf_token": page.form("/cover").values["csrf_token"]})
    assert "Still needed" in page.text
    form = page.form("form.form-narrow").fill(caption="Opening", alternative="A hall", people_agreed=True)
    assert "Changes saved." in form.submit().text
    page = organiser.get(address)
    page = page.form("/publish-all").submit()
    assert "1 photograph published." in page.text
    assert "Opening" in organiser.another().get(f"/editions/{year}/photographs/").text
    form = organiser.get(f"{address}/{number}").form("form.form-narrow").fill(caption="")
    refused = form.submit()
    assert refused.status == 422 and "Still needed: a caption." in refused.text


def test_unpublished_is_gone_at_once_with_its_files(organiser, address, writing, edition, year):
    with writing() as session:
        photograph = make_photograph(session, edition, **SHOWN)
        file = f"/photographs/{photograph.largest.content_hash}.jpeg"
    visitor = organiser.another()
    assert visitor.get(file, checked=False).headers["Cache-Control"] == "private, max-age=31536000, immutable"
    organiser.get(address).form("/unpublish").submit()
    assert [visitor.get(one, checked=False).status for one in (file, f"/editions/{year}/photographs/1")] == [404, 404]
    assert organiser.get(file.replace("/photographs/", f"{address}/files/"), checked=False).status == 200


def test_whoever_deletes_what_a_colleague_has_deleted_reads_that(organiser, address, writing, edition):
    with writing() as session:
        number = make_photograph(session, edition, **SHOWN).id
    described = organiser.get(f"{address}/{number}").form("form.form-narrow").fill(caption="Closing")
    form = organiser.get(f"{address}/{number}/delete").form("/delete")
    assert "Photograph deleted." in form.submit().text
    for page in (form.submit(), described.submit()):
        assert page.status == 404 and "You or a colleague may have deleted it already." in page.text
    assert "Closing" in page.text


def test_gallery_is_put_in_order_and_has_one_cover(organiser, address, writing, edition, year):
    with writing() as session:
        ids = [make_photograph(session, edition, **(SHOWN | {"caption": c})).id for c in "abc"]
    organiser.get(f"{address}/{ids[2]}").form("form.form-narrow").fill(place="1").submit()
    for one in ids[:2]:
        page = organiser.get(address).form(f"/{one}/cover").submit()
    assert [row["data-photograph"] for row in page.all("[data-photograph]")] == [str(ids[n]) for n in (2, 0, 1)]
    assert page.text.count("· Cover") == 1
    assert organiser.get(f"/editions/{year}/").one(".hero-cover img")["alt"] == "People in a hall"


def test_delegates_who_did_not_agree_are_named_beside_the_upload(organiser, address, register):
    no, _yes = register(photo_consent=False), register(photo_consent=True)
    assert [row["data-objects"] for row in organiser.get(address).all("[data-objects]")] == [no]
