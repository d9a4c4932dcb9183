"""What may stand of documents in a file of the memory."""

from dofc_events.memory.rules import FILE, Check, flag, many, row_of, year

MAX_DOCUMENTS, LONGEST_TITLE = 50, 200

DOCUMENT: dict[str, Check] = {**FILE, "is_published": flag}
FIELDS: dict[str, Check] = {"edition": year, "documents": many(row_of(DOCUMENT, *FILE), MAX_DOCUMENTS)}
REQUIRED = ("edition", "documents")
