"""Files that people could attach: harmless ones, and ten that are out for something."""

import io
import struct
import zipfile
import zlib

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject


def pdf(writer: PdfWriter | None = None) -> bytes:
    """A PDF of one empty page, or of what a writer has."""
    writer = writer or page()
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def page() -> PdfWriter:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    return writer


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), **options) -> bytes:
    """A red picture of some format, PNG, JPEG or WEBP."""
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(written, kind, **options)
    return written.getvalue()


def photograph() -> bytes:
    """A picture that is larger than any form without a file may be."""
    written = io.BytesIO()
    Image.effect_noise((600, 600), 50).save(written, "PNG")
    return written.getvalue()


def phone_picture() -> bytes:
    """A JPEG with a second picture behind it, as telephones with two lenses write it (MPO)."""
    packed = io.BytesIO()
    first, second = (Image.new("RGB", (8, 6), colour) for colour in ("red", "blue"))
    first.save(packed, format="MPO", save_all=True, append_images=[second])
    return packed.getvalue()


def heic() -> bytes:
    """How a picture begins that a telephone saved in HEIF."""
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)


def html() -> bytes:
    return b"<!doctype html><html><body><script>alert(document.cookie)</script></body></html>"


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def encrypted_pdf() -> bytes:
    writer = page()
    writer.encrypt("secret", algorithm="RC4-128")
    return pdf(writer)


def pdf_that_runs(action: str = "/JavaScript") -> bytes:
    """A PDF that does something when it is opened."""
    writer = page()
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject("/S"): NameObject(action), NameObject("/F"): TextStringObject("cmd.exe")}
    )
    return pdf(writer)


def pdf_with_a_link(action: str, address: str, *, by_itself: bool = False) -> bytes:
    """A PDF that leads somewhere when somebody presses a link, or as soon as it is opened."""
    writer = page()
    key = "/URI" if action == "/URI" else "/F"
    leads = DictionaryObject({NameObject("/S"): NameObject(action), NameObject(key): TextStringObject(address)})
    if by_itself:
        writer.root_object[NameObject("/OpenAction")] = leads
    else:
        link = DictionaryObject({NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): leads})
        writer.pages[0][NameObject("/Annots")] = ArrayObject([link])
    return pdf(writer)


def pdf_that_runs_hidden() -> bytes:
    """As `pdf_that_runs`, in a compressed part of the file, where no search for words finds it."""
    writer = page()
    action = writer._add_object(
        DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x()")})
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject(
        [DictionaryObject({NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): action})]
    )
    return pdf(writer).replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS ", b"/J#53 ")


def pdf_with_a_file_inside() -> bytes:
    writer = page()
    writer.add_attachment("run.exe", b"MZ")
    return pdf(writer)


def pdf_and_archive() -> bytes:
    """A PDF that is a ZIP archive as well, which ends like a PDF."""
    written = io.BytesIO(pdf())
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr("run.exe", "MZ")
        archive.comment = b"\n%%EOF\n"
    return written.getvalue()


def pdf_and_html() -> bytes:
    return pdf().replace(b"%PDF-1.3\n", b"%PDF-1.3\n%<script>alert(1)</script>\n")


def png(width: int, height: int, rows: bytes, *, bits: int = 8) -> bytes:
    """A PNG in colour, of rows that each begin with the number of their filter."""
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return _png(header, zlib.compress(rows))


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of some kilobytes that unpacks to gigabytes."""
    packer = zlib.compressobj(9)
    row = b"\0" * (3 * width + 1)
    packed = b"".join(packer.compress(row) for _ in range(20)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _png(header, packed)


def _png(header: bytes, packed: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def many_scans(side: int = 200, scans: int = 100) -> bytes:
    """A progressive JPEG whose last scan, some hundred bytes, comes again and again: each unpacks the whole picture."""
    written = picture("JPEG", (side, side), progressive=True)
    last = written[written.rfind(b"\xff\xda") : -2]
    return written[:-2] + last * scans + b"\xff\xd9"


def pdf_of_blanks(megabytes: int = 70, streams: int = 4) -> bytes:
    """A PDF of some hundred kilobytes whose objects are packed with megabytes of blanks."""
    packer = zlib.compressobj(9)
    blanks = b" " * 1024 * 1024
    packed = packer.compress(b"9 0 ") + b"".join(packer.compress(blanks) for _ in range(megabytes)) + packer.flush()
    head = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d" % len(packed)
    objects = b"".join(
        b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (100 + n, head, packed) for n in range(streams)
    )
    whole = pdf()
    return whole[: whole.index(b"1 0 obj")] + objects + whole[whole.index(b"1 0 obj") :]


def pdf_of_broken_links(links: int) -> bytes:
    """A PDF that names objects which it does not have: of each, its reader says so in a line of the log."""
    whole, catalogue = pdf(), b"/Type /Catalog"
    names = b" ".join(b"%d 0 R" % (1000 + n) for n in range(links))
    return whole.replace(catalogue, catalogue + b" /X [" + names + b"]")
