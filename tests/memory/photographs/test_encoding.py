"""What is made of a picture: upright, in the colours that were meant, small enough, and nothing but the picture."""

import io
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from dofc_events.memory.photographs.encoding.rules import made_of
from dofc_events.memory.photographs.rules import MAX_SERVED, PictureFault, PictureRefused
from tests.support import uploads
from tests.support.photographs import HEIC, noisy, packed

# Of 2 x 1 pixels and more: red on the left, blue on the right.
RED, BLUE = (200, 30, 30), (20, 30, 200)


def two_colours(width: int = 60, height: int = 30, mode: str = "RGB") -> Image.Image:
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture.convert(mode)


def made(content: bytes) -> dict[str, Image.Image]:
    """The widest in each format."""
    return {one.format: Image.open(io.BytesIO(one.content)).convert("RGB") for one in made_of(io.BytesIO(content))}


def is_like(pixel: Any, meant: tuple[int, ...], tolerance: int = 24) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, meant, strict=True))


def with_exif(orientation: int) -> bytes:
    """As a telephone writes it: turned, with its place, its serial number, and a small picture of the whole."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0131] = orientation, "SECRETMAKER", "SECRETSOFTWARE"
    exif.get_ifd(0x8825).update({1: "N", 2: (42.0, 41.0, 51.0), 3: "E", 4: (23.0, 19.0, 19.0)})
    exif.get_ifd(0x8769)[0xA431] = "SECRETSERIAL"
    return packed(two_colours(), "JPEG", exif=exif, quality=95, comment=b"SECRETCOMMENT", dpi=(300, 300))


@pytest.mark.parametrize("name", ["avif", "jpeg"])
def test_nothing_but_the_picture_is_left_and_it_stands_upright(name):
    sent = with_exif(6)
    assert b"SECRETSERIAL" in sent and b"SECRETCOMMENT" in sent
    (one,) = [one for one in made_of(io.BytesIO(sent)) if one.format == name]
    assert b"SECRET" not in one.content and b"Exif" not in one.content.replace(b"Exif\0\0", b"", 0)[:64]
    picture: Image.Image = Image.open(io.BytesIO(one.content))
    assert dict(picture.getexif()) == {} and not {"exif", "xmp", "icc_profile", "comment"} & picture.info.keys()
    # Turned by a quarter, red is at the top.
    assert picture.size == (one.width, one.height) == (30, 60)
    picture = picture.convert("RGB")
    assert is_like(picture.getpixel((15, 10)), RED) and is_like(picture.getpixel((15, 50)), BLUE)


@pytest.mark.parametrize(
    "sent",
    [
        packed(two_colours(), "PNG"),
        packed(two_colours(mode="CMYK"), "JPEG", quality=95),
        packed(two_colours().quantize(8), "GIF", save_all=True, append_images=[Image.new("P", (60, 30))]),
        packed(two_colours(mode="RGBA"), "WEBP", lossless=True),
        packed(two_colours(), "AVIF", quality=95),
        packed(two_colours(), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 30), "white")], quality=95),
    ],
    ids=["PNG", "CMYK", "animated GIF", "WebP", "AVIF", "MPO"],
)
def test_colours_stay_whatever_the_picture_comes_as(sent):
    for picture in made(sent).values():
        assert is_like(picture.getpixel((12, 15)), RED) and is_like(picture.getpixel((48, 15)), BLUE)


def test_heic_of_a_telephone_is_a_picture():
    for picture in made(HEIC).values():
        assert picture.size == (48, 64), "as it was turned when it was taken"
        assert is_like(picture.getpixel((24, 10)), RED, 40) and is_like(picture.getpixel((24, 54)), BLUE, 40)
        assert b"SECRETMAKER" in HEIC and not picture.getexif()


def test_sixteen_bits_become_eight():
    grey = Image.frombytes("I;16", (32, 32), (40_000).to_bytes(2, "little") * 1024)
    for picture in made(packed(grey, "PNG")).values():
        assert is_like(picture.getpixel((16, 16)), (156, 156, 156), 6)
    rows = b"".join(b"\0" + b"\xc8\x00\x1e\x00\x1e\x00" * 32 for _ in range(32))
    for picture in made(uploads.png(32, 32, rows, bits=16)).values():
        assert is_like(picture.getpixel((16, 16)), RED)


def test_colours_of_another_profile_become_those_of_the_web():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    odd = packed(two_colours(), "JPEG", icc_profile=lab, quality=95)
    for picture in made(odd).values():
        assert is_like(picture.getpixel((12, 15)), RED), "a profile of other colours than the picture has is none"
    for profile in (zlib.compress(b"none at all"), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        for picture in made(packed(two_colours(), "JPEG", icc_profile=profile, quality=95)).values():
            assert is_like(picture.getpixel((12, 15)), RED)


def test_a_wide_profile_is_read(wide_profile):
    for picture in made(packed(two_colours(), "JPEG", icc_profile=wide_profile, quality=95)).values():
        pixel: Any = picture.getpixel((12, 15))
        red, green, _blue = pixel
        assert red > RED[0] + 10 and green < RED[1], "what is red in wide colours is redder on the web"


@pytest.fixture
def wide_profile() -> bytes:
    """A profile like sRGB, whose red is as red as that of Display P3: its own bytes with another first colour."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    entries = [profile[i : i + 8] for i in range(132, 132 + 12 * count, 12)]
    tags = {bytes(entry[:4]): int.from_bytes(entry[4:], "big") for entry in entries}
    xyz = b"".join(round(value * 65536).to_bytes(4, "big", signed=True) for value in (0.5151, 0.2412, -0.0011))
    profile[tags[b"rXYZ"] + 8 : tags[b"rXYZ"] + 20] = xyz
    return bytes(profile)


def test_four_widths_in_two_formats_and_none_larger_than_a_telephone_may_load():
    sizes = made_of(io.BytesIO(packed(noisy(1600, 500), "JPEG", quality=90)))
    assert {one.width for one in sizes if one.format == "avif"} == {400, 800, 1200, 1600}
    assert max(len(one.content) for one in sizes) <= MAX_SERVED
    for one in sizes:
        assert Image.open(io.BytesIO(one.content)).size == (one.width, one.height)


def test_small_and_narrow_ones_are_not_made_larger():
    assert {(one.width, one.height) for one in made_of(io.BytesIO(packed(two_colours(), "PNG")))} == {(60, 30)}
    tall = made_of(io.BytesIO(packed(Image.new("L", (500, 5000)), "PNG")))
    assert {(one.width, one.height) for one in tall} == {(240, 2400)}


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (packed(noisy(300, 200), "JPEG")[:4000], PictureFault.BROKEN),
        (b"\xff\xd8\xff" + bytes(2000), PictureFault.BROKEN),
        (HEIC[: len(HEIC) // 2], PictureFault.BROKEN),
        (uploads.heic(), PictureFault.BROKEN),
        (uploads.svg(), PictureFault.BROKEN),
        (uploads.bomb(), PictureFault.TOO_MANY_PIXELS),
        (uploads.bomb(9000, 9000), PictureFault.TOO_MANY_PIXELS),
    ],
    ids=["half a JPEG", "a header", "half a HEIC", "a HEIC header", "SVG", "bomb", "smaller bomb"],
)
def test_what_is_no_picture_is_refused(sent, fault):
    with pytest.raises(PictureRefused) as refused:
        made_of(io.BytesIO(sent))
    assert refused.value.fault is fault
