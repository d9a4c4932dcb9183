"""What may stand of a photograph in a file of the memory."""

from dofc_events.memory.photographs.rules import (
    FORMATS,
    LONGEST_ALTERNATIVE,
    LONGEST_CAPTION,
    LONGEST_NAME,
    LONGEST_PHOTOGRAPHER,
    MAX_BYTES,
    MAX_SERVED,
    WIDTHS,
    Licence,
)
from dofc_events.memory.rules import Check, content_hash, flag, many, one_of, row_of, text, whole, year

SIZE: dict[str, Check] = {
    "format": one_of(tuple(FORMATS)),
    "width": whole(1, max(WIDTHS)),
    "height": whole(1, 10_000),
    "size": whole(1, MAX_SERVED),
    "hash": content_hash,
}
FIELDS: dict[str, Check] = {
    "edition": year,
    "source": content_hash,
    "name": text(LONGEST_NAME),
    "size": whole(0, MAX_BYTES),
    "position": whole(0, 1_000_000),
    "caption": text(LONGEST_CAPTION),
    "alternative": text(LONGEST_ALTERNATIVE),
    "photographer": text(LONGEST_PHOTOGRAPHER),
    "licence": one_of([str(one) for one in Licence]),
    "people_agreed": flag,
    "is_cover": flag,
    "is_published": flag,
    "sizes": many(row_of(SIZE, *SIZE), 2 * len(WIDTHS)),
}
REQUIRED = ("edition", "source", "name", "sizes")
