"""What may be attached: decided by the content of a file, whatever its name."""

import io
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dofc_events.web.attachments.reading.rules import (
    ENDINGS,
    LONGEST_NAME,
    checked,
    safe_name,
)
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentFault, AttachmentRefused
from tests.support import uploads

PDF = "application/pdf"


@pytest.mark.parametrize(
    ("name", "content", "kept_as", "media_type"),
    [
        ("Letter of support.pdf", uploads.pdf(), "Letter of support.pdf", PDF),
        ("Saal.PNG", uploads.picture("PNG"), "Saal.png", "image/png"),
        ("saal.jpeg", uploads.picture("JPEG"), "saal.jpg", "image/jpeg"),
        ("saal.jpeg", uploads.picture("JPEG", progressive=True), "saal.jpg", "image/jpeg"),
        ("saal.webp", uploads.picture("WEBP"), "saal.webp", "image/webp"),
        ("IMG_0001.JPG", uploads.phone_picture(), "IMG_0001.jpg", "image/jpeg"),
        # The wrong ending: what it is counts.
        ("letter.pdf", uploads.picture("PNG"), "letter.png", "image/png"),
        ("photo.html", uploads.picture("JPEG"), "photo.html.jpg", "image/jpeg"),
        ("photo.png", uploads.pdf(), "photo.pdf", PDF),
        # A path in the name, of this system and of another.
        ("../../etc/cron.d/letter.pdf", uploads.pdf(), "letter.pdf", PDF),
        ("C:\\Users\\me\\letter.pdf", uploads.pdf(), "letter.pdf", PDF),
        # Odd Unicode: an override that shows "gpj.exe" backwards, a decomposed letter, control characters.
        ("photo\u202egpj.exe", uploads.picture("JPEG"), "photo gpj.exe.jpg", "image/jpeg"),
        ("Zu\u0308rich\x00\n.png", uploads.picture("PNG"), "Zürich.png", "image/png"),
        ("Писмо за подкрепа.pdf", uploads.pdf(), "Писмо за подкрепа.pdf", PDF),
        ("....", uploads.pdf(), "file.pdf", PDF),
    ],
)
def test_what_does_no_harm_is_taken_and_called_what_it_is(name, content, kept_as, media_type):
    file = checked(name, content)
    assert (file.name, file.media_type) == (kept_as, media_type)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("letter.pdf", uploads.html(), AttachmentFault.UNKNOWN_TYPE),
        ("IMG_0001.HEIC", uploads.heic(), AttachmentFault.HEIF),
        ("picture.png", uploads.svg(), AttachmentFault.UNKNOWN_TYPE),
        ("letter.pdf", uploads.pdf_and_html(), AttachmentFault.SOMETHING_ELSE_INSIDE),
        ("letter.pdf", uploads.pdf_and_archive(), AttachmentFault.SOMETHING_ELSE_INSIDE),
        ("letter.pdf", uploads.pdf() + b"MZ", AttachmentFault.SOMETHING_ELSE_INSIDE),
        ("picture.png", uploads.bomb(), AttachmentFault.TOO_MANY_PIXELS),
        ("picture.png", uploads.bomb(10_000, 10_000), AttachmentFault.TOO_MANY_PIXELS),
        ("picture.png", uploads.bomb(5_500, 5_500), AttachmentFault.TOO_MANY_PIXELS),
        ("picture.webp", uploads.picture("WEBP", (4_500, 4_500), lossless=True), AttachmentFault.TOO_MANY_PIXELS),
        ("picture.jpg", uploads.many_scans(), AttachmentFault.TOO_COSTLY),
        ("letter.pdf", uploads.pdf_of_blanks(), AttachmentFault.TOO_COSTLY),
        ("letter.pdf", b"", AttachmentFault.EMPTY),
        ("letter.pdf", b"%PDF-1.7\n" + bytes(3 * MAX_BYTES), AttachmentFault.TOO_LARGE),
        ("letter.pdf", uploads.encrypted_pdf(), AttachmentFault.ENCRYPTED),
        ("letter.pdf", uploads.pdf_that_runs("/JavaScript"), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_that_runs("/Launch"), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_that_runs_hidden(), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_with_a_link("/URI", r"\\host\share"), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_with_a_link("/URI", "file:///etc/passwd"), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_with_a_link("/GoToR", r"\\host\share\x.pdf"), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_with_a_link("/URI", "https://dofc.test", by_itself=True), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_with_a_link("/Whatever", "x"), AttachmentFault.ACTIVE),
        ("letter.pdf", uploads.pdf_with_a_file_inside(), AttachmentFault.CARRIES_FILES),
        ("letter.pdf", b"%PDF-1.7\nnothing else\n%%EOF\n", AttachmentFault.BROKEN),
        ("picture.gif", b"GIF89a" + bytes(40), AttachmentFault.UNKNOWN_TYPE),
        ("letter.docx", b"PK\x03\x04" + bytes(40), AttachmentFault.UNKNOWN_TYPE),
        ("picture.jpg", uploads.picture("JPEG")[:200], AttachmentFault.BROKEN),
    ],
)
def test_what_may_do_harm_is_refused_with_its_reason(name, content, reason):
    with pytest.raises(AttachmentRefused) as refused:
        checked(name, content)
    assert refused.value.reason is reason


def test_nothing_but_the_picture_is_left_of_a_picture():
    place = Image.Exif()
    place[0x010E] = "taken at home"
    hostile = uploads.picture("JPEG", exif=place, comment=b"<script>") + uploads.html()
    kept = checked("a.jpg", hostile).content
    assert b"script" not in kept and b"taken at home" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (8, 6) and not picture.getexif()


def test_a_picture_stays_upright_without_the_note_that_it_lies_on_its_side():
    lying = Image.Exif()
    lying[0x0112] = 6
    with Image.open(io.BytesIO(checked("a.jpg", uploads.picture("JPEG", exif=lying)).content)) as picture:
        assert picture.size == (6, 8)


def test_a_pdf_stays_byte_by_byte_because_it_may_be_signed():
    assert checked("a.pdf", uploads.pdf()).content == uploads.pdf()


@given(st.text(max_size=300), st.sampled_from(sorted(ENDINGS)))
def test_a_name_is_short_plain_and_ends_as_its_type(name, media_type):
    kept = safe_name(name, media_type)
    assert kept.endswith(ENDINGS[media_type])
    assert len(kept) <= LONGEST_NAME + 5
    assert not set(kept) & set('/\\<>:"|?*') and not kept.startswith(".")
    assert all(unicodedata.category(c)[0] != "C" for c in kept)
    assert safe_name(kept, media_type) == kept


@given(st.binary(max_size=400))
def test_whatever_is_sent_is_taken_or_refused(content):
    for head in (b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"):
        with suppress(AttachmentRefused):
            checked("x", head + content + (b"\n%%EOF" if head == b"%PDF-1.7\n" else b""))


@pytest.mark.parametrize("address", ["https://dofc.test/a", "http://dofc.test", "mailto:ana@dofc.test"])
def test_links_that_somebody_presses_stay(address):
    assert checked("letter.pdf", uploads.pdf_with_a_link("/URI", address)).media_type == "application/pdf"
