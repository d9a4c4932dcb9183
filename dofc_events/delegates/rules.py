"""Pure decisions about delegates."""

import unicodedata


def folded(text: str) -> str:
    """Text as the search compares it: composed (NFKC) and without case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
